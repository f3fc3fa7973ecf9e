package app

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/walk"
)

// IndexWork is what an indexing job does.
type IndexWork int

// The kinds of indexing.
const (
	Update       IndexWork = iota // index what is new or changed below the paths
	Retry                         // try again what failed before
	RebuildIndex                  // build the index for another model, then switch to it
)

// IndexRequest says what to index.
type IndexRequest struct {
	Work  IndexWork
	Paths []string    // of Update; RebuildIndex adds those that the index in use covers
	Shard index.Shard // not with RebuildIndex
	// Listed names what of Paths is looked at, if it is set: see index.RunListed. Only of
	// Update, which then prunes nothing.
	Listed  iter.Seq2[string, error]
	Strict  bool // damaged files fail, also where their pictures could be shown
	Recheck bool // read every file, also those whose size and time are as before
	Pruning index.Pruning
	Skipped func(walk.Skip) // if set, told what the walk passes over, from one goroutine
	// Folder and Unsettled are those of walk.Options and index.Options.
	Folder    func(path string)
	Unsettled func(walk.Entry) bool
}

// IndexJob is an index that is open for one run. It must be closed.
type IndexJob struct {
	env     *Env
	request IndexRequest
	options index.Options
	open    *Open
	inUse   store.Store // the index that a rebuild replaces, nil for none
}

// IndexOutcome is what a job came to.
type IndexOutcome struct {
	index.Report
	Switched bool   // a rebuilt index is the one in use now
	Strict   bool   // what failed in earlier runs is to be complained of, too
	Notice   string // what the model's licence asks to be shown; "" for nothing
}

// OpenIndexJob opens the index and the model for a run. Nothing is made where none of
// the paths exists, or where a path of a rebuild is missing.
func (e *Env) OpenIndexJob(ctx context.Context, cfg config.Config, r IndexRequest) (*IndexJob, error) {
	options, err := IndexOptions(cfg)
	if err != nil {
		return nil, err
	}
	options.Shard, options.Pruning = r.Shard, r.Pruning
	options.Recheck, options.Strict = r.Recheck, r.Strict
	options.Walk.Skipped, options.Walk.Folder, options.Unsettled = r.Skipped, r.Folder, r.Unsettled
	j := &IndexJob{env: e, request: r}
	switch r.Work {
	case RebuildIndex:
		err = j.openRebuild(ctx, cfg)
	case Retry:
		j.open, err = e.OpenIndex(ctx, cfg, store.ReadWrite, ManyFiles)
	default:
		err = j.openUpdate(ctx, cfg)
	}
	if err != nil {
		return nil, errors.Join(err, j.Close())
	}
	options.Collection = store.IDSpace(j.open.Store, cfg.Collection)
	choice := e.EmbedChoice(cfg, j.open.Encoder.Spec().Fingerprint)
	options.EmbedWorkers, options.EmbedThreads, options.BatchSize = choice.Workers, choice.Threads, choice.BatchSize
	if options.Shown, err = e.keepLooks(ctx, cfg, j.open.Store); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	j.options = options
	e.Log.Info("embedding", "at_once", choice.Workers, "threads", choice.Threads, "batch", choice.BatchSize)
	return j, nil
}

// openUpdate opens the index, or makes it. Where none of the paths exists, an index that
// is there may have to forget them, but none is made.
func (j *IndexJob) openUpdate(ctx context.Context, cfg config.Config) (err error) {
	nowhere := index.CheckRoots(j.request.Paths)
	access := store.Create
	if nowhere != nil {
		access = store.ReadWrite
	}
	j.open, err = j.env.OpenIndex(ctx, cfg, access, ManyFiles)
	if nowhere != nil && errors.Is(err, store.ErrNoIndex) {
		return nowhere
	}
	return err
}

// Run does the work. observer may be nil. That ctx ended the run early, or that files
// failed, is no error here but IndexOutcome.Err: there is an outcome to report.
func (j *IndexJob) Run(ctx context.Context, observer index.Observer) (IndexOutcome, error) {
	x := index.New(j.open.Store, j.open.Encoder, j.options, observer, j.env.Log)
	out := IndexOutcome{Notice: j.open.Encoder.Spec().Notice, Strict: j.request.Strict}
	var err error
	switch {
	case j.request.Work == Retry:
		out.Report, err = x.Retry(ctx)
	case j.request.Listed != nil:
		out.Report, err = x.RunListed(ctx, j.request.Paths, j.request.Listed)
	default:
		out.Report, err = x.Run(ctx, j.request.Paths)
	}
	if err != nil && !out.Interrupted {
		return IndexOutcome{}, err
	}
	if why := imaging.Unfenced(); why != nil {
		j.env.Log.Warn("JPEGs are decoded in this process, which a damaged one could crash", "why", why)
	}
	if j.request.Work == RebuildIndex {
		if out.Switched, err = j.switchOver(ctx); err != nil {
			return IndexOutcome{}, err
		}
	}
	return out, nil
}

// Err is what is left to complain of: that the run was interrupted, else that files
// failed.
func (o IndexOutcome) Err() error {
	failed := o.Failed
	if o.Strict {
		failed += o.FailedBefore
	}
	switch {
	case o.Interrupted:
		return fault.ErrInterrupted
	case failed > 0:
		return fault.Partialf(failed, "indexed", "indexer status --failures lists them; indexer retry tries them again")
	}
	return nil
}

// Close closes the index and the model, and ends the processes of decoders.
func (j *IndexJob) Close() error {
	imaging.EndWorkers()
	var errs []error
	if j.open != nil {
		errs = append(errs, j.open.Close())
	}
	if j.inUse != nil {
		errs = append(errs, j.inUse.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("closing the index: %w", err)
	}
	return nil
}
