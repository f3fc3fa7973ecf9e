package app

import (
	"context"
	"errors"
	"time"

	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/store/local/blocks"
)

// BackedUp is what a backup did.
type BackedUp = local.BackupReport

// RestoreRequest says what to bring back, and whether over an index that is there.
type RestoreRequest = local.RestoreOptions

// Backup keeps the index that the settings name in a folder of backups, as it is at one
// moment. keep is how many of the states there stay; 0 for all.
func (e *Env) Backup(ctx context.Context, cfg config.Config, dir string, keep int) (BackedUp, error) {
	o, err := backupOptions(e, cfg)
	if err != nil {
		return BackedUp{}, err
	}
	return local.Backup(ctx, o, dir, keep)
}

// Restored is a state of an index that was brought back, or that can be.
type Restored struct {
	State   string // its name
	Time    time.Time
	Model   string
	Records string // how many
	Bytes   int64
}

// Restore brings back the index that the settings name.
func (e *Env) Restore(ctx context.Context, cfg config.Config, r RestoreRequest) (Restored, error) {
	o, err := backupOptions(e, cfg)
	if err != nil {
		return Restored{}, err
	}
	s, err := local.Restore(ctx, o, r)
	switch {
	case errors.Is(err, store.ErrExists):
		return Restored{}, &fault.Error{Kind: fault.Usage, Err: err, Advice: "replace it with --force, or restore it beside with --collection NAME or --db DIR"}
	case err != nil:
		return Restored{}, err
	}
	return restoredOf(s), nil
}

// Backups lists the states in a folder of backups, the oldest first. The error names those that
// cannot be read, and the others are listed all the same.
func (e *Env) Backups(dir string) ([]Restored, error) {
	f, err := blocks.Open(dir)
	if err != nil {
		return nil, err
	}
	names, err := f.States()
	if err != nil {
		return nil, err
	}
	var out []Restored
	var errs []error
	for _, name := range names {
		s, err := f.State(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out = append(out, restoredOf(s))
	}
	return out, errors.Join(errs...)
}

func restoredOf(s *blocks.State) Restored {
	return Restored{State: s.Name, Time: s.Time, Model: s.About["model"], Records: s.About["records"], Bytes: s.Size()}
}

// backupOptions name the index; only the embedded store has backups of files.
func backupOptions(e *Env, cfg config.Config) (local.Options, error) {
	if cfg.Store != local.Kind {
		return local.Options{}, fault.Usagef("indexer dump FILE writes any index into a file; a server has backups of its own", "a %s store has no files to back up", cfg.Store)
	}
	if err := checkFolder(cfg); err != nil {
		return local.Options{}, err
	}
	return local.Options{Dir: cfg.DB, Collection: cfg.Collection, Log: e.Log}, nil
}
