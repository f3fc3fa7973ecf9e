// Package milvus is the store that grows past one machine: an index in a Milvus
// server. What it asks of one is package service; package sdk makes the calls.
//
// Milvus promises less than the embedded store does, and this package makes up for it
// where it can:
//
//   - A call that writes many records is cut into messages. What is invalid is found
//     before the first of them is sent; after a crash between two, some are there.
//     All writes are of whole records by id, so that doing one again changes nothing.
//   - A reader may see part of a batch while it is written. A scan checks at its end
//     that it saw as many records as there are.
//   - Searches are approximate where the type of index is. Where records with equal
//     scores compete for the last places, any of them may get one.
//   - Nothing keeps two processes from writing at once. Each sees what the other
//     wrote, and the last to write a record wins.
package milvus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/service"
	"github.com/sightline/sightline/internal/vec"
)

// Kind is the name of this kind of store.
const Kind = "milvus"

// Store is an open index. Its methods may be called from several goroutines.
type Store struct {
	client   service.Service
	address  string
	alias    string
	physical string // the collection that is read and written
	meta     indexMeta
	mode     store.Mode
	level    service.Consistency // of searches
	search   SearchParams        // fixed by the caller
	// wantIndex is the index of the settings, and index the one that the server has.
	wantIndex      Index
	index          vectorIndex
	shards         int
	replicas       int
	resourceGroups []string
	mmap           bool
	loadTimeout    time.Duration
	reindex        bool // Promote builds wantIndex
	recall         float64
	engine         vec.Engine
	batch          batchSize // of a message
	retryFor       time.Duration
	log            *slog.Logger
	closed         atomic.Bool
	inUse          atomic.Bool // physical is what the alias points to
	failed         failedIDs
	oddRows        oddRows
	// foreignVectors is set once a vector has been seen that is not of length 1.
	foreignVectors atomic.Bool
	// countsAhead is set once the server has been seen to count rows that are not there.
	countsAhead atomic.Bool
	session     session
	// endLease gives up the lease of a store that is open for writing, see lease.go.
	endLease   func(context.Context) error
	leaseEvery time.Duration

	mu          sync.Mutex // guards what follows
	tuned       tuning
	updated     time.Time
	updatedKept time.Time // the value of updated that the server has
}

var (
	_ store.Store            = (*Store)(nil)
	_ store.Verifier         = (*Store)(nil)
	_ store.Repairer         = (*Store)(nil)
	_ store.Promoter         = (*Store)(nil)
	_ store.ModelIndexKeeper = (*Store)(nil)
	_ store.Tunable          = (*Store)(nil)
	_ store.ExactSearcher    = (*Store)(nil)
	_ store.IDSpacer         = (*Store)(nil)
	_ store.Documents        = (*Store)(nil)
	_ store.ContentsFinder   = (*Store)(nil)
)

// Open connects to a server and opens an index there. Errors that callers tell apart
// are store.ErrUnavailable, store.ErrNoIndex, store.ErrNewerFormat, store.ErrDamaged
// and *store.ModelMismatchError; none of them changes anything. A server that cannot
// be reached is reported within Options.DialTimeout: waiting for one that comes back
// begins only once the index is open.
func Open(ctx context.Context, o Options) (*Store, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	s, err := connectStore(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := s.open(impatient(ctx), o); err != nil {
		s.releaseLease(impatient(ctx))
		s.client.Close()
		return nil, fmt.Errorf("open index %s: %w", o.Collection, err)
	}
	return s, nil
}

// connectStore returns a store that is connected and has no collection yet.
func connectStore(ctx context.Context, o Options) (*Store, error) {
	level, err := consistencyLevel(o.Consistency)
	if err != nil {
		return nil, err
	}
	s := &Store{
		address: o.Address, alias: aliasOf(o.Collection), mode: o.Mode, level: level,
		search: o.Search, recall: o.Recall, engine: vec.NewParallel(0), batch: batchSize{now: o.BatchBytes, most: o.BatchBytes}, retryFor: o.RetryFor, log: o.Log,
		leaseEvery: o.LeaseEvery, wantIndex: o.Index,
		shards: o.Shards, replicas: o.Replicas, resourceGroups: o.ResourceGroups, mmap: o.Mmap, loadTimeout: o.LoadTimeout,
	}
	if o.Service != nil {
		s.client = o.Service
		return s, nil
	}
	t := &transport{address: o.Address, database: o.Database, callTimeout: o.CallTimeout, retryFor: o.RetryFor, log: o.Log, load: s.load}
	if s.client, err = t.connect(ctx, o); err != nil {
		return nil, err
	}
	return s, nil
}

// IDSpace implements store.IDSpacer.
func (s *Store) IDSpace() string { return cmp.Or(s.meta.IDSpace, s.meta.Collection) }

// Model returns the model that built the index.
func (s *Store) Model() store.Model { return s.meta.Model }

// Capabilities implements store.Store. Any number of hits can be asked for: what is
// too much for one search is answered by a scan.
func (s *Store) Capabilities() store.Capabilities {
	return store.Capabilities{
		MaxBatch:       4096,
		Exact:          s.meta.Index == "FLAT",
		ReadAfterWrite: s.level == service.Strong || s.level == service.Session,
	}
}

// Describe implements store.Store.
func (s *Store) Describe(ctx context.Context) (store.Description, error) {
	if err := s.begin(ctx); err != nil {
		return store.Description{}, err
	}
	records, err := s.countRecords(ctx, always)
	if err != nil {
		return store.Description{}, fmt.Errorf("counting the records: %w", err)
	}
	failures, err := s.count(ctx, s.physical+metaSuffix, ofKind(kindFailure), service.Strong)
	if err != nil {
		return store.Description{}, fmt.Errorf("counting the failures: %w", err)
	}
	last, err := s.lastChange(ctx)
	if err != nil {
		return store.Description{}, err
	}
	return store.Description{
		Kind: Kind, Location: s.address, Collection: s.meta.Collection, Model: s.meta.Model,
		Records: records, Failures: failures, Format: s.meta.Format,
		Created: time.Unix(0, s.meta.Created).UTC(), Updated: last, Details: s.details(ctx),
	}, nil
}

// lastChange is the time of the latest change, exact for this store and for what others
// wrote and closed; one that writes at the moment may be touchEvery ahead.
func (s *Store) lastChange(ctx context.Context) (time.Time, error) {
	var kept updated
	if _, err := s.readMeta(ctx, s.physical, idUpdated, service.Strong, &kept); err != nil {
		return time.Time{}, fmt.Errorf("the time of the last change: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	last := max(s.meta.Created, kept.At)
	if !s.updated.IsZero() {
		last = max(last, s.updated.UnixNano())
	}
	return time.Unix(0, last).UTC(), nil
}

// Flush implements store.Writer. What a call wrote is durable when it returns; what
// may take a moment is that it can be read. A read that waits for all that this store
// wrote makes sure, whereas a flush in the sense of Milvus would cut its segments into
// small ones.
func (s *Store) Flush(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	return s.await(ctx, service.Session)
}

// await reads nothing, and so returns when all writes that the level includes can be
// read.
func (s *Store) await(ctx context.Context, level service.Consistency) error {
	both, ctx := errgroup.WithContext(ctx)
	for _, collection := range []string{s.physical, s.physical + metaSuffix} {
		both.Go(func() error {
			_, err := s.count(ctx, collection, fieldID+` == ""`, level)
			return err
		})
	}
	if err := both.Wait(); err != nil {
		return fmt.Errorf("waiting until all that was written can be read: %w", err)
	}
	return nil
}

// Close implements store.Store.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	ctx, cancel := context.WithTimeout(impatient(context.Background()), 5*time.Second)
	defer cancel()
	if err := s.keepUpdated(ctx, 0); err != nil {
		// All data is safe; only the time of the last change is a little too early.
		s.log.Warn("the time of the last change could not be noted", "collection", s.physical, "error", err)
	}
	s.releaseLease(ctx)
	if err := s.client.Close(); err != nil {
		return fmt.Errorf("closing the connection to milvus at %s: %w", s.address, err)
	}
	return nil
}

// begin is how every method begins.
func (s *Store) begin(ctx context.Context) error {
	if s.closed.Load() {
		return store.ErrClosed
	}
	return ctx.Err()
}

// beginChange is how every method begins that changes something.
func (s *Store) beginChange(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	if !s.mode.Writes() {
		return store.ErrReadOnly
	}
	return nil
}

// load brings a collection into the server's memory and waits until it is there.
func (s *Store) load(ctx context.Context, collection string) error {
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, keyLoading, true), s.loadTimeout)
	defer cancel()
	err := s.client.LoadCollection(ctx, collection, service.LoadOptions{Replicas: s.replicas, ResourceGroups: s.resourceGroups})
	for wait := firstLook; err == nil; wait = min(2*wait, lastLook) {
		var percent int64
		if percent, err = s.client.LoadingProgress(ctx, collection); err == nil && percent == 100 {
			return nil
		}
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-time.After(wait):
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("milvus at %s: %w: loading collection %s took longer than %s (milvus.load_timeout)", s.address, store.ErrUnavailable, collection, s.loadTimeout)
	}
	var asked []string // settings that the server may have refused
	if s.replicas > 1 {
		asked = append(asked, fmt.Sprintf("milvus.replicas (%d)", s.replicas))
	}
	if len(s.resourceGroups) > 0 {
		asked = append(asked, fmt.Sprintf("milvus.resource_groups (%s)", strings.Join(s.resourceGroups, ", ")))
	}
	var said *service.Error
	if errors.As(err, &said) && !transient(err) && len(asked) > 0 {
		return &fault.Error{
			Err:    fmt.Errorf("loading collection %s: %w", collection, err),
			Advice: "check " + strings.Join(asked, " and ") + " against the query nodes of the server",
			Kind:   fault.Usage,
		}
	}
	return fmt.Errorf("loading collection %s: %w", collection, err)
}

// While a collection is loaded we look how far it is: often at first, for the small
// ones that are there at once.
const (
	firstLook = 5 * time.Millisecond
	lastLook  = 200 * time.Millisecond
)
