package local

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local/pagesum"
)

// failFrom lets operations of some kinds fail from one on, a write after half of it.
type failFrom struct {
	ops  map[pagesum.Op]int // what each fails with
	left int
	once bool // only one fails
	mu   sync.Mutex
	hits int
}

func (f *failFrom) Fault(op pagesum.Op, _ string, _ int64, n int) (code, part int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	code, ok := f.ops[op]
	if !ok {
		return 0, 0
	}
	if f.left--; f.left >= 0 || f.once && f.left < -1 {
		return 0, 0
	}
	f.hits++
	return code, n / 2
}

var (
	fullDisk = map[pagesum.Op]int{pagesum.Write: sqlite3.SQLITE_FULL}
	badSync  = map[pagesum.Op]int{pagesum.Sync: sqlite3.SQLITE_IOERR_FSYNC}
	badWrite = map[pagesum.Op]int{pagesum.Write: sqlite3.SQLITE_IOERR_WRITE, pagesum.Truncate: sqlite3.SQLITE_IOERR_TRUNCATE}
	badRead  = map[pagesum.Op]int{pagesum.Read: sqlite3.SQLITE_IOERR_READ}
)

// TestFaultsUnderTheCatalogue lets the disk fail at each operation in turn while an index is
// opened, changed and closed. What fails is reported for what it is, what was committed is there,
// and what was not is not there by halves.
func TestFaultsUnderTheCatalogue(t *testing.T) {
	sound := t.TempDir()
	s := mustOpen(t, testOptions(sound))
	if err := s.Upsert(t.Context(), testBatch(0, 60, 1)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	step := chaosRounds(9, 1)
	if testing.Short() {
		step = 20
	}
	for name, test := range map[string]struct {
		ops  map[pagesum.Op]int
		once bool
		want error
	}{
		"full disk":      {fullDisk, false, store.ErrNoSpace},
		"a moment of it": {fullDisk, true, store.ErrNoSpace},
		"sync":           {badSync, true, store.ErrIO},
		"write":          {badWrite, false, store.ErrIO},
		"read":           {badRead, true, store.ErrIO},
		"every read":     {badRead, false, store.ErrIO},
	} {
		t.Run(name, func(t *testing.T) {
			failed := 0
			for left := 0; ; left += step {
				o := testOptions(copyIndex(t, sound))
				o.Mode = store.ReadWrite
				faults := &failFrom{ops: test.ops, left: left, once: test.once}
				remove := pagesum.Inject(faults)
				committed, err := changeAll(t, o)
				remove()
				if err != nil {
					failed++
					if !errors.Is(err, test.want) && !errors.Is(err, store.ErrIO) {
						t.Fatalf("after %d operations: %v", left, err)
					}
				}
				s := mustOpen(t, o)
				versions := checkWhole(t, s)
				for n := range 60 {
					if v := versions[n]; v < committed || v > committed+1 {
						t.Fatalf("after %d operations: record %d has version %d, committed was %d", left, n, v, committed)
					}
				}
				s.Close()
				if faults.hits == 0 {
					break // there are no more operations than that
				}
			}
			if failed == 0 {
				t.Error("nothing failed")
			}
		})
	}
}

// changeAll replaces all records by two versions more, and returns the last one that was
// committed.
func changeAll(t *testing.T, o Options) (committed int, err error) {
	committed = 1
	s, err := Open(t.Context(), o)
	if err != nil {
		return committed, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	for version := 2; version <= 3; version++ {
		if err := s.Upsert(t.Context(), testBatch(0, 60, version)); err != nil {
			return committed, err
		}
		committed = version
		if err := s.Compact(t.Context()); err != nil {
			return committed, err
		}
	}
	return committed, nil
}

// powerCuts takes copies of an index as a power cut would leave it: of what was written since
// the last sync of a file, each sector is there or not, in no order.
type powerCuts struct {
	t      *testing.T
	dir    string // of the collection
	rng    *rand.Rand
	synced map[string][]byte // content of each file at its last sync
	every  int
	wanted int
	taken  []func() // checks of the copies, which come when SQLite is not in the middle of something
	check  func(dir string) func()
	inside bool
}

const sector = 512

func (p *powerCuts) Fault(op pagesum.Op, path string, _ int64, _ int) (code, part int) {
	if p.inside || !strings.HasPrefix(path, p.dir) {
		return 0, 0
	}
	switch op {
	case pagesum.Sync:
		b, err := os.ReadFile(path)
		if err != nil {
			p.t.Error(err)
		}
		p.synced[filepath.Base(path)] = b
	case pagesum.Write, pagesum.Truncate, pagesum.Remove:
		if p.rng.IntN(p.every) == 0 {
			p.cut()
		}
	}
	return 0, 0
}

// cut makes a copy.
func (p *powerCuts) cut() {
	if len(p.taken) >= p.wanted {
		return
	}
	p.inside = true
	defer func() { p.inside = false }()
	dir := p.t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "c"), os.DirFS(p.dir)); err != nil {
		p.t.Error(err)
	}
	for _, name := range []string{catalogueName, catalogueName + "-wal", catalogueName + "-journal"} {
		path := filepath.Join(dir, "c", name)
		now, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if err := os.WriteFile(path, mixed(p.rng, p.synced[name], now), 0o644); err != nil {
			p.t.Error(err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "c", catalogueName+"-shm")); err != nil && !errors.Is(err, os.ErrNotExist) {
		p.t.Error(err)
	}
	p.taken = append(p.taken, p.check(dir))
}

// mixed is a file of which some sectors are new and some are as they were.
func mixed(rng *rand.Rand, old, now []byte) []byte {
	size := len(now)
	if len(now) > len(old) {
		size = len(old) + rng.IntN(len(now)-len(old)+1)
	}
	out := bytes.Clone(now[:size])
	keep := rng.IntN(5) // some cuts lose nearly all, some nearly nothing
	for at := 0; at < size; at += sector {
		if rng.IntN(4) < keep {
			continue
		}
		lost := out[at:min(at+sector, size)]
		clear(lost)
		if at < len(old) {
			copy(lost, old[at:])
		}
	}
	return out
}

// TestPowerCutsUnderTheCatalogue cuts the power at random writes of SQLite, with torn and
// reordered writes. Whatever was committed is there and whole.
func TestPowerCutsUnderTheCatalogue(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	o := testOptions(t.TempDir())
	s := mustOpen(t, o)
	if err := s.Upsert(t.Context(), testBatch(0, 40, 1)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	path := filepath.Join(o.Dir, "c")
	whole, err := os.ReadFile(filepath.Join(path, catalogueName))
	if err != nil {
		t.Fatal(err)
	}
	committed := 1
	cuts := &powerCuts{
		t: t, dir: path, rng: rand.New(rand.NewPCG(seed, 3)), every: 7, wanted: chaosRounds(40, 1500),
		synced: map[string][]byte{catalogueName: whole},
	}
	cuts.check = func(dir string) func() {
		before := committed
		return func() {
			after := testOptions(dir)
			after.Mode = store.ReadWrite
			s, err := Open(t.Context(), after)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			versions := checkWhole(t, s)
			for n, v := range versions {
				if v != versions[0] || v != before && v != before+1 || len(versions) != 40 {
					t.Fatalf("record %d has version %d, record 0 %d, committed was %d", n, v, versions[0], before)
				}
			}
		}
	}
	remove := pagesum.Inject(cuts)
	for len(cuts.taken) < cuts.wanted {
		o.Mode = store.ReadWrite
		s := mustOpen(t, o)
		for range 3 {
			if err := s.Upsert(t.Context(), testBatch(0, 40, committed+1)); err != nil {
				t.Fatal(err)
			}
			committed++
		}
		s.Close() // folds the log in
	}
	remove()
	for _, check := range cuts.taken {
		check()
	}
}
