package vec

import (
	"errors"
	"runtime"
	"runtime/debug"
)

// ErrFault says that memory which should have been there could not be read: a file that is
// mapped was cut, or its disk failed.
var ErrFault = errors.New("a mapped file could not be read")

// CatchFault calls f and turns a read of mapped memory that fails on this goroutine into
// ErrFault, where it would otherwise end the program. Other panics go on. Code in C is not
// covered.
func CatchFault(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch r := recover().(type) {
		case nil:
		case interface {
			runtime.Error
			Addr() uintptr // that only an unexpected fault has
		}:
			err = ErrFault
		default:
			panic(r)
		}
	}()
	return f()
}
