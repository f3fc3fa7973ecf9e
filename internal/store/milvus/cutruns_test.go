package milvus_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
	"github.com/sightline/sightline/internal/store/milvus/milvustest"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/transfer"
	"github.com/sightline/sightline/internal/walk"
	"github.com/sightline/sightline/internal/zeroshot"
)

// manyCuts is how many cuts the tests on a real server make: most of them in make chaos.
func manyCuts() int64 {
	if os.Getenv("SIGHTLINE_CHAOS") != "" {
		return 200
	}
	return 10
}

// Index runs, copies and tag runs whose connections are cut at random moments, after less
// and then after more bytes, come to what they come to without: nothing is lost, and nothing
// comes twice.
func TestRunsThroughCuts(t *testing.T) {
	t.Parallel()
	testRunsThroughCuts(t, milvustest.Start(t).Address, "", 10)
}

// On a real server that takes minutes.
func TestRunsThroughCutsOnStandalone(t *testing.T) {
	if os.Getenv("SIGHTLINE_CHAOS") == "" {
		t.Skip("make chaos runs it: SIGHTLINE_CHAOS is not set")
	}
	t.Parallel()
	address := standalone.address(t)
	testRunsThroughCuts(t, address, uniqueName(t, address), manyCuts())
}

func testRunsThroughCuts(t *testing.T, address, prefix string, cuts int64) {
	const pictures = 60
	photos := t.TempDir()
	for i := range pictures {
		writePicture(t, filepath.Join(photos, fmt.Sprintf("%03d.png", i)), i)
	}
	encoder := cliptest.New(32)
	spec := encoder.Spec()
	o := milvus.Options{
		Address: address, Collection: prefix + "plain", IDSpace: "cuts", Mode: store.Create, Consistency: "strong",
		Model:    store.Model{Fingerprint: spec.Fingerprint, Name: spec.Name, Dim: spec.Dim},
		RetryFor: 3 * time.Minute, CallTimeout: time.Minute,
	}
	run := func(s store.Store) {
		t.Helper()
		x := index.New(s, encoder, index.Options{
			Collection: "cuts", BatchSize: 4, Workers: 2, EmbedWorkers: 1, Walk: walk.Options{KnownExtension: imaging.KnownExtension},
		}, nil, slog.New(slog.DiscardHandler))
		r, err := x.Run(t.Context(), []string{photos})
		if err != nil || r.Added != pictures || r.Failed != 0 {
			t.Fatalf("the run: %+v, %v", r, err)
		}
	}
	list, err := label.Parse("red,green,blue,black,yellow,purple")
	if err != nil {
		t.Fatal(err)
	}
	c, err := zeroshot.Prepare(t.Context(), encoder, list, zeroshot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tag := func(s *milvus.Store) {
		t.Helper()
		tagger := tagging.New(s, tagging.OpenRegistry(t.TempDir()).In(s), noObserver{})
		sum, err := tagger.Tag(t.Context(), c, tagging.Options{Collection: "cuts", Direction: tagging.PerImage, Count: 2, MinProbability: 0.001, Retag: true})
		if err != nil || sum.Run.Pictures != pictures || sum.Run.Tags == 0 {
			t.Fatalf("the tag run: %d tags of %d pictures, %v", sum.Run.Tags, sum.Run.Pictures, err)
		}
	}
	plain := open(t, o)
	run(plain)
	tag(plain)
	var ids []string
	for r, err := range plain.Scan(t.Context(), nil, store.Fields{}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, r.ID)
	}
	if len(ids) != pictures {
		t.Fatalf("%d records without cuts", len(ids))
	}

	proxy := newCutter(t, address)
	o.Address, o.Collection = proxy.Addr().String(), prefix+"cut"
	cut := open(t, o)
	for round := 0; proxy.cuts.Load() < cuts; round++ {
		proxy.bytes.Store([]int64{10_000, 40_000, 200_000, 20_000}[round%4]) // batches shrink and grow
		if round%2 == 0 {
			run(cut)
		} else if r, err := transfer.Copy(t.Context(), plain, cut, transfer.Options{}); err != nil || r.Copied != pictures {
			t.Fatalf("the copy: %+v, %v", r, err)
		}
		tag(cut)
		proxy.bytes.Store(0)
		sameRecords(t, cut, plain)
		if t.Failed() {
			t.Fatalf("after %d cuts", proxy.cuts.Load())
		}
		if err := cut.Delete(t.Context(), ids); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d cuts", proxy.cuts.Load())
}

// noObserver hears of a tag run and says nothing.
type noObserver struct{}

func (noObserver) Planned(int)           {}
func (noObserver) Tagged(int)            {}
func (noObserver) Failed(string, string) {}
