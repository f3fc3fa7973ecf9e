package pagesum

import (
	"sync"

	"modernc.org/libc"
)

// Op is what SQLite asks of a file.
type Op int

// The operations that can be made to fail.
const (
	Open Op = iota
	Read
	Write
	Truncate
	Sync
	Remove
)

// Faults makes a file system fail, for tests. It is asked before each operation on a
// database, its log and its journal, from several goroutines at once.
type Faults interface {
	// Fault returns SQLite's code of the error, or 0 for none, and of a failing Write how
	// many of its bytes are written none the less.
	Fault(op Op, path string, off int64, n int) (code, part int)
}

// RegisterFaulty adds a VFS like that of Register which fails as it is told to. It stays
// for the life of the process.
func RegisterFaulty(name string, faults Faults) error {
	if err := Register(); err != nil {
		return err
	}
	return register(name, faults)
}

var (
	faultsMu sync.Mutex
	faultsOf []Faults // SQLite's memory holds no pointers of Go: numbers from 1 on
)

func addFaults(f Faults) uintptr {
	if f == nil {
		return 0
	}
	faultsMu.Lock()
	defer faultsMu.Unlock()
	faultsOf = append(faultsOf, f)
	return uintptr(len(faultsOf))
}

func (r *registered) ask(op Op, name uintptr, off int64, n int32) (code, part int) {
	if r.faults == 0 {
		return 0, 0
	}
	faultsMu.Lock()
	f := faultsOf[r.faults-1]
	faultsMu.Unlock()
	path := ""
	if name != 0 {
		path = libc.GoString(name)
	}
	return f.Fault(op, path, off, int(n))
}

func (r *registered) fault(op Op, name uintptr, off int64, n int32) int32 {
	code, _ := r.ask(op, name, off, n)
	return int32(code)
}

func (r *registered) faultyWrite(name uintptr, off int64, n int32) (code, part int32) {
	c, p := r.ask(Write, name, off, n)
	return int32(c), int32(min(max(p, 0), int(n)))
}
