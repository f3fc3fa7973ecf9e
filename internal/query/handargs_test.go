package query

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestSplitPictures(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"beach", "IMG_1", "AC/DC/cover"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ args, pictures, tags []string }{
		{[]string{"a.jpg", "sea"}, []string{"a.jpg"}, []string{"sea"}},
		{[]string{"a.jpg", "AC/DC"}, []string{"a.jpg"}, []string{"AC/DC"}},
		{[]string{"a.jpg", "rock", "AC/DC"}, []string{"a.jpg"}, []string{"rock", "AC/DC"}},
		{[]string{"a.jpg", "beach"}, []string{"a.jpg"}, []string{"beach"}}, // though a file is called so
		{[]string{"IMG_1", "beach"}, []string{"IMG_1"}, []string{"beach"}},
		{[]string{"beach", "IMG_1", "sea"}, []string{"beach", "IMG_1"}, []string{"sea"}},
		{[]string{"a.jpg", "AC/DC/cover"}, []string{"a.jpg", "AC/DC/cover"}, nil},
		{[]string{"@0123", "/gone", "~/b", "sea"}, []string{"0123", "/gone", "~/b"}, []string{"sea"}},
		{[]string{"a.jpg", "b.jpg"}, []string{"a.jpg", "b.jpg"}, nil}, // the tag was forgotten
	} {
		pictures, tags, err := SplitPictures(c.args)
		if err != nil || !slices.Equal(pictures, c.pictures) || !slices.Equal(tags, c.tags) {
			t.Errorf("%q: pictures %q, tags %q, %v", c.args, pictures, tags, err)
		}
	}
	if _, _, err := SplitPictures([]string{"a.jpg", "sea", "b.jpg"}); err == nil {
		t.Error("a picture behind a tag is taken")
	}
}
