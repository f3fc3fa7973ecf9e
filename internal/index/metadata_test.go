package index_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/imaging/metadata"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging/sidecar"
)

// sidecarOf is an XMP file with keywords, a date and a title.
func sidecarOf(date, title string, keywords ...string) []byte {
	return []byte(`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
		`<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" ` +
		`photoshop:DateCreated="` + date + `"><dc:title>` + title + `</dc:title><dc:subject><rdf:Bag><rdf:li>` +
		strings.Join(keywords, "</rdf:li><rdf:li>") + `</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>`)
}

// record is the one record of a picture.
func (w *world) record(name string) store.Record {
	w.t.Helper()
	got, err := w.store.Get(w.t.Context(), []string{store.ID("default", w.path(name))})
	if err != nil || len(got) != 1 {
		w.t.Fatalf("%s: %d records, %v", name, len(got), err)
	}
	return got[0]
}

// tagsOf lists the tags of a picture as source:label.
func (w *world) tagsOf(name string) []string {
	w.t.Helper()
	var tags []string
	for _, t := range w.record(name).Tags {
		tags = append(tags, t.Source+":"+t.Label)
	}
	slices.Sort(tags)
	return tags
}

func (w *world) wantTags(name string, want ...string) {
	w.t.Helper()
	if d := cmp.Diff(want, w.tagsOf(name)); d != "" {
		w.t.Errorf("%s: tags (-want +got):\n%s", name, d)
	}
}

func TestSidecars(t *testing.T) {
	w := newWorld(t)
	w.picture("a.png", 1)
	w.picture("b.png", 2)
	w.write("a.PNG.XMP", sidecarOf("1965-07", "Grandmother", "denmark", "skagen, beach"))
	w.want(w.run(), counts{Seen: 2, Added: 2, Embedded: 2})
	w.wantTags("a.png", "file:denmark", "file:skagen, beach")
	r := w.record("a.png")
	if want := (store.About{Date: "1965-07", DateKind: "xmp", Title: "Grandmother"}); r.About != want {
		t.Errorf("about %+v, want %+v", r.About, want)
	}
	if want := time.Date(1965, 7, 1, 0, 0, 0, 0, time.UTC); !r.TakenAt.Equal(want) {
		t.Errorf("taken at %v, want %v", r.TakenAt, want)
	}
	w.wantTags("b.png")
	if r := w.record("b.png"); !r.TakenAt.IsZero() || r.About != (store.About{}) {
		t.Errorf("a picture without metadata: %v, %+v", r.TakenAt, r.About)
	}
	w.want(w.run(), counts{Seen: 2, Unchanged: 2})

	// What people and runs added stays when the sidecar alone changes.
	for source, label := range map[string]string{"user": "mine", "run:1": "found"} {
		if err := w.store.SetTags(t.Context(), source, map[string][]store.Tag{r.ID: {{Label: label, Source: source}}}); err != nil {
			t.Fatal(err)
		}
	}
	w.write("a.PNG.XMP", sidecarOf("1965-07", "Grandmother", "norway"))
	w.want(w.run(), counts{Seen: 2, Updated: 1, Unchanged: 1})
	w.wantTags("a.png", "file:norway", "run:1:found", "user:mine")
	w.want(w.run(w.path("a.png"), w.path("b.png")), counts{Seen: 2, Unchanged: 2}) // named one by one

	// One that comes, one that goes, and one that is written again as it was.
	w.write("b.xmp", sidecarOf("2001", "", "late"))
	if err := os.Remove(w.path("a.PNG.XMP")); err != nil {
		t.Fatal(err)
	}
	w.want(w.run(), counts{Seen: 2, Updated: 2})
	w.wantTags("a.png", "run:1:found", "user:mine")
	w.wantTags("b.png", "file:late")
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(w.path("b.xmp"), later, later); err != nil {
		t.Fatal(err)
	}
	w.want(w.run(), counts{Seen: 2, Unchanged: 2})
	w.want(w.run(), counts{Seen: 2, Unchanged: 2})
}

func TestSidecarsThatCannotBeRead(t *testing.T) {
	w := newWorld(t)
	cut, _, _ := strings.Cut(string(sidecarOf("2001", "", "kept", "lost")), "lost")
	for name, content := range map[string]string{"empty": "", "text": "no XML", "cut": cut} {
		w.picture(name+".png", int(name[0]))
		w.write(name+".xmp", []byte(content))
	}
	w.want(w.run(), counts{Seen: 3, Added: 3, Embedded: 3})
	w.wantTags("text.png")
	w.wantTags("cut.png", "file:kept")
	w.want(w.run(), counts{Seen: 3, Unchanged: 3})
}

// TestOwnLabelsInSidecars writes a run's label into a sidecar: it stays that run's.
func TestOwnLabelsInSidecars(t *testing.T) {
	w := newWorld(t)
	w.picture("a.png", 1)
	w.write("a.png.xmp", sidecarOf("2001", "", "theirs"))
	w.run()
	if _, err := sidecar.Update(w.path("a.png"), "r1", []sidecar.Keyword{{Label: "ours", Parents: []string{"above"}}}); err != nil {
		t.Fatal(err)
	}
	w.want(w.run(), counts{Seen: 1, Unchanged: 1})
	w.wantTags("a.png", "file:theirs")
}

// TestSidecarMovesWithItsPicture moves one picture with its sidecar, and another without.
func TestSidecarMovesWithItsPicture(t *testing.T) {
	w := newWorld(t)
	w.picture("old/a.png", 1)
	w.picture("old/b.png", 2)
	w.write("old/a.png.xmp", sidecarOf("2001", "", "a"))
	w.write("old/b.png.xmp", sidecarOf("2001", "", "b"))
	w.picture("stays.png", 3)
	w.run()
	if err := os.Mkdir(w.path("new"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.png", "a.png.xmp", "b.png"} {
		if err := os.Rename(w.path("old/"+name), w.path("new/"+name)); err != nil {
			t.Fatal(err)
		}
	}
	w.want(w.run(), counts{Seen: 3, Moved: 2, Unchanged: 1})
	w.wantTags("new/a.png", "file:a")
	w.wantTags("new/b.png")
}

// TestStaleMetadata reads the metadata of an older version's record again, and does
// not embed the picture again.
func TestStaleMetadata(t *testing.T) {
	w := newWorld(t)
	w.picture("a.png", 1)
	w.write("a.xmp", sidecarOf("2001-02-03", "", "right"))
	w.run()
	old := w.record("a.png")
	old.MetadataStamp, old.About = store.StaleMetadata, store.About{}
	old.Tags = []store.Tag{{Label: "wrÃ¶ng", Source: "file"}, {Label: "mine", Source: "user"}}
	if err := w.store.Upsert(t.Context(), []store.Record{old}); err != nil {
		t.Fatal(err)
	}
	w.want(w.run(), counts{Seen: 1, Updated: 1})
	w.wantTags("a.png", "file:right", "user:mine")
	if r := w.record("a.png"); r.About.Date != "2001-02-03" || r.MetadataStamp == store.StaleMetadata {
		t.Errorf("%+v, stamp %d", r.About, r.MetadataStamp)
	}
	w.want(w.run(), counts{Seen: 1, Unchanged: 1})
}

// TestMetadataLimitsAreTold gives a picture more keywords than are kept.
func TestMetadataLimitsAreTold(t *testing.T) {
	w := newWorld(t)
	w.picture("a.png", 1)
	many := make([]string, metadata.MaxKeywords+88)
	for i := range many {
		many[i] = fmt.Sprint("keyword ", i)
	}
	w.write("a.png.xmp", sidecarOf("2001", "", many...))
	var log bytes.Buffer
	x := index.New(w.store, w.encoder, w.options, nil, slog.New(slog.NewTextHandler(&log, nil)))
	if _, err := x.Run(t.Context(), []string{w.photos}); err != nil {
		t.Fatal(err)
	}
	if n := len(w.record("a.png").Tags); n != metadata.MaxKeywords {
		t.Errorf("%d tags, want %d", n, metadata.MaxKeywords)
	}
	if got := log.String(); !strings.Contains(got, w.path("a.png")) || !strings.Contains(got, "88 of the keywords were left out") {
		t.Errorf("the log says nothing of it: %s", got)
	}
}
