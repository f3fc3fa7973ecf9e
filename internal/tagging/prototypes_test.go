package tagging

import (
	"errors"
	"testing"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/zeroshot"
)

// A saved label gets the pictures that are like those it was made of, and few others.
func TestSavedLabels(t *testing.T) {
	s := open(t, t.TempDir())
	defer s.Close()
	recs := records(0, 400)
	var like []string
	mean := make([]float32, dim)
	for i := range 12 { // twelve that are alike
		for j := range recs[i].Vector {
			recs[i].Vector[j] *= 0.5
		}
		recs[i].Vector[2] += 1.5
		if err := vec.Normalize(recs[i].Vector); err != nil {
			t.Fatal(err)
		}
		if i < 4 {
			like = append(like, recs[i].ID)
			for j, x := range recs[i].Vector {
				mean[j] += x
			}
		}
	}
	if err := vec.Normalize(mean); err != nil {
		t.Fatal(err)
	}
	upsert(t, s, recs)
	list, err := label.Parse("red,#holiday")
	if err != nil {
		t.Fatal(err)
	}
	for name, l := range map[string]SavedLabel{"of four": {mean, like}, "of pictures that are gone": {mean, []string{"gone", "too"}}, "of one": {mean, like[:1]}} {
		resolved, prototypes, err := ResolveSaved(t.Context(), s, list, func(name string) (SavedLabel, error) {
			if name != "holiday" {
				t.Errorf("asks for %q", name)
			}
			return l, nil
		})
		if err != nil || resolved.Labels[1].Name != "holiday" || len(prototypes) != 1 {
			t.Fatalf("%s: %+v, %v", name, resolved, err)
		}
		c, err := zeroshot.Prepare(t.Context(), cliptest.New(dim), resolved, zeroshot.Options{Prototypes: prototypes})
		if err != nil {
			t.Fatal(err)
		}
		right, wrong := 0, 0
		for r, err := range TagImages(t.Context(), s, c, WalkOptions{Top: 5, MinProbability: 0.3}) {
			if err != nil {
				t.Fatal(err)
			}
			for _, tag := range r.Tags {
				if tag.Label != "holiday" {
					continue
				}
				if r.Record.Path < recs[12].Path {
					right++
				} else {
					wrong++
				}
			}
		}
		if right < 8 || wrong > 4 {
			t.Errorf("%s: %d right, %d wrong", name, right, wrong)
		}
	}
	broken := errors.New("broken")
	if _, _, err := ResolveSaved(t.Context(), s, list, func(string) (SavedLabel, error) { return SavedLabel{}, broken }); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	plain, err := label.Parse("red,# 1,#1")
	if err != nil {
		t.Fatal(err)
	}
	if same, prototypes, err := ResolveSaved(t.Context(), s, plain, nil); same != plain || prototypes != nil || err != nil {
		t.Errorf("a list of words: %v, %v", prototypes, err)
	}
	twice, err := label.Parse("holiday,#holiday")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := ResolveSaved(t.Context(), s, twice, func(string) (SavedLabel, error) { return SavedLabel{Vector: mean}, nil }); !errors.Is(err, label.ErrInvalid) {
		t.Errorf("two labels of one name: %v", err)
	}
}
