package index

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/sightline/sightline/internal/imaging"
)

// Stages is the processor time of a run, summed over the cores. A stage counts the
// work alone, not waiting for a disk, for a core or for another stage.
type Stages struct {
	Read   time.Duration // reading and hashing files
	Decode time.Duration
	Resize time.Duration // and normalising
	Embed  time.Duration
	Store  time.Duration // looking up and writing
	// Other is the rest of the process: walking, planning, Go's collector. With
	// several threads per call of the model, whose time cannot be told from it, it is
	// part of Embed.
	Other time.Duration
}

// Sum is the processor time of all stages.
func (s Stages) Sum() time.Duration {
	return s.Read + s.Decode + s.Resize + s.Embed + s.Store + s.Other
}

// stageTimes are Stages while they are being counted, in nanoseconds.
type stageTimes struct {
	read, decode, resize, embed, store atomic.Int64
	process, workers                   time.Duration // when the run began
}

// beginTimes begins the count of a run.
func beginTimes() stageTimes {
	return stageTimes{process: processTime(), workers: imaging.WorkersTime()}
}

// stages ends the count. shared says that calls of the model run on threads that
// nobody counted.
func (t *stageTimes) stages(shared bool) Stages {
	s := Stages{
		Read: time.Duration(t.read.Load()), Decode: time.Duration(t.decode.Load()),
		Resize: time.Duration(t.resize.Load()), Embed: time.Duration(t.embed.Load()),
		Store: time.Duration(t.store.Load()),
	}
	other := max(0, processTime()-t.process-s.Sum())
	s.Decode += max(0, imaging.WorkersTime()-t.workers) // in processes of their own
	if shared {
		s.Embed += other
	} else {
		s.Other = other
	}
	return s
}

// span is a piece of work of one stage on one thread.
type span struct {
	stage *atomic.Int64
	begin time.Duration
}

// begin starts a span and binds the goroutine to its thread, whose clock is read; end
// must follow on the same goroutine. Spans do not nest.
func begin(stage *atomic.Int64) span {
	runtime.LockOSThread()
	return span{stage, threadTime()}
}

func (s span) end() {
	s.stage.Add(int64(threadTime() - s.begin))
	runtime.UnlockOSThread()
}
