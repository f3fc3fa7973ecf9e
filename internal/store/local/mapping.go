package local

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// mapping is a vector file open for reading, up to a number of rows. It outlives
// the removal of the file by a compaction.
type mapping struct {
	vectorReader
	codes      *codeMapping // nil where there are none
	dim        int
	generation int64
	rowCount   int64
	refs       int // guarded by mappings.mu

	sumsMu  sync.Mutex  // guards what follows
	sums    sumBlocks   // those that were read
	damaged []int64     // rows whose vectors are not those that were written
	checked checkedRows // rows whose vectors are
}

// vectorReader reads rows of a vector file; see map_mmap.go and map_read.go.
type vectorReader interface {
	// rows returns rows [from, to) as a matrix that must not be written and that is
	// valid until the reader is closed or, when it had to be copied, until buf is used
	// again.
	rows(from, to int64, buf *[]float32) (vec.Matrix, error)
	// forget says that rows [from, to) will not be read again soon, so that they need
	// not stay in the process's memory.
	forget(from, to int64)
	// check reports a file that has become too short for its rows.
	check() error
	close()
}

// mappings shares the newest mapping among searches: mapping a large file anew for
// each would make every one of them fault its pages in again.
type mappings struct {
	mu      sync.Mutex
	current *mapping
	closed  bool
	// cachesFrom is how many rows without codes are too many to leave it at that.
	cachesFrom int64
	log        *slog.Logger
	opening    func() // called before a file is opened; tests compact then
}

// acquire returns a mapping of at least the given number of rows, with as many codes as
// the file codes has. The caller must release it. The error is os.ErrNotExist where the
// file is gone, because a compaction overtook the snapshot, and store.ErrDamaged where it
// is too short.
func (m *mappings) acquire(path, codes string, want header, rowCount int64) (*mapping, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, store.ErrClosed
	}
	if c := m.current; c != nil && c.generation == want.generation && c.rowCount >= rowCount && c.check() == nil && !m.codesGrew(c, codes, want) {
		c.refs++
		return c, nil
	}
	if m.opening != nil {
		m.opening()
	}
	r, err := mapVectors(path, want, rowCount)
	if err != nil {
		return nil, err
	}
	n := &mapping{vectorReader: r, dim: want.dim, generation: want.generation, rowCount: rowCount, refs: 1}
	if n.codes, err = mapCodes(codes, want, rowCount); err != nil {
		m.log.Debug("searching without codes", "error", err)
	}
	// A snapshot of an older generation gets its mapping and does not displace the
	// newer one.
	if m.current == nil || m.current.generation <= want.generation {
		m.drop(m.current)
		n.refs++
		m.current = n
	}
	return n, nil
}

// codesGrew reports whether a writer has added codes that the mapping misses. It looks
// only where they would make a difference.
func (m *mappings) codesGrew(c *mapping, path string, want header) bool {
	if c.rowCount < m.cachesFrom || c.rowCount-c.codes.covered() < m.cachesFrom/codesBehind+64 {
		return false
	}
	f, err := openRegular(path, os.O_RDONLY)
	if err != nil {
		return false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false
	}
	rows, err := readCodeHeader(f, info.Size(), want)
	return err == nil && min(rows, c.rowCount)/64*64 > c.codes.covered()
}

func (m *mappings) release(c *mapping) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(c)
}

// reset makes the next search map the files anew.
func (m *mappings) reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(m.current)
	m.current = nil
}

// close lets go of the shared mapping; those in use live until they are released.
func (m *mappings) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.drop(m.current)
	m.current = nil
}

func (m *mappings) drop(c *mapping) {
	if c == nil {
		return
	}
	if c.refs--; c.refs == 0 {
		c.vectorReader.close()
		c.codes.close()
	}
}

// check reports files that have become too short for what is mapped of them: to read there
// would end the program.
func (c *mapping) check() error {
	if err := c.vectorReader.check(); err != nil {
		return err
	}
	return c.codes.check()
}

// explainFault says what is behind a read of mapped memory that failed: a file that was cut,
// or a disk. Other errors stay as they are.
func (c *mapping) explainFault(err error) error {
	if !errors.Is(err, vec.ErrFault) {
		return err
	}
	if cut := c.check(); cut != nil {
		return cut
	}
	return fmt.Errorf("%w: %w", store.ErrIO, err)
}

// checkLength reports a file that is shorter than what is mapped of it.
func checkLength(f *os.File, mapped int64) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < mapped {
		return fmt.Errorf("%w: %s was cut from %d bytes to %d while it was in use", store.ErrDamaged, f.Name(), mapped, info.Size())
	}
	return nil
}

// openForMapping opens a vector file, checks its header and that it is as long as
// the catalogue says.
func openForMapping(path string, want header, rowCount int64) (*os.File, error) {
	f, err := openRegular(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	if err := checkForMapping(f, want, rowCount); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

func checkForMapping(f *os.File, want header, rowCount int64) error {
	if err := readHeader(f, want); err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if need := vectorOffset(want.dim, rowCount); info.Size() < need {
		return fmt.Errorf("%w: the file has %d bytes, the catalogue needs %d for %d vectors",
			store.ErrDamaged, info.Size(), need, rowCount)
	}
	return nil
}
