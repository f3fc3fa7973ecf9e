package tagging_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/tagging/export"
	"github.com/sightline/sightline/internal/zeroshot"
)

// quiet is an Observer that shows nothing.
type quiet struct{}

func (quiet) Planned(int)           {}
func (quiet) Tagged(int)            {}
func (quiet) Failed(string, string) {}

// smallIndex is an index of three pictures of one colour each, in a folder.
func smallIndex(ctx context.Context, dir string, enc *cliptest.Encoder) (store.Store, error) {
	spec := enc.Spec()
	st, err := local.Open(ctx, local.Options{
		Dir: dir, Collection: "default", Mode: store.Create,
		Model: store.Model{Fingerprint: spec.Fingerprint, Name: spec.Name, Precision: spec.Precision, Pixels: "exact", Dim: spec.Dim},
	})
	if err != nil {
		return nil, err
	}
	var records []store.Record
	for _, colour := range []string{"red", "green", "blue"} {
		v, err := enc.EncodeTexts(ctx, []string{"a " + colour + " thing"})
		if err != nil {
			return nil, err
		}
		path := "/photos/" + colour + ".jpg"
		records = append(records, store.Record{ID: store.ID("default", path), Path: path, Root: "/photos", Format: "jpeg", Vector: v.Row(0)})
	}
	return st, st.Upsert(ctx, records)
}

// Tag an index with a list of labels, and take the tags back.
func ExampleTagger() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "index")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	enc := cliptest.New(32)
	st, err := smallIndex(ctx, dir, enc)
	if err != nil {
		log.Fatal(err)
	}
	defer st.Close()

	list, err := label.Parse("red,green")
	if err != nil {
		log.Fatal(err)
	}
	c, err := zeroshot.Prepare(ctx, enc, list, zeroshot.Options{})
	if err != nil {
		log.Fatal(err)
	}
	t := tagging.New(st, tagging.OpenRegistry(filepath.Join(dir, "runs")), quiet{})
	s, err := t.Tag(ctx, c, tagging.Options{Collection: "default", Direction: tagging.PerImage, Count: 1, MinProbability: 0.3})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d tags on %d of %d pictures\n", s.Run.Tags, s.Run.Tagged, s.Run.Pictures)
	for _, l := range s.Labels {
		fmt.Printf("%s: %d\n", l.Label, l.Pictures)
	}
	u, err := t.Undo(ctx, "last")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("taken back from %d pictures\n", u.Pictures)
	// Output:
	// 2 tags on 2 of 3 pictures
	// green: 1
	// red: 1
	// taken back from 2 pictures
}

// Write the tags of a run as a table, in the pass that tags.
func ExampleOutputs() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "index")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	enc := cliptest.New(32)
	st, err := smallIndex(ctx, dir, enc)
	if err != nil {
		log.Fatal(err)
	}
	defer st.Close()
	list, err := label.Parse("red")
	if err != nil {
		log.Fatal(err)
	}
	c, err := zeroshot.Prepare(ctx, enc, list, zeroshot.Options{})
	if err != nil {
		log.Fatal(err)
	}

	table := filepath.Join(dir, "tags.csv")
	o := tagging.Options{Collection: "default", Direction: tagging.PerImage, Count: 1, MinProbability: 0.3}
	o.Exports = []tagging.ExportFile{{Path: table, Format: export.CSV}}
	if _, err := tagging.New(st, tagging.OpenRegistry(filepath.Join(dir, "runs")), quiet{}).Tag(ctx, c, o); err != nil {
		log.Fatal(err)
	}
	data, err := os.ReadFile(table)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.17s\n", data[len("path,label,score,probability,id,run,model,labels,templates,time,path_base64\n"):])
	// Output: /photos/red.jpg,r
}
