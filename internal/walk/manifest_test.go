package walk_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/sightline/sightline/internal/walk"
)

func TestManifest(t *testing.T) {
	long := strings.Repeat("x", 64<<10)
	for _, c := range []struct {
		text string
		want []string
		err  string
	}{
		{"", nil, ""},
		{"/a\n/b c\n", []string{"/a", "/b c"}, ""},
		{"/a\n\n/b", []string{"/a", "/b"}, ""},
		{" /a \n", []string{" /a "}, ""},
		{"/a\nb\x00/c\x00", []string{"/a\nb", "/c"}, ""},
		{"/\xff\x00\x00/c", []string{"/\xff", "/c"}, ""},
		{"/a\n" + long, []string{"/a"}, "path 2 is longer"},
		{long + "\n/a", nil, "path 1 is longer"},
	} {
		var got []string
		var err error
		for path, e := range walk.Manifest(iotest.OneByteReader(strings.NewReader(c.text))) {
			if err = e; err == nil {
				got = append(got, path)
			}
		}
		if !slices.Equal(got, c.want) || (err == nil) != (c.err == "") || err != nil && (!errors.Is(err, walk.ErrManifest) || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%.40q: %q, %v", c.text, got, err)
		}
	}
	for _, err := range walk.Manifest(iotest.ErrReader(errors.New("gone"))) {
		if !errors.Is(err, walk.ErrManifest) {
			t.Errorf("a reader that fails: %v", err)
		}
	}
	for path := range walk.Manifest(strings.NewReader("a\nb\n")) {
		if path == "a" {
			break
		}
		t.Error("it went on")
	}
}
