package atomicfile_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/sightline/sightline/internal/atomicfile"
)

// A writer that fails leaves the old content in place.
func ExampleWrite() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "settings.txt")
	if err := atomicfile.WriteBytes(path, []byte("old")); err != nil {
		fmt.Println(err)
		return
	}
	err = atomicfile.Write(path, func(w io.Writer) error {
		if _, err := io.WriteString(w, "half of the n"); err != nil {
			return err
		}
		return errors.New("out of ideas")
	})
	fmt.Println("failed:", err != nil)
	content, err := os.ReadFile(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s\n", content)
	// Output:
	// failed: true
	// old
}
