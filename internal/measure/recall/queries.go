package recall

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrQueries says that a file of queries cannot be used; the message says why.
var ErrQueries = errors.New("queries file is not usable")

// ReadQueries reads one text query a line. Empty lines, lines that start with # and
// repeated queries are passed over.
func ReadQueries(r io.Reader) ([]string, error) {
	var out []string
	seen := make(map[string]bool)
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		text := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if text == "" || strings.HasPrefix(text, "#") || seen[text] {
			continue
		}
		seen[text] = true
		out = append(out, text)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrQueries, err)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: it holds no queries", ErrQueries)
	}
	return out, nil
}
