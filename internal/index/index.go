// Package index is the pipeline from a folder of pictures to an index of
// embeddings, and the upkeep of that index.
//
// A run has five stages, joined by bounded channels:
//
//	walk -> plan -> read, hash, decode, resize -> embed -> commit
//
// The plan asks the store what it knows of each file and passes on only what is
// new or changed. Workers decode straight into the tensor of a batch; a picture
// that cannot be read never takes a slot, so it can neither shift nor stop a
// batch. A batch that has been reported as embedded is durable. What a file does
// wrong is data (store.Failure), what the store or the model does wrong ends the
// run with an error.
package index

import (
	"context"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/walk"
)

// Embedder is what the pipeline needs of a model. clip.Encoder satisfies it.
type Embedder interface {
	Spec() clip.Spec
	EncodeImages(ctx context.Context, b *clip.Batch) (vec.Matrix, error)
}

// Observer is told how a run goes. Calls come from several goroutines.
type Observer interface {
	Planned(n int)              // n more pictures must be read and embedded
	Seen(n int)                 // n more candidates were looked at
	Embedded(n int)             // n more pictures are embedded and durable
	Failed(path, reason string) // a candidate could not be indexed
	WalkDone()                  // what was planned is final
}

// Options tunes a run. The zero value is right for one machine.
type Options struct {
	Collection string // part of every record id; "" means "default"
	Walk       walk.Options
	Limits     imaging.Limits
	// Twins embeds a RAW file by the JPEG or HEIC of the same name beside it, where there
	// is one.
	Twins bool
	// SkipRAW says that Walk passes cameras' RAW files over, also those that the index has.
	SkipRAW bool
	// Workers is the number of goroutines that read and decode; 0 means one per core.
	Workers int
	// EmbedWorkers is the number of batches embedded at the same time; 0 means one
	// per core. ONNX Runtime is faster with many single-threaded calls than with one
	// call on many threads, so the two go together: see docs/benchmarks.md.
	EmbedWorkers int
	// EmbedThreads is the number of threads on which the embedder runs each call; 0
	// means 1. The pipeline only needs it to know whose time it has not counted.
	EmbedThreads int
	// BatchSize is the number of pictures in a call of the model; 0 means 8, beyond
	// which throughput no longer grows.
	BatchSize int
	// DecodedBytes bounds the memory of pictures that are decoded at the same time;
	// 0 means 512 MiB. A larger picture is still read, alone.
	DecodedBytes int64
	// Shard is the part of the files that this indexer looks after; the zero value is
	// all of them.
	Shard Shard
	// Strict makes failures of damaged files whose pictures could be shown all the same:
	// those that are read get no record, and those that are as before are reported as Failed
	// while their records stay.
	Strict bool
	// Shown is called with each picture that was decoded, before it is embedded: with the
	// SHA-256 of its file, its pixels as they are made ready for the model, and its file.
	// It may not keep them. Workers call it side by side. nil is for nobody.
	Shown func(content []byte, img *imaging.RGB, file []byte)
	// Recheck compares the content of every file with what the index knows, also where
	// size and time are as before.
	Recheck bool
	// Pruning is what becomes of records whose file is gone.
	Pruning Pruning
	// Unsettled, if set, reports whether a file is being written: the run leaves it, and
	// what the index has of it, for a later one. Where it left any, it removes nothing that
	// has vanished, which may be on its way to a place that is left.
	Unsettled func(walk.Entry) bool
}

func (o Options) withDefaults() Options {
	if o.Collection == "" {
		o.Collection = "default"
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.EmbedWorkers <= 0 {
		o.EmbedWorkers = runtime.GOMAXPROCS(0)
	}
	o.Walk.Twins = o.Twins
	if o.BatchSize <= 0 {
		o.BatchSize = 8
	}
	if o.DecodedBytes <= 0 {
		o.DecodedBytes = 512 << 20
	}
	return o
}

// Indexer brings an index up to date with the files it describes.
type Indexer struct {
	store    store.Store
	embedder Embedder
	options  Options
	observer Observer
	log      *slog.Logger
	open     opener
}

// New returns an Indexer. The caller keeps ownership of the store and the
// embedder; observer may be nil.
func New(st store.Store, e Embedder, o Options, observer Observer, log *slog.Logger) *Indexer {
	if observer == nil {
		observer = silent{}
	}
	return &Indexer{store: st, embedder: e, options: o.withDefaults(), observer: observer, log: log, open: openPicture}
}

// Report is the outcome of a run. Seen = Added + Updated + Unchanged + Moved +
// Failed + FailedBefore + Vanished, unless the run was interrupted.
type Report struct {
	Seen      int64 // candidates found
	Added     int64 // not in the index before
	Updated   int64 // content changed, embedded again; or metadata alone, and not embedded
	Unchanged int64 // as the index has them
	Moved     int64 // same content at a new path, not embedded again
	Pruned    int64 // records removed because their file is gone or excluded
	// Inherited counts pictures that took over the tags of a person from a copy that was
	// pruned: see Pruned.
	Inherited    int64
	Failed       int64  // candidates that could not be indexed in this run
	FailedBefore int64  // failed in an earlier run, unchanged since and not tried again, or still unread
	Vanished     int64  // gone between being listed and being read
	Left         int64  // being written, and left for a later run: not among those that were seen
	Embedded     int64  // pictures that went through the model
	Reused       int64  // pictures whose embedding was copied from equal content
	BrokenLinks  int64  // links that lead nowhere; neither seen nor failed
	BrokenLink   string // the first of them
	// BadIgnores are lines of ignore files that cannot be used, with path, line and reason:
	// the first of them. They are passed over.
	BadIgnores  []string
	Seconds     float64 // wall time
	Interrupted bool    // the context ended the run; all that is counted is durable
	Stages      Stages
	// Skipped is what the walk passed over.
	Skipped Skipped
	// Damaged counts those of Added and Updated that were indexed as far as their damaged
	// files go.
	Damaged int64
	// Refusals lists the roots whose vanished files were kept by the guard.
	Refusals []Refusal
}

// tally is the report while it is being counted.
type tally struct {
	seen, added, updated, unchanged, moved, pruned, failed atomic.Int64
	failedBefore, vanished, embedded, reused, damaged      atomic.Int64

	inherited int64 // of the pruning, which is one goroutine's

	brokenLinks int64 // these five are the plan's own, until it has ended
	brokenLink  string
	badIgnores  []string
	skipped     Skipped
	left        int64

	start  time.Time
	shared bool // calls of the model run on threads of their own
	times  stageTimes
}

// tally begins the account of a run.
func (x *Indexer) tally() *tally {
	return &tally{start: time.Now(), shared: x.options.EmbedThreads > 1, times: beginTimes()}
}

func (t *tally) report() Report {
	return Report{
		Seen: t.seen.Load(), Added: t.added.Load(), Updated: t.updated.Load(), Unchanged: t.unchanged.Load(),
		Moved: t.moved.Load(), Pruned: t.pruned.Load(), Inherited: t.inherited, Failed: t.failed.Load(), FailedBefore: t.failedBefore.Load(),
		Vanished: t.vanished.Load(), Left: t.left, Embedded: t.embedded.Load(), Reused: t.reused.Load(),
		BrokenLinks: t.brokenLinks, BrokenLink: t.brokenLink, BadIgnores: t.badIgnores, Skipped: t.skipped, Damaged: t.damaged.Load(),
		Seconds: time.Since(t.start).Seconds(),
		Stages:  t.times.stages(t.shared),
	}
}

// countNew counts a picture that has got a record.
func (t *tally) countNew(p picture) {
	if p.record.About.Damage != "" {
		t.damaged.Add(1)
	}
	switch {
	case p.moved:
		t.moved.Add(1)
	case p.added:
		t.added.Add(1)
	default:
		t.updated.Add(1)
	}
}

// silent is the observer of runs that nobody watches.
type silent struct{}

func (silent) Planned(int)           {}
func (silent) Seen(int)              {}
func (silent) Embedded(int)          {}
func (silent) Failed(string, string) {}
func (silent) WalkDone()             {}
