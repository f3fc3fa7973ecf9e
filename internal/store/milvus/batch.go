package milvus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sightline/sightline/internal/store"
)

// Where connections live shorter than a large message takes, sending it again is of no
// use: it is made smaller. A message is tried twice and then halved, down to leastBatch,
// which is sent again and again for as long as Options.RetryFor says. After each that
// went well the next may be twice as large, up to Options.BatchBytes. Answers are treated
// alike: a page that does not come is asked for in two halves.

// leastBatch is the size in bytes below which a message is not made smaller, and leastPage
// the number of rows below which an answer is not.
const (
	leastBatch = 64 << 10
	leastPage  = 64
)

// messageTries is how often a message is sent before it is made smaller.
const messageTries = 2

// triesOf lets calls be tried so often and no longer.
func triesOf(ctx context.Context, tries int) context.Context {
	return context.WithValue(ctx, keyTries, tries)
}

// batchSize is how many bytes a message may have at the moment.
type batchSize struct {
	mu        sync.Mutex
	now, most int
}

func (b *batchSize) bytes() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *batchSize) shrink(from int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = max(min(b.now, from)/2, min(leastBatch, b.most))
}

func (b *batchSize) grow() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = min(2*b.now, b.most)
}

// fit is how many of the first rows go into a message of some bytes, and how many bytes
// they have. It is at least one.
func fit(rows []row, bytes int) (n, size int) {
	for n < len(rows) && (n == 0 || size+rows[n].bytes() <= bytes) {
		size += rows[n].bytes()
		n++
	}
	return n, size
}

// sendFitting sends rows in messages that are as large as can be at the moment.
func (s *Store) sendFitting(ctx context.Context, rows []row) error {
	var giveUp time.Time
	for len(rows) > 0 {
		n, size := fit(rows, s.batch.bytes())
		callCtx, smaller := ctx, n > 1 && size > leastBatch
		if smaller {
			callCtx = triesOf(ctx, messageTries)
		}
		err := s.send(callCtx, rows[:n])
		switch {
		case err == nil:
			giveUp = time.Time{}
			s.batch.grow()
			if err := s.deleteFailures(ctx, s.failed.among(rows[:n])); err != nil {
				return err
			}
			rows = rows[n:]
			continue
		case !smaller || !errors.Is(err, store.ErrUnavailable) || ctx.Err() != nil:
			return err
		}
		if giveUp.IsZero() {
			giveUp = time.Now().Add(s.retryFor)
		}
		if !time.Now().Before(giveUp) {
			return err
		}
		s.batch.shrink(size)
		s.log.InfoContext(ctx, "sending smaller messages", "collection", s.physical, "records", n, "bytes", size)
	}
	return nil
}

// halfway is an id between two ends of a range, "" for none, where the range is expected
// to hold enough rows to be worth cutting. Prefix is that of all ids.
func halfway(prefix, low, high string, rows int64) (middle string, ok bool) {
	const all = 1 << (4 * keyDigits)
	number := func(id string, none uint64) uint64 {
		if id == "" {
			return none
		}
		var n uint64
		digits := (id + "00000000")[len(prefix) : len(prefix)+keyDigits]
		if _, err := fmt.Sscanf(digits, "%x", &n); err != nil {
			return none
		}
		return n
	}
	from, to := number(low, 0), number(high, all)
	if to <= from+1 || float64(to-from)/all*float64(rows) < leastPage {
		return "", false
	}
	return fmt.Sprintf("%s%0*x", prefix, keyDigits, from+(to-from)/2), true
}
