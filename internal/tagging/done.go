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

// done notes which pictures a run has looked at: 8 bytes each, appended batch by
// batch. A picture is known by its id and its content, so that one that has changed
// is new. A torn end, or rubbish where a disk lost power, is a key of no picture.
type done struct {
	file *os.File

	mu   sync.Mutex // pictures are looked up while others are noted
	seen map[uint64]struct{}
}

const keySize = 8

// keyOf is the key of a picture. Two pictures share one by a chance of 1 in 2^64 for
// each pair; the second would then not be tagged.
func keyOf(r *store.Record) uint64 {
	h := fnv.New64a()
	h.Write([]byte(r.ID))
	h.Write(r.ContentHash)
	if len(r.ContentHash) == 0 { // then the file's facts stand for its content
		var facts [16]byte
		binary.LittleEndian.PutUint64(facts[:8], uint64(r.Size))
		binary.LittleEndian.PutUint64(facts[8:], uint64(r.ModTime.UnixNano()))
		h.Write(facts[:])
	}
	return h.Sum64()
}

// openDone opens the notes of a run, which may be none yet.
func (g *Registry) openDone(id string) (_ *done, err error) {
	f, err := os.OpenFile(g.path(id, ".done"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the notes of the run: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	d := &done{file: f, seen: make(map[uint64]struct{})}
	in := bufio.NewReaderSize(f, 1<<16)
	var key [keySize]byte
	for {
		if _, err := io.ReadFull(in, key[:]); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("read the notes of the run: %w", err)
		}
		d.seen[binary.LittleEndian.Uint64(key[:])] = struct{}{}
	}
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	whole := st.Size() / keySize * keySize
	if err := f.Truncate(whole); err != nil {
		return nil, err
	}
	_, err = f.Seek(whole, io.SeekStart)
	return d, err
}

func (d *done) has(r *store.Record) bool {
	key := keyOf(r)
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.seen[key]
	return ok
}

// add notes pictures whose tags are durable.
func (d *done) add(records []store.Record) error {
	buf := make([]byte, 0, keySize*len(records))
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range records {
		key := keyOf(&records[i])
		d.seen[key] = struct{}{}
		buf = binary.LittleEndian.AppendUint64(buf, key)
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
