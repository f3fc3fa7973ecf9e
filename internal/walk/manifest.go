package walk

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
)

// maxListedPath bounds a path of a manifest, in bytes. No system that we know has longer ones.
const maxListedPath = 64 << 10

// ErrManifest says that a list of paths cannot be read.
var ErrManifest = errors.New("the list of paths cannot be read")

// Manifest yields the paths that a list names, as they are: one a line, or each ended by a
// NUL, where there is one in the first 64 KiB. Empty ones are passed over. An error ends it.
// Memory does not grow with the list.
func Manifest(r io.Reader) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		in := bufio.NewReaderSize(r, maxListedPath)
		head, err := in.Peek(maxListedPath)
		if err != nil && !errors.Is(err, io.EOF) {
			yield("", fmt.Errorf("%w: %w", ErrManifest, err))
			return
		}
		end := byte('\n')
		if bytes.IndexByte(head, 0) >= 0 {
			end = 0
		}
		for n := 1; ; n++ {
			path, err := in.ReadSlice(end)
			switch {
			case errors.Is(err, bufio.ErrBufferFull):
				yield("", fmt.Errorf("%w: path %d is longer than %d bytes", ErrManifest, n, maxListedPath))
				return
			case err != nil && !errors.Is(err, io.EOF):
				yield("", fmt.Errorf("%w: path %d: %w", ErrManifest, n, err))
				return
			}
			if path = bytes.TrimSuffix(path, []byte{end}); len(path) > 0 && !yield(string(path), nil) {
				return
			}
			if err != nil {
				return
			}
		}
	}
}
