package cmdline

import "fmt"

// Count writes a number with what is counted: 1 picture, 2 pictures.
func Count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
