package tagging

import (
	"testing"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/storetest"
	"github.com/sightline/sightline/internal/tagging/corrections"
)

// A rejected picture loses the label and gets it from no run, an approved one has it from
// every run, and a run whose corrections changed looks at all pictures again.
func TestRunsHeedCorrections(t *testing.T) {
	for _, direction := range []Direction{PerImage, PerLabel} {
		t.Run(string(direction), func(t *testing.T) {
			s := open(t, t.TempDir())
			defer s.Close()
			upsert(t, s, records(0, 300))
			copied := records(0, 1)[0] // of the first
			copied.Path, copied.ID = "/q/copy.jpg", store.ID("default", "/q/copy.jpg")
			upsert(t, s, []store.Record{copied})
			g, c := OpenRegistry(t.TempDir()), classifier(t, labels)
			o := plan(direction, 5)
			if direction == PerLabel {
				o.Count = 20
			}
			r, _ := run(t, s, g, c, o)
			has := func(path, name string) (found bool, probability float32) {
				for _, tag := range tagsOf(t, s, r.Source())[path] {
					if tag.Label == name {
						return true, tag.Probability
					}
				}
				return false, 0
			}
			var given, missing string // paths
			for i := range 300 {
				path := records(i, 1)[0].Path
				if yes, _ := has(path, "green"); yes {
					given = path
				} else {
					missing = path
				}
			}
			if given == "" || missing == "" {
				t.Fatal("the label says nothing here")
			}
			desk := corrections.NewDesk(corrections.Open(storetest.Documents{}), s, "", func() time.Time { return time.Unix(1, 0) })
			say := func(path string, v corrections.Verdict) {
				rec, err := s.Get(t.Context(), []string{store.ID("default", path)})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := desk.Say(t.Context(), "Green", &rec[0], v); err != nil {
					t.Fatal(err)
				}
			}
			say(given, corrections.Rejected)
			say(missing, corrections.Approved)
			say("/p/000000.jpg", corrections.Approved)
			if yes, _ := has(given, "green"); yes {
				t.Error("the tag is still there")
			}
			learned, err := Learn(t.Context(), s, c, desk.Book, o.MinProbability)
			if err != nil || len(learned.Labels) != 1 || learned.Labels[0].Used != 3 || learned.Verdicts.Digest() == "" {
				t.Fatalf("%+v, %v", learned, err)
			}
			o.Verdicts = learned.Verdicts
			second, looked := run(t, s, g, learned.Classifier, o)
			if second.ID != r.ID || second.Corrections == "" || direction == PerImage && looked != 301 {
				t.Errorf("run %s, then %s, which looked at %d", r.ID, second.ID, looked)
			}
			if yes, _ := has(given, "green"); yes {
				t.Error("a rejected picture got the label again")
			}
			for _, path := range []string{missing, "/p/000000.jpg", "/q/copy.jpg"} {
				if yes, p := has(path, "green"); !yes || p != 1 {
					t.Errorf("%s: %v, %v", path, yes, p)
				}
			}
			if _, looked := run(t, s, g, learned.Classifier, o); direction == PerImage && looked != 0 {
				t.Errorf("with the same corrections it looked at %d again", looked)
			}
			// Without corrections it is what it was.
			o.Verdicts = nil
			run(t, s, g, c, o)
			if yes, _ := has(given, "green"); !yes {
				t.Error("without corrections the tag is missing")
			}
		})
	}
}

func TestLearnNothing(t *testing.T) {
	s := open(t, t.TempDir())
	defer s.Close()
	upsert(t, s, records(0, 3))
	c := classifier(t, labels)
	book := corrections.Open(storetest.Documents{})
	learned, err := Learn(t.Context(), s, c, book, 0.3)
	if err != nil || learned.Classifier != c || learned.Verdicts != nil || learned.Verdicts.Digest() != "" {
		t.Errorf("%+v, %v", learned, err)
	}
	// What was said of a picture that is gone, or with a threshold for another model.
	desk := corrections.NewDesk(book, s, "", time.Now)
	gone := records(9, 1)[0]
	if _, err := desk.Say(t.Context(), "green", &gone, corrections.Approved); err != nil {
		t.Fatal(err)
	}
	if err := book.SetThreshold(t.Context(), "red", &corrections.Threshold{Probability: 0.9, Model: "another"}); err != nil {
		t.Fatal(err)
	}
	if learned, err = Learn(t.Context(), s, c, book, 0.3); err != nil {
		t.Fatal(err)
	}
	red, green := learned.Of(0), learned.Of(1)
	if red == nil || !red.StaleThreshold || red.After != 0.3 || green == nil || green.Used != 0 || green.Approved != 1 || green.After != 0.3 {
		t.Errorf("%+v, %+v", red, green)
	}
}
