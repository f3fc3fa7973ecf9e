// Package fence runs decoders that are written in C in processes of their own, so that one that
// crashes or hangs on a file costs that file and nothing else, and one that a file has taken over
// reaches nothing.
//
// A worker is the running program once more, told by a variable of its environment to become
// one. The code in C does so before main: see internal/imaging/jpeg_worker_linux.c. Worker and
// program share a piece of memory. Small messages go over a socket: "decode what is in the
// memory", "a part of the pixels is there", "done". A worker has one job at a time and is kept for the
// next; it ends with the program, however that ends.
//
// Where the system has no such processes, or does not let us have them, ErrUnavailable says so, and
// the caller decodes in its own process.
package fence

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrUnavailable says that there is no worker to be had, wrapped with the reason. It says
// nothing about the job.
var ErrUnavailable = errors.New("no process for the decoder")

// Failure is the end of a worker that a job was too much for.
type Failure struct {
	How    string // in words, after "the decoder"
	killed bool   // by SIGKILL, which others send
}

func (f *Failure) Error() string { return "the decoder " + f.How }

// Options says how a Pool is made.
type Options struct {
	// Variable is the variable of the environment that makes the program a worker.
	Variable string
	// Name is what lists of processes show.
	Name string
	// Output is how many bytes of a result are handed over at once, a multiple of the size of a page.
	Output int
	// Most is how many workers there are at once, at most.
	Most int
	// ProcessorTime is what a job may take of it. It is counted in whole seconds.
	ProcessorTime time.Duration
	// Patience is how long a worker may have no processor time at all before it is taken to
	// hang. On a busy machine one that is sound waits, but not that long.
	Patience time.Duration
	// Check is asked of the first worker: an error says that workers are of no use here.
	Check func(do func(*Job) ([]byte, error)) error
}

// Job is a piece of work.
type Job struct {
	Input  []byte
	Params []byte // what the worker is told besides, at most 104 bytes
	Output []byte // filled by the worker
}

// Walls are what stands around a worker: what the system lets it give up.
type Walls uint32

// The walls, in the order in which they are built.
const (
	NoPrivileges Walls = 1 << iota // no program that is started has more rights (no_new_privs)
	Limits                         // of memory; no files, processes or core dumps (setrlimit)
	Landlock                       // no file can be opened
	Seccomp                        // few calls of the system are left
)

func (w Walls) String() string {
	var names []string
	for i, name := range []string{"no new privileges", "limits", "Landlock", "seccomp"} {
		if w&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// crashed is the Failure of a worker that ended by itself.
func crashed(why string, killed bool) *Failure {
	return &Failure{How: "crashed on this file (" + why + ")", killed: killed}
}

// tooSlow is the Failure of one that used up its processor time.
func tooSlow(limit time.Duration) *Failure {
	return &Failure{How: fmt.Sprintf("was not done with this file after %v of processor time", limit)}
}

// stuck is the Failure of one that does not answer and does nothing.
func stuck() *Failure {
	return &Failure{How: "hangs on this file"}
}
