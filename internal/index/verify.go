package index

import (
	"context"
	"errors"
	"fmt"

	"github.com/sightline/sightline/internal/store"
)

// ErrCannotVerify says that a store has no check of itself.
var ErrCannotVerify = errors.New("this kind of store cannot be verified")

// Verify reads the whole index and reports each problem to found. It changes nothing.
// The error is store.ErrDamaged, with the number of problems, if there were any.
func Verify(ctx context.Context, st store.Store, found func(problem string)) error {
	v, ok := store.As[store.Verifier](st)
	if !ok {
		return ErrCannotVerify
	}
	problems := 0
	err := v.Verify(ctx, func(problem string) {
		problems++
		found(problem)
	})
	if err != nil {
		return err
	}
	if problems > 0 {
		return fmt.Errorf("%w: %d problems were found", store.ErrDamaged, problems)
	}
	return nil
}

// ErrCannotRepair says that a store cannot mend itself.
var ErrCannotRepair = errors.New("this kind of store cannot be repaired")

// Repair is Verify that mends what it can: told is handed each thing that was done. What
// is left, Verify finds.
func Repair(ctx context.Context, st store.Store, found, told func(string)) error {
	r, ok := store.As[store.Repairer](st)
	if !ok {
		return ErrCannotRepair
	}
	return r.Repair(ctx, found, told)
}

// Upgrade adds what an index of an earlier version lacks, and hands told each thing that
// was done. Opening a store for writing has brought most of them up to date already.
func Upgrade(ctx context.Context, st store.Store, told func(string)) error {
	if u, ok := store.As[store.Upgrader](st); ok {
		return u.Upgrade(ctx, told)
	}
	return nil
}
