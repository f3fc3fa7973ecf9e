package tagging

import (
	"context"
	"errors"
	"testing"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/vec"
)

// colours embeds a file as the text that its name is.
type colours struct{}

var errNoPicture = errors.New("not a picture")

func (colours) EmbedImage(ctx context.Context, path string) (vec.Matrix, error) {
	if path == "bad" {
		return vec.Matrix{}, errNoPicture
	}
	return cliptest.New(dim).EncodeTexts(ctx, []string{path})
}

func TestClassify(t *testing.T) {
	c := classifier(t, "red,green,blue")
	want := map[string]int{"a red thing": 0, "bad": -1, "a blue thing": 2}
	n := 0
	for res, err := range Classify(t.Context(), colours{}, c, []string{"a red thing", "bad", "a blue thing"}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		if label := want[res.Path]; label < 0 {
			if !errors.Is(res.Err, errNoPicture) || res.Scores != nil {
				t.Errorf("%+v", res)
			}
		} else if res.Err != nil || len(res.Scores) != 3 || res.Scores[0].Label != label {
			t.Errorf("%+v", res)
		}
	}
	if n != 3 {
		t.Errorf("%d results", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range Classify(ctx, colours{}, c, []string{"red"}) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	}
	for range Classify(t.Context(), colours{}, c, []string{"red", "blue"}) {
		break // whoever has enough of it stops it
	}
}
