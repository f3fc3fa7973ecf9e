package walk_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/walk"
)

// Walk folders for pictures. What cannot be looked at comes as an error among the
// entries, and the walk goes on.
func Example() {
	dir, err := os.MkdirTemp("", "walk")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"a.jpg", "notes.txt", "raw/b.jpg", "2024/c.JPG"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			panic(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			panic(err)
		}
	}
	var found []string
	for e, err := range walk.Walk(context.Background(), []string{dir, filepath.Join(dir, "gone")}, walk.Options{
		KnownExtension: func(name string) bool { return strings.EqualFold(filepath.Ext(name), ".jpg") },
		Ignore:         []string{"raw/"},
	}) {
		var problem *walk.Error
		switch {
		case err == nil:
			found = append(found, filepath.Base(e.Path))
		case errors.As(err, &problem):
			fmt.Println("not there:", filepath.Base(problem.Path))
		default: // the context has ended
			panic(err)
		}
	}
	slices.Sort(found) // the order is that of the fastest way
	fmt.Println(found)
	// Output:
	// not there: gone
	// [a.jpg c.JPG]
}
