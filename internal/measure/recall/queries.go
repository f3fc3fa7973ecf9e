package recall

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/vec"
)

// ErrQueries says that a file of queries cannot be used; the message says why.
var ErrQueries = errors.New("queries file is not usable")

// ReadQueriesFile reads the queries of a file: see ReadQueries.
func ReadQueriesFile(name string) ([]string, error) {
	// O_NONBLOCK: to open a pipe without a writer would wait for ever.
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrQueries, err)
	}
	defer f.Close()
	texts, err := ReadQueries(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return texts, nil
}

// queryBlock is how many texts are embedded at once, so that memory stays small.
const queryBlock = 64

// EmbedQueries embeds texts, a row per text.
func EmbedQueries(ctx context.Context, e clip.Encoder, texts []string) (vec.Matrix, error) {
	out := vec.NewMatrix(len(texts), e.Spec().Dim)
	for from := 0; from < len(texts); from += queryBlock {
		to := min(from+queryBlock, len(texts))
		v, err := e.EncodeTexts(ctx, texts[from:to])
		if err != nil {
			return vec.Matrix{}, fmt.Errorf("embedding %d queries: %w", to-from, err)
		}
		copy(out.Slice(from, to).Data, v.Data)
	}
	return out, nil
}

// ReadQueries reads one text query per line. Empty lines, lines that start with # and
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
