package pagesum

import (
	"sync/atomic"

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

// Inject makes every database that is opened from now on, with its log and its journal, fail
// as it is told to, until remove is called. It is for tests: one at a time.
func Inject(f Faults) (remove func()) {
	injected.Store(&f)
	return func() { injected.Store(nil) }
}

// injected is nil but in tests. SQLite calls us with nothing of ours but a file.
var injected atomic.Pointer[Faults]

func isInjected() bool { return injected.Load() != nil }

func ask(op Op, name uintptr, off int64, n int32) (code, part int) {
	f := injected.Load()
	if f == nil {
		return 0, 0
	}
	path := ""
	if name != 0 {
		path = libc.GoString(name)
	}
	return (*f).Fault(op, path, off, int(n))
}

func fault(op Op, name uintptr, off int64, n int32) int32 {
	code, _ := ask(op, name, off, n)
	return int32(code)
}

func faultyWrite(name uintptr, off int64, n int32) (code, part int32) {
	c, p := ask(Write, name, off, n)
	return int32(c), int32(min(max(p, 0), int(n)))
}
