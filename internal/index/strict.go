package index

import (
	"context"
	"errors"
	"fmt"

	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/store"
)

// failDamaged tells as failed, for Options.Strict, the pictures under roots whose files
// were not read in this run and are recorded as damaged. Their records stay: to keep a
// failure in their place would cost the tags that people gave them.
func (x *Indexer) failDamaged(ctx context.Context, t *tally, roots []string) error {
	damaged := store.Has(store.HasDamage)
	if !store.CanFilter(x.store, damaged) {
		x.log.Warn("this store does not say which pictures are damaged; --strict judged what was read in this run")
		return nil
	}
	below := make(store.Or, len(roots))
	for i, root := range roots {
		below[i] = store.Under(root)
	}
	for r, err := range x.store.Scan(ctx, store.And{damaged, below}, store.Fields{}) {
		if errors.Is(err, store.ErrOlderFormat) {
			return nil // nothing was marked then
		}
		if err != nil {
			return fmt.Errorf("reading the damaged pictures of the index: %w", err)
		}
		if !x.options.Shard.holds(r.ID) {
			continue
		}
		t.unchanged.Add(-1)
		t.failed.Add(1)
		x.observer.Failed(r.Path, reason(fmt.Errorf("%w: %s", imaging.ErrCorrupt, r.About.Damage)))
	}
	return nil
}
