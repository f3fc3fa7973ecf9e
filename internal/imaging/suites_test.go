package imaging

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// dumped is what TestDumpPixels says of one file: a line of JSON each.
type dumped struct {
	Path    string  `json:"path"`
	Format  Format  `json:"format,omitempty"`
	Width   int     `json:"width,omitempty"`
	Height  int     `json:"height,omitempty"`
	Pixels  string  `json:"pixels,omitempty"` // a file of three bytes a pixel
	Damage  string  `json:"damage,omitempty"`
	Kind    string  `json:"kind,omitempty"` // of the error
	Error   string  `json:"error,omitempty"`
	Seconds float64 `json:"seconds"`
}

// TestDumpPixels is no test but our half of scripts/reference/suites.py, which
// compares with Pillow on suites of pictures that are not kept here. It reads the
// files that are named, a line each, in the file SIGHTLINE_DUMP_LIST, and writes their
// pixels and dump.jsonl into the folder SIGHTLINE_DUMP_OUT.
func TestDumpPixels(t *testing.T) {
	list, out := os.Getenv("SIGHTLINE_DUMP_LIST"), os.Getenv("SIGHTLINE_DUMP_OUT")
	if list == "" || out == "" {
		t.Skip("run by scripts/reference/suites.py")
	}
	names, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := os.Create(filepath.Join(out, "dump.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer lines.Close()
	encoder := json.NewEncoder(lines)
	for i, name := range strings.Split(strings.TrimSpace(string(names)), "\n") {
		if err := encoder.Encode(dump(t, name, filepath.Join(out, fmt.Sprintf("%d.rgb", i)))); err != nil {
			t.Fatal(err)
		}
	}
}

func dump(t *testing.T, name, pixels string) dumped {
	d := dumped{Path: name}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	img, info, err := Decode(data, Options{Limits: Limits{MaxPixels: 100_000_000}})
	d.Seconds = time.Since(started).Seconds()
	d.Format, d.Damage = info.Format, info.Damage
	if err != nil {
		d.Error, d.Kind = err.Error(), "other"
		for kind, target := range map[string]error{
			"unknown": ErrUnknownFormat, "too large": ErrTooLarge, "damaged": ErrCorrupt, "unsupported": ErrUnsupported,
		} {
			if errors.Is(err, target) {
				d.Kind = kind
			}
		}
		return d
	}
	d.Width, d.Height, d.Pixels = img.Width, img.Height, pixels
	if err := os.WriteFile(pixels, img.Pix, 0o644); err != nil {
		t.Fatal(err)
	}
	return d
}
