package tagging

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"sync"

	"github.com/sightline/sightline/internal/store"
)

// done notes which pictures a run has looked at: 16 bytes each, appended batch by
// batch, the last about a picture counting. A torn end, or rubbish where a disk lost
// power, is a note about no picture.
type done struct {
	file   *os.File
	source string

	mu   sync.Mutex // pictures are looked up while others are noted
	seen map[uint64]uint64
}

const noteSize = 16

// note is what there is to know about a picture: a hash of its id, and one of its
// content whose last bit says that it got a tag. Two pictures share the first by a
// chance of 1 in 2^64 for each pair; one of them would then be tagged every time.
func note(r *store.Record, tagged bool) (id, content uint64) {
	h := fnv.New64a()
	h.Write([]byte(r.ID))
	id = h.Sum64()
	h.Write(r.ContentHash)
	if len(r.ContentHash) == 0 { // then the file's facts stand for its content
		var facts [16]byte
		binary.LittleEndian.PutUint64(facts[:8], uint64(r.Size))
		binary.LittleEndian.PutUint64(facts[8:], uint64(r.ModTime.UnixNano()))
		h.Write(facts[:])
	}
	content = h.Sum64() &^ 1
	if tagged {
		content |= 1
	}
	return id, content
}

// openDone opens the notes of a run, which may be none yet.
func (g *Registry) openDone(id string) (_ *done, err error) {
	if err := os.MkdirAll(g.dir, 0o755); err != nil {
		return nil, fmt.Errorf("open the notes of the run: %w", err)
	}
	f, err := os.OpenFile(g.path(id, ".done"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the notes of the run: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	d := &done{file: f, source: sourceOf(id), seen: make(map[uint64]uint64)}
	in := bufio.NewReaderSize(f, 1<<16)
	var b [noteSize]byte
	for {
		if _, err := io.ReadFull(in, b[:]); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("read the notes of the run: %w", err)
		}
		d.seen[binary.LittleEndian.Uint64(b[:8])] = binary.LittleEndian.Uint64(b[8:])
	}
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	whole := st.Size() / noteSize * noteSize
	if err := f.Truncate(whole); err != nil {
		return nil, err
	}
	_, err = f.Seek(whole, io.SeekStart)
	return d, err
}

// has reports whether a picture is done: its content is what it was, and it has a tag
// of the run if it got one then. A picture that was removed from the index and has
// come back has lost its tags.
func (d *done) has(r *store.Record) bool {
	tagged := len(tagsFrom(r, d.source)) > 0
	id, content := note(r, tagged)
	d.mu.Lock()
	defer d.mu.Unlock()
	was, ok := d.seen[id]
	return ok && was == content
}

// add notes those pictures of a batch that were not done, whose new tags are durable.
func (d *done) add(results []Result) error {
	buf := make([]byte, 0, noteSize*len(results))
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range results {
		if results[i].Done {
			continue
		}
		id, content := note(&results[i].Record, len(results[i].Tags) > 0)
		d.seen[id] = content
		buf = binary.LittleEndian.AppendUint64(buf, id)
		buf = binary.LittleEndian.AppendUint64(buf, content)
	}
	if _, err := d.file.Write(buf); err != nil {
		return fmt.Errorf("note what is done: %w", err)
	}
	if err := d.file.Sync(); err != nil {
		return fmt.Errorf("note what is done: %w", err)
	}
	return nil
}

func (d *done) close() error { return d.file.Close() }
