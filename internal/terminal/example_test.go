package terminal_test

import (
	"fmt"

	"github.com/sightline/sightline/internal/terminal"
)

// A file name may hold what would drive a terminal.
func ExampleSafe() {
	fmt.Println(terminal.Safe("holiday\x1b[2J.jpg"))
	// Output: holiday\x1b[2J.jpg
}

// A name as it can be pasted into a shell.
func ExampleShellWord() {
	fmt.Println(terminal.ShellWord("my dog's photo.jpg"))
	// Output: 'my dog'\''s photo.jpg'
}
