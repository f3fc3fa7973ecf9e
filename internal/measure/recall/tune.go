package recall

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// Errors of Tune that callers tell apart with errors.Is.
var (
	ErrNothingToTune = errors.New("there is nothing to tune")
	ErrNotReached    = errors.New("the recall that was asked for is not reached")
	ErrTooFew        = errors.New("too little was measured to keep it")
)

// Options say what to tune for.
type Options struct {
	K      int     // hits per query
	Target float64 // share of the true nearest, averaged over the queries
	// Observer is told of each trial as it is done; nil for nobody.
	Observer func(Trial)
}

// Trial is one value of the parameter and what it comes to.
type Trial struct {
	Value  int
	Recall float64
	// Median is the time that half of the searches stay below, one query at a time.
	Median time.Duration
}

// Result is the outcome of Tune.
type Result struct {
	K         int    // hits that it was tuned for
	Pictures  int64  // that there were
	Parameter string // "ef", "nprobe" or "search_list"
	Queries   int
	Trials    []Trial // in the order of their values
	Best      Trial   // the cheapest that reaches the target, or else the best
}

// Tune finds the cheapest value of the index's search parameter at which searches
// for queries find the wanted share of the true nearest. Values are tried from the
// cheapest upwards, until one is enough. The store goes on with the parameters that
// it had: saving the outcome is the caller's.
//
// Where no value reaches the target the error is ErrNotReached, with the Result.
func Tune(ctx context.Context, st store.Store, queries vec.Matrix, o Options) (Result, error) {
	t, ok := store.As[store.Tunable](st)
	if !ok {
		return Result{}, fmt.Errorf("%w: every search of this store is exact", ErrNothingToTune)
	}
	parameter, values := t.SearchParameters(o.K)
	if len(values) == 0 {
		return Result{}, fmt.Errorf("%w: this kind of index has no search parameter", ErrNothingToTune)
	}
	q := store.Query{Vectors: queries, K: o.K, MinScore: -1}
	exact, err := store.SearchExact(ctx, st, q)
	if err != nil {
		return Result{}, fmt.Errorf("searching exactly: %w", err)
	}
	pictures, err := st.Count(ctx, nil)
	if err != nil {
		return Result{}, err
	}
	r := Result{K: o.K, Parameter: parameter, Queries: queries.Rows, Pictures: pictures}
	for _, value := range values {
		trial, err := try(ctx, t, q, value, exact)
		if err != nil {
			return r, fmt.Errorf("searching with %s %d: %w", parameter, value, err)
		}
		r.Trials = append(r.Trials, trial)
		if o.Observer != nil {
			o.Observer(trial)
		}
		if len(r.Trials) == 1 || trial.Recall > r.Best.Recall {
			r.Best = trial
		}
		if trial.Recall >= o.Target {
			r.Best = trial
			return r, nil
		}
	}
	return r, fmt.Errorf("%w: %s %d comes to %.4f, not %.4f", ErrNotReached, parameter, r.Best.Value, r.Best.Recall, o.Target)
}

// What a value must have been measured on to be kept. Below some thousands of pictures
// servers search without an index, or look at most of them, so that the smallest value
// finds all; and twenty queries are the least whose mean says something of others.
const (
	minPictures = 5000
	minQueries  = 20
)

// Keep keeps what Tune found with the index, for everybody's searches of as many hits. The
// error is ErrTooFew where it was measured on too little to be true for others.
func Keep(ctx context.Context, st store.Store, r Result) error {
	t, ok := store.As[store.Tunable](st)
	if !ok {
		return fmt.Errorf("%w: every search of this store is exact", ErrNothingToTune)
	}
	if r.Pictures < minPictures || r.Queries < minQueries {
		return fmt.Errorf("%w: %d pictures and %d queries show nothing of an approximate index; it takes %d and %d",
			ErrTooFew, r.Pictures, r.Queries, minPictures, minQueries)
	}
	if err := t.SetSearchParameter(ctx, r.K, r.Best.Value, r.Best.Recall); err != nil {
		return fmt.Errorf("keeping %s %d: %w", r.Parameter, r.Best.Value, err)
	}
	return nil
}

// try measures one value: recall over all queries, and the median time of one.
func try(ctx context.Context, t store.Tunable, q store.Query, value int, exact [][]store.Hit) (Trial, error) {
	times := make([]time.Duration, q.Vectors.Rows)
	found, of := 0, 0
	for i := range times {
		one := q
		one.Vectors = q.Vectors.Slice(i, i+1)
		start := time.Now()
		hits, err := t.SearchWith(ctx, one, value)
		if err != nil {
			return Trial{}, err
		}
		times[i] = time.Since(start)
		found += Of(hits[0], exact[i])
		of += len(exact[i])
	}
	trial := Trial{Value: value, Recall: Share(found, of)}
	if len(times) > 0 {
		slices.Sort(times)
		trial.Median = times[len(times)/2]
	}
	return trial, nil
}
