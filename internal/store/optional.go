package store

import (
	"context"
	"errors"
	"iter"
)

// A store may be able to do more than Store asks for: the interfaces of this file and
// of filestate.go say what. As finds them.

// As returns the store as one of the optional interfaces, or reports that it has it
// not. It looks through wrappers: a store that wraps another, and has a method Unwrap
// that returns it, need not repeat what the other can do.
//
//	v, ok := store.As[store.Verifier](st)
//
// A wrapper that must not let something through, because what it adds would be passed
// by, has no Unwrap.
func As[T any](st Store) (T, bool) {
	for st != nil {
		if t, ok := st.(T); ok {
			return t, true
		}
		w, ok := st.(interface{ Unwrap() Store })
		if !ok {
			break
		}
		st = w.Unwrap()
	}
	var none T
	return none, false
}

// Verifier is an optional interface of stores that can check themselves.
type Verifier interface {
	// Verify reads everything and reports each problem to found; it changes nothing.
	// The error is about the check itself, not about what it found.
	Verify(ctx context.Context, found func(problem string)) error
}

// Repairer is an optional interface of stores that can mend themselves.
type Repairer interface {
	// Repair does what Verify does, hands each problem to found, and mends what can be
	// mended without the pictures: told is handed each thing that was done. Records whose
	// vectors are lost stay, with their tags, and are such that the next run reads their
	// pictures again. What cannot be mended is found again by Verify.
	Repair(ctx context.Context, found, told func(string)) error
}

// TagCounter is an optional interface of stores that can count tags without reading
// every record.
type TagCounter interface {
	// CountTags returns how many tags come from a source, and how many records have any.
	CountTags(ctx context.Context, source string) (records, tags int64, err error)
}

// NewestScanner is an optional interface of stores that can yield the newest records
// without reading all of them.
type NewestScanner interface {
	// ScanNewest yields what Scan does, without vectors: those with the latest Record.When
	// first, and among equals by path.
	ScanNewest(ctx context.Context, f Filter) iter.Seq2[Record, error]
}

// Tunable is an optional interface of stores that search approximately, with one
// search parameter that buys recall with time.
type Tunable interface {
	// SearchParameters names the search parameter of the index that is there ("ef",
	// "nprobe") and lists values worth trying for k hits, cheapest first. There are none
	// where the index is exact or has nothing to set.
	SearchParameters(k int) (name string, values []int)
	// SearchWith searches with a value of the parameter in place of the one in effect.
	SearchWith(ctx context.Context, q Query, value int) ([][]Hit, error)
	// SetSearchParameter keeps a value with the index, for later searches of up to k hits by
	// anybody whose settings name none, as far as none is kept for fewer; recall is what it
	// was measured to reach. The value 0 forgets all that were kept.
	SetSearchParameter(ctx context.Context, k, value int, recall float64) error
}

// ExactSearcher is an optional interface of stores that search approximately: it
// answers the same questions without misses, more slowly.
type ExactSearcher interface {
	SearchExact(ctx context.Context, q Query) ([][]Hit, error)
}

// ErrNotExact says that a store has no exact search.
var ErrNotExact = errors.New("this kind of store cannot search exactly")

// SearchExact answers a query without misses: by the store's ExactSearcher, or by its
// Search where that is exact. Other stores give ErrNotExact.
func SearchExact(ctx context.Context, st Store, q Query) ([][]Hit, error) {
	if x, ok := As[ExactSearcher](st); ok {
		return x.SearchExact(ctx, q)
	}
	if st.Capabilities().Exact {
		return st.Search(ctx, q)
	}
	return nil, ErrNotExact
}

// ContentsFinder is an optional interface of stores that each question takes a while,
// however small: it answers many like FindContent's in one.
type ContentsFinder interface {
	// FindContents returns for each hash what FindContent would.
	FindContents(ctx context.Context, hashes [][]byte, limit int) ([][]Record, error)
}

// Upgrader is an optional interface of stores that do not bring an index of an earlier
// version up to date whenever they write to it.
type Upgrader interface {
	// Upgrade adds what the indexes of earlier versions lack, and hands told each thing that
	// was done. It may be repeated; nobody else has to wait.
	Upgrade(ctx context.Context, told func(string)) error
}
