package ort_test

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/ort"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/vec"
)

// TestColourMoves measures how far a colour space moves an embedding, with its profile
// and without, on the files that scripts/reference/colour.py makes. docs/design.md
// has the figures.
func TestColourMoves(t *testing.T) {
	dir := os.Getenv("SIGHTLINE_COLOUR_DIR")
	if dir == "" {
		t.Skip("SIGHTLINE_COLOUR_DIR names no files of scripts/reference/colour.py")
	}
	e := open(t, starter, "", ort.Options{})
	embed := func(file string, colour imaging.Colour) []float32 {
		pre := e.Spec().Preprocess
		b := clip.NewBatch(1, pre)
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		img, _, err := imaging.Decode(data, imaging.Options{Mode: pre.Mode, ShortSide: pre.ShortSide(), Colour: colour})
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if err := clip.NewPreparer(pre).Into(img, b.Slot(0)); err != nil {
			t.Fatal(err)
		}
		b.SetLen(1)
		m, err := e.EncodeImages(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		return m.Data
	}
	files, err := filepath.Glob(filepath.Join(dir, "srgb", "*.jpg"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in %s/srgb: %v", dir, err)
	}
	var base [][]float32
	for _, f := range files {
		base = append(base, embed(f, imaging.ColourIgnore))
	}
	for _, space := range []string{"srgb", "display-p3", "adobe-rgb", "prophoto", "rec2020", "cmyk"} {
		for _, colour := range []imaging.Colour{imaging.ColourIgnore, imaging.ColourSRGB} {
			var cosines []float32
			for i, f := range files {
				cosines = append(cosines, vec.Dot(base[i], embed(filepath.Join(dir, space, filepath.Base(f)), colour)))
			}
			slices.SortFunc(cosines, cmp.Compare)
			t.Logf("%-10s %-6s median %.4f least %.4f", space, colour, cosines[len(cosines)/2], cosines[0])
			if colour == imaging.ColourSRGB && cosines[len(cosines)/2] < 0.99 {
				t.Errorf("%s: converted and still elsewhere", space)
			}
		}
	}
}
