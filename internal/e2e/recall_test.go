package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"image"
	"image/draw"
	"image/jpeg"
	_ "image/png"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/milvus-io/milvus-sdk-go/v2/client"
	"golang.org/x/sync/errgroup"
)

// TestRecallOfIndexes prints what the approximate indexes of Milvus find of the true
// ten nearest of real text queries. It needs real pictures, tens of thousands: those in
// the folders of SIGHTLINE_BENCH_PICTURES (a list like PATH), and crops of them. What it
// makes is kept in SIGHTLINE_BENCH_DIR. Queries are the captions of the demo photos and
// the words in them.
func TestRecallOfIndexes(t *testing.T) {
	env := needEnv(t, "ten minutes", "SIGHTLINE_BENCH_DIR", "SIGHTLINE_BENCH_PICTURES")
	dir, folders := env[0], env[1]
	address := os.Getenv(milvusAddress)
	if address == "" {
		t.Fatal("no server: scripts/milvus start, and set " + milvusAddress)
	}
	const name = "sightline_recall"
	pictures := filepath.SplitList(folders)
	crops := filepath.Join(dir, "crops")
	for _, folder := range pictures {
		cropAll(t, folder, crops)
	}
	db := filepath.Join(dir, "db")
	start := time.Now()
	t.Log(ours(t, nil, 3, "indexer", append([]string{"run", "--db", db, "--collection", name, "--json", crops}, pictures...)...))
	t.Logf("indexed in %s", time.Since(start).Round(time.Second))
	queries := filepath.Join(dir, "queries.txt")
	writeQueries(t, queries)
	for _, kind := range []string{"HNSW", "IVF_SQ8"} {
		env := []string{"SIGHTLINE_MILVUS_INDEX_TYPE=" + kind}
		dropCollections(t, address, name)
		start := time.Now()
		t.Log(ours(t, env, 0, "indexer", "copy", "--db", db, "--collection", name, "--from", "local", "--to", "milvus", "--json"))
		t.Logf("copied in %s", time.Since(start).Round(time.Second))
		sealAndIndex(t, address, name)
		var report struct {
			Parameter string
			Queries   int
			Trials    []struct {
				Value  int
				Recall float64
				Median float64 `json:"median_seconds"`
			}
		}
		out := ours(t, env, -1, "search", "tune", "--store", "milvus", "--collection", name, "--queries", queries, "--recall", "1", "--dry-run", "--json")
		if err := json.Unmarshal([]byte(strings.Split(out, "\n")[0]), &report); err != nil || len(report.Trials) == 0 {
			t.Fatalf("search tune printed %v: %s", err, out)
		}
		for _, trial := range report.Trials {
			t.Logf("%-8s %s %5d  recall@10 %.4f of %d queries, median %.2f ms", kind, report.Parameter, trial.Value, trial.Recall,
				report.Queries, 1000*trial.Median)
		}
		dropCollections(t, address, name)
	}
}

// ours runs one of our programs and returns what it prints to stdout. code is what it
// exits with beside 0; -1 allows any.
func ours(t *testing.T, env []string, code int, program string, args ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), filepath.Join(programs, program), args...)
	c.Env = append(os.Environ(), env...)
	var said strings.Builder
	c.Stderr = &said
	out, err := c.Output()
	if err != nil && code != -1 && c.ProcessState.ExitCode() != code {
		t.Fatalf("%s %q: %v: %s", program, args, err, said.String())
	}
	return strings.TrimSpace(string(out))
}

// cropAll writes crops of every fifth picture of a folder into another: the more the
// larger the picture is, always the same ones.
func cropAll(t *testing.T, from, to string) {
	t.Helper()
	var work errgroup.Group
	work.SetLimit(2)
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || !slices.Contains([]string{".png", ".jpg"}, filepath.Ext(path)) {
			return err
		}
		work.Go(func() error { return crop(path, to) })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := work.Wait(); err != nil {
		t.Fatal(err)
	}
}

func crop(path, to string) error {
	sum := fnv.New64a()
	sum.Write([]byte(path))
	if sum.Sum64() > math.MaxUint64/5 {
		return nil
	}
	dir := filepath.Join(to, fmt.Sprintf("%016x", sum.Sum64()))
	if _, err := os.Stat(dir); err == nil {
		return nil // from an earlier run
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		return nil //nolint:nilerr // what cannot be decoded has no crops
	}
	b := img.Bounds()
	short := min(b.Dx(), b.Dy())
	if short < 96 {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(sum.Sum64(), 0))
	// A drawing of 500 pixels has 27, a wallpaper the most.
	for i := range min(b.Dx()*b.Dy()/9000, 120) {
		side := 64 + rng.IntN(min(short, 800)-64)
		x, y := b.Min.X+rng.IntN(b.Dx()-side+1), b.Min.Y+rng.IntN(b.Dy()-side+1)
		part := image.NewRGBA(image.Rect(0, 0, side, side))
		draw.Draw(part, part.Bounds(), image.White, image.Point{}, draw.Src)
		draw.Draw(part, part.Bounds(), img, image.Pt(x, y), draw.Over)
		if err := writeJPEG(filepath.Join(dir, fmt.Sprintf("%d.jpg", i)), part); err != nil {
			return err
		}
	}
	return nil
}

func writeJPEG(path string, img image.Image) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return jpeg.Encode(f, img, &jpeg.Options{Quality: 90})
}

// writeQueries writes the captions of the demo photos, and their longer words.
func writeQueries(t *testing.T, to string) {
	t.Helper()
	f, err := os.Open("../../demo/captions.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	queries := make(map[string]bool)
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) < 2 {
			continue
		}
		queries[fields[1]] = true
		for word := range strings.FieldsSeq(strings.ToLower(fields[1])) {
			if word = strings.Trim(word, ".,;:!?()'\""); len(word) > 3 {
				queries[word] = true
			}
		}
	}
	var text strings.Builder
	for query := range queries {
		fmt.Fprintln(&text, query)
	}
	if err := os.WriteFile(to, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// sealAndIndex lets the server finish its segments, build their indexes, and search
// these: it would search what was just written exactly.
func sealAndIndex(t *testing.T, address, name string) {
	t.Helper()
	ctx := t.Context()
	c, err := client.NewClient(ctx, client.Config{Address: address})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	collection, err := c.DescribeCollection(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Flush(ctx, collection.Name, false); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	for {
		total, indexed, err := c.GetIndexBuildProgress(ctx, collection.Name, "vector")
		if err != nil {
			t.Fatal(err)
		}
		if total > 0 && indexed >= total {
			break
		}
		time.Sleep(time.Second)
	}
	if err := c.ReleaseCollection(ctx, collection.Name); err != nil {
		t.Fatal(err)
	}
	if err := c.LoadCollection(ctx, collection.Name, false); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: indexed in %s", name, time.Since(start).Round(time.Second))
}
