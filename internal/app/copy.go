package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/transfer"
)

// CopyJob is a pair of stores that are open for a copy. It must be closed.
type CopyJob struct {
	from, to       store.Store
	source, target config.Config
	dim            int
}

// OpenCopy opens the index that is copied and the one that it is copied to, which is
// made if it is not there. from and to are kinds of stores.
func (e *Env) OpenCopy(ctx context.Context, cfg config.Config, from, to string) (*CopyJob, error) {
	source, target := cfg, cfg
	source.Store, target.Store = from, to
	const example = "for example: indexer copy --from local --to milvus"
	for _, f := range []struct{ flag, kind string }{{"from", source.Store}, {"to", target.Store}} {
		if !slices.Contains(StoreKinds(), f.kind) {
			return nil, fault.Usagef(example, "--%s is %q; it can be %s", f.flag, f.kind, strings.Join(StoreKinds(), ", "))
		}
	}
	if source.Store == target.Store {
		return nil, fault.Usagef(example, "--from and --to are both %s", source.Store)
	}
	var err error
	j := &CopyJob{source: source, target: target}
	if j.from, err = e.OpenStore(ctx, source, store.ReadOnly, store.Model{}); err != nil {
		return nil, err
	}
	model := j.from.Model()
	j.dim = model.Dim
	ids := store.IDSpace(j.from, source.Collection)
	if j.to, err = e.openStore(ctx, target, store.Create, wanted{model: model, ids: ids}); err != nil {
		return nil, errors.Join(err, j.from.Close())
	}
	if other := store.IDSpace(j.to, target.Collection); other != ids {
		return nil, errors.Join(fault.Usagef("copy to a collection that is not there yet",
			"collection %s of the target was made as %s, and that of the source as %s", target.Collection, other, ids), j.Close())
	}
	return j, nil
}

// Run copies: see transfer.Copy. observer is told how many bytes of the embeddings,
// which are most of an index, are over, and how many there are.
func (j *CopyJob) Run(ctx context.Context, observer func(done, total int64)) (transfer.Report, error) {
	each := int64(4 * j.dim)
	report, err := transfer.Copy(ctx, j.from, j.to, transfer.Options{
		Observer: func(done, total int64) { observer(done*each, total*each) },
	})
	if err != nil {
		return report, err
	}
	return report, j.besides(ctx)
}

// besides brings over the tagging runs and the saved labels that older versions kept
// beside the store, and not in documents of it.
func (j *CopyJob) besides(ctx context.Context) error {
	source, err := Runs(ctx, j.source, j.from)
	if err != nil {
		return err
	}
	target, err := Runs(ctx, j.target, j.to)
	if err != nil {
		return err
	}
	if err := source.CopyTo(ctx, target); err != nil {
		return fmt.Errorf("copying the tagging runs: %w", err)
	}
	labels, err := Labels(ctx, j.source, j.from)
	if err != nil {
		return err
	}
	copied, err := Labels(ctx, j.target, j.to)
	if err != nil {
		return err
	}
	if failed := labels.CopyTo(ctx, copied); len(failed) > 0 {
		return fmt.Errorf("copying the saved labels: %w", errors.Join(failed...))
	}
	return nil
}

// Close closes both stores.
func (j *CopyJob) Close() error { return errors.Join(j.to.Close(), j.from.Close()) }
