package milvus

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/service"
)

// A store that is open for writing says so to every client of the server: it keeps a row
// in the companion, a lease, and renews it. Who wants to drop or to rename the collection
// first puts a row there that says so, and then looks for leases; a writer first puts its
// lease, and then looks for that row. Whichever comes first, one of the two sees the other.

// kindLease is the kind of the row of a writer, whose id is leasePrefix and a number of
// its own. idDropping is the row of who drops or renames the collection.
const (
	kindLease   = "lease"
	leasePrefix = "lease:"
	idDropping  = "meta:dropping"
)

// DefaultLeaseEvery is how often a writer renews its lease. One that was not renewed for
// leasesMissed times as long may be that of a process that was killed.
const (
	DefaultLeaseEvery = 10 * time.Second
	leasesMissed      = 3
)

// lease is the row of a writer, and that of who drops or renames the collection.
type lease struct {
	Host  string `json:"host"`
	PID   int    `json:"pid"`
	Since int64  `json:"since"` // nanoseconds, as At by the writer's clock
	At    int64  `json:"at"`    // renewed
	Beat  int64  `json:"beat"`  // counts up, for readers whose clock is another
}

func newLease() lease {
	host, err := os.Hostname()
	if err != nil {
		host = "an unknown machine" // the lease counts all the same
	}
	now := time.Now().UnixNano()
	return lease{Host: host, PID: os.Getpid(), Since: now, At: now}
}

// holder says who has a lease.
func (l lease) holder() string {
	return fmt.Sprintf("process %d on %s, since %s", l.PID, l.Host, time.Unix(0, l.Since).UTC().Format(time.RFC3339))
}

// mostAhead is how far the clocks of machines differ at most: a lease from later on is of a
// clock that was wrong, and would keep everybody out until then.
const mostAhead = 24 * time.Hour

// fresh reports whether the lease was renewed lately, or by a clock that is ahead.
func (l lease) fresh(every time.Duration) bool {
	age := time.Since(time.Unix(0, l.At))
	return age < leasesMissed*every && age > -mostAhead
}

// holdLease takes a lease on the collection and renews it until the store is closed.
func (s *Store) holdLease(ctx context.Context) error {
	id, l := leasePrefix+rand.Text(), newLease()
	put := func(ctx context.Context) error {
		return s.writeMeta(ctx, s.physical, metaRow{id: id, kind: kindLease, data: l})
	}
	if err := put(ctx); err != nil {
		return fmt.Errorf("noting that the index is being written: %w", err)
	}
	release := func(ctx context.Context) error {
		return s.remove(ctx, s.physical+metaSuffix, oneOf([]string{id}))
	}
	var dropping lease
	found, err := s.readMeta(ctx, s.physical, idDropping, service.Strong, &dropping)
	if err == nil && found && dropping.fresh(s.leaseEvery) {
		err = &fault.Error{
			Err:    fmt.Errorf("%w: collection %s is being removed or renamed (%s)", store.ErrLocked, s.physical, dropping.holder()),
			Advice: "wait until that has happened and run the command again",
		}
	}
	if err != nil {
		return errors.Join(err, release(ctx))
	}
	beating, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-beating.Done():
				return
			case <-time.After(s.leaseEvery):
			}
			l.Beat++
			l.At = time.Now().UnixNano()
			if err := put(beating); err != nil && beating.Err() == nil {
				s.log.Warn("that the index is being written could not be noted", "collection", s.physical, "error", err)
			}
		}
	}()
	s.endLease = func(ctx context.Context) error {
		stop()
		<-done
		return release(ctx)
	}
	return nil
}

// leases returns those on a collection by the ids of their rows.
func (s *Store) leases(ctx context.Context, physical string) (map[string]lease, error) {
	rows, err := s.query(ctx, physical+metaSuffix, ofKind(kindLease), []string{fieldID, fieldData}, service.Strong, 0)
	if err != nil {
		return nil, fmt.Errorf("looking for who writes collection %s: %w", physical, err)
	}
	out := make(map[string]lease, rows.len())
	for i := range rows.len() {
		var l lease
		if err := json.Unmarshal(rows.json(fieldData, i), &l); err != nil {
			l.At = time.Now().UnixNano() // of a version that is not known: it counts
		}
		out[rows.raw(fieldID, i)] = l
	}
	return out, rows.err
}

// claim makes sure that nobody writes a collection, and keeps writers away from then on. A
// lease that looks old is watched before it is passed over: clocks differ.
func (s *Store) claim(ctx context.Context, physical string) (err error) {
	if err := s.writeMeta(ctx, physical, metaRow{id: idDropping, kind: kindMeta, data: newLease()}); err != nil {
		if errors.Is(err, service.ErrNoCollection) {
			return nil // a removal that was cut short has begun with the companion
		}
		return fmt.Errorf("noting that collection %s is to be removed or renamed: %w", physical, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.unclaim(ctx, physical))
		}
	}()
	before, err := s.leases(ctx, physical)
	if err != nil || len(before) == 0 {
		return err
	}
	for _, l := range before {
		if l.fresh(s.leaseEvery) {
			return beingWritten(physical, l)
		}
	}
	s.log.InfoContext(ctx, "waiting to see whether a process that wrote the collection still lives",
		"collection", physical, "wait", 2*s.leaseEvery)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(2 * s.leaseEvery):
	}
	after, err := s.leases(ctx, physical)
	if err != nil {
		return err
	}
	for id, l := range after {
		if old, ok := before[id]; !ok || l.Beat != old.Beat {
			return beingWritten(physical, l)
		}
	}
	return nil
}

// unclaim lets writers come again.
func (s *Store) unclaim(ctx context.Context, physicals ...string) error {
	var errs []error
	for _, p := range physicals {
		errs = append(errs, s.remove(context.WithoutCancel(ctx), p+metaSuffix, oneOf([]string{idDropping})))
	}
	return errors.Join(errs...)
}

// claimAll claims several collections, or none of them.
func (s *Store) claimAll(ctx context.Context, physicals []string) error {
	for i, p := range physicals {
		if err := s.claim(ctx, p); err != nil {
			return errors.Join(err, s.unclaim(ctx, physicals[:i]...))
		}
	}
	return nil
}

func beingWritten(physical string, l lease) error {
	return &fault.Error{
		Err:    fmt.Errorf("collection %s: %w (%s)", physical, store.ErrLocked, l.holder()),
		Advice: "wait until it has finished; nothing of that collection was changed",
	}
}

// releaseLease gives up the lease, if there is one.
func (s *Store) releaseLease(ctx context.Context) {
	if s.endLease == nil {
		return
	}
	if err := s.endLease(ctx); err != nil && !errors.Is(err, service.ErrNoCollection) {
		// It ends by itself.
		s.log.Warn("that the index is written no more could not be noted", "collection", s.physical, "error", err)
	}
	s.endLease = nil
}
