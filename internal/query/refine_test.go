package query

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestRefinement(t *testing.T) {
	var r Refinement
	for _, c := range []struct{ typed, want string }{
		{"red car", "red car"},
		{"- night", "red car - night"},
		{"tag:beach", "red car - night tag:beach"},
		{"NOT people", "red car - night NOT people tag:beach"},
		{"dog", "dog"},
		{"+ snow", "dog + snow"},
		{"after:2024", "dog + snow after:2024"},
	} {
		line, _, err := r.Next(c.typed, FilterOptions{})
		if err != nil || line.Query.String() != c.want {
			t.Errorf("%q: %q, %v; want %q", c.typed, line.Query, err, c.want)
		}
	}
	if _, _, err := r.Next("+ \"open", FilterOptions{}); err == nil {
		t.Error("an open quote is fine")
	}
	if line, _, err := r.Next("+ sun", FilterOptions{}); err != nil || line.Query.String() != "dog + snow + sun after:2024" {
		t.Errorf("after an error: %v, %v", line.Query, err)
	}
}

func TestPictureTerms(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"dog.jpg", "a - b.jpg", "notes.txt", "beach", "sub/cat.png"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args     []string
		want     string
		pictures []string
	}{
		{[]string{"./dog.jpg"}, "@./dog.jpg", []string{"./dog.jpg"}},
		{[]string{"dog.jpg"}, "@dog.jpg", []string{"dog.jpg"}},
		{[]string{"sub/cat.png"}, "@sub/cat.png", []string{"sub/cat.png"}},
		{[]string{"file://" + "/tmp/x y.jpg"}, `@"/tmp/x y.jpg"`, []string{"/tmp/x y.jpg"}},
		{[]string{"./dog.jpg", "+", "snow"}, "@./dog.jpg + snow", []string{"./dog.jpg"}},
		{[]string{"./dog.jpg + snow"}, "@./dog.jpg + snow", []string{"./dog.jpg"}},
		{[]string{"2:./a - b.jpg", "-", "snow"}, `2*@"./a - b.jpg" - snow`, []string{"./a - b.jpg"}},
		{[]string{"2:./dog.jpg - snow"}, "2*@./dog.jpg - snow", []string{"./dog.jpg"}},
		{[]string{"snow - https://example.com/a.jpg"}, "snow - @https://example.com/a.jpg", []string{"https://example.com/a.jpg"}},
		{[]string{"./gone.jpg"}, "@./gone.jpg", []string{"./gone.jpg"}},
		{[]string{"gone.jpg"}, "gone.jpg", nil},
		{[]string{"beach"}, "beach", nil},
		{[]string{"notes.txt"}, "notes.txt", nil},
		{[]string{"./notes.txt"}, "@./notes.txt", []string{"./notes.txt"}},
		{[]string{`"dog.jpg"`}, `"dog.jpg"`, nil},
		{[]string{"a", "dog.jpg", "here"}, "a + @dog.jpg + here", []string{"dog.jpg"}},
		{[]string{"sub"}, "sub", nil},
		{[]string{"sub/"}, "sub/", nil},
		{[]string{"2:cat", "+", "3*dog"}, "2*cat + 3*dog", nil},
	} {
		typed, pictures := JoinArguments(c.args)
		line, err := ParseLine(typed, FilterOptions{})
		if err != nil {
			t.Errorf("%q: %v", c.args, err)
			continue
		}
		line, more := line.WithPictures()
		if pictures = append(pictures, more...); line.Query.String() != c.want || !slices.Equal(pictures, c.pictures) {
			t.Errorf("%q: %q with %q, want %q", c.args, line.Query, pictures, c.want)
		}
	}
	for typed, want := range map[string]string{"dgo.jpg": "dgo.jpg dog.jpg", "unlike-any.png": "unlike-any.png", "dog.jpg": "", "a dog": "", `"dgo.jpg"`: ""} {
		line, err := ParseLine(typed, FilterOptions{})
		name, near := line.MistypedPicture()
		if got := strings.TrimSpace(name + " " + strings.Join(near, " ")); err != nil || got != want {
			t.Errorf("%s: %q, %v", typed, got, err)
		}
	}
}
