package atomicfile_test

import (
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/sightline/sightline/internal/atomicfile"
)

// A writer that fails leaves the old content.
func ExampleWrite() {
	dir, err := os.MkdirTemp("", "atomicfile")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "notes.txt")
	if err := atomicfile.WriteBytes(path, []byte("old\n")); err != nil {
		log.Fatal(err)
	}
	err = atomicfile.Write(path, func(w io.Writer) error {
		fmt.Fprintln(w, "half of the n")
		return errors.New("the disk is full")
	})
	fmt.Println("failed:", err != nil)
	content, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(content))
	// Output:
	// failed: true
	// old
}
