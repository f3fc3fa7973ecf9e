package chaos

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/transfer"
	"github.com/sightline/sightline/internal/walk"
	"github.com/sightline/sightline/internal/zeroshot"
)

const dim = 32

// place is where a role works.
type place struct {
	photos string
	db     string // the folder of the index; what belongs to it lies below
}

// role is an operation that a process does until it is killed. It ends in the same state
// however often that happened before.
type role struct {
	name string
	do   func(ctx context.Context, p place) error
}

func roles() []role {
	return []role{
		{"index", indexRole}, {"tag", tagRole}, {"sidecars", sidecarRole}, {"correct", correctRole}, {"undo", undoRole}, {"save", saveRole}, {"rename", renameRole},
		{"prune", pruneRole}, {"compact", compactRole}, {"copy", copyRole}, {"backup", backupRole}, {"restore", restoreRole},
		{"explore", exploreRole}, {"thumbnails", thumbnailRole}, {"forget", forgetRole},
		{"repair", repairRole}, {"rebuild", rebuildRole},
	}
}

func model(e *cliptest.Encoder) store.Model {
	s := e.Spec()
	return store.Model{Fingerprint: s.Fingerprint, Name: s.Name, Dim: s.Dim}
}

func open(ctx context.Context, dir string, mode store.Mode, e *cliptest.Encoder) (*local.Store, error) {
	return local.Open(ctx, local.Options{Dir: dir, Collection: "default", Mode: mode, Model: model(e)})
}

// with opens the index, hands it over and closes it.
func with(ctx context.Context, dir string, mode store.Mode, e *cliptest.Encoder, do func(*local.Store) error) error {
	s, err := open(ctx, dir, mode, e)
	if err != nil {
		return err
	}
	return errors.Join(do(s), s.Close())
}

func indexer(s store.Store, e *cliptest.Encoder) *index.Indexer {
	o := index.Options{Collection: "default", BatchSize: 4, Workers: 2, EmbedWorkers: 1, Walk: walk.Options{KnownExtension: imaging.KnownExtension}}
	return index.New(s, e, o, nil, slog.New(slog.DiscardHandler))
}

func indexRole(ctx context.Context, p place) error {
	e := cliptest.New(dim)
	return with(ctx, p.db, store.Create, e, func(s *local.Store) error {
		_, err := indexer(s, e).Run(ctx, []string{p.photos})
		return err
	})
}

// nobody watches a tagging run.
type nobody struct{}

func (nobody) Planned(int)           {}
func (nobody) Tagged(int)            {}
func (nobody) Failed(string, string) {}

func tagger(ctx context.Context, p place, sidecars bool, do func(*tagging.Tagger, *zeroshot.Classifier, tagging.Options) error) error {
	e := cliptest.New(dim)
	list, err := label.Parse("red,green,blue,a fox,a train,the sea")
	if err != nil {
		return err
	}
	c, err := zeroshot.Prepare(ctx, e, list, zeroshot.Options{})
	if err != nil {
		return err
	}
	return with(ctx, p.db, store.ReadWrite, e, func(s *local.Store) error {
		o := tagging.Options{Collection: "default", Direction: tagging.PerImage, Count: 3}
		o.Sidecars = sidecars
		return do(tagging.New(s, tagging.OpenRegistry(filepath.Join(p.db, "runs")), nobody{}), c, o)
	})
}

func tagRole(ctx context.Context, p place) error {
	return tagger(ctx, p, false, func(t *tagging.Tagger, c *zeroshot.Classifier, o tagging.Options) error {
		_, err := t.Tag(ctx, c, o)
		return err
	})
}

func sidecarRole(ctx context.Context, p place) error {
	return tagger(ctx, p, true, func(t *tagging.Tagger, c *zeroshot.Classifier, o tagging.Options) error {
		_, err := t.Tag(ctx, c, o)
		return err
	})
}

func undoRole(ctx context.Context, p place) error {
	return tagger(ctx, p, true, func(t *tagging.Tagger, c *zeroshot.Classifier, o tagging.Options) error {
		// The name of the run follows from what it did.
		runs, err := os.ReadDir(filepath.Join(p.db, "runs"))
		if err != nil {
			return err
		}
		for _, r := range runs {
			name, ok := strings.CutSuffix(r.Name(), ".json")
			if !ok {
				continue
			}
			if _, err := t.Undo(ctx, name); err != nil && !errors.Is(err, tagging.ErrNoRun) {
				return err
			}
		}
		return nil
	})
}

func pruneRole(ctx context.Context, p place) error {
	e := cliptest.New(dim)
	return with(ctx, p.db, store.ReadWrite, e, func(s *local.Store) error {
		_, _, err := index.Prune(ctx, s, []string{p.photos}, index.Forced)
		return err
	})
}

// compactRole removes every third record, replaces others, and closes the gaps.
func compactRole(ctx context.Context, p place) error {
	e := cliptest.New(dim)
	return with(ctx, p.db, store.ReadWrite, e, func(s *local.Store) error {
		for round := range 4 {
			var again []store.Record
			var gone []string
			for r, err := range s.Scan(ctx, nil, store.Fields{Vectors: true}) {
				if err != nil {
					return err
				}
				switch r.ID[0] & 3 {
				case 0:
					gone = append(gone, r.ID)
				case byte(round):
					again = append(again, r)
				}
			}
			if err := errors.Join(s.Delete(ctx, gone), s.Upsert(ctx, again), s.Compact(ctx)); err != nil {
				return err
			}
		}
		return nil
	})
}

func copyRole(ctx context.Context, p place) error {
	e := cliptest.New(dim)
	return with(ctx, p.db, store.ReadOnly, e, func(from *local.Store) error {
		return with(ctx, filepath.Join(p.db, "copy"), store.Create, e, func(to *local.Store) error {
			_, err := transfer.Copy(ctx, from, to, transfer.Options{})
			return err
		})
	})
}

// other is a model of another name, with vectors of its own.
func other() *cliptest.Encoder {
	return cliptest.New(dim / 2).WithSpec(func(s *clip.Spec) { s.Fingerprint, s.Name = "another", "another" })
}

func rebuildRole(ctx context.Context, p place) error {
	e := other()
	if s, err := open(ctx, p.db, store.ReadOnly, e); err == nil {
		return s.Close() // it was switched to already
	}
	return with(ctx, p.db, store.Rebuild, e, func(s *local.Store) error {
		if _, err := indexer(s, e).Run(ctx, []string{p.photos}); err != nil {
			return err
		}
		return s.Promote(ctx)
	})
}

func backupRole(ctx context.Context, p place) error {
	_, err := local.Backup(ctx, local.Options{Dir: p.db, Collection: "default"}, filepath.Join(p.db, "backup"), 2)
	return err
}

// repairRole damages a page of the catalogue, once, and mends it.
func repairRole(ctx context.Context, p place) error {
	path := filepath.Join(p.db, "default", "catalogue.db")
	mark := filepath.Join(p.db, "damaged")
	if _, err := os.Stat(mark); err != nil {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		if _, err := f.WriteAt([]byte("damage"), 4096*4-100); err != nil {
			return err
		}
		if err := errors.Join(f.Close(), os.WriteFile(mark, nil, 0o644)); err != nil {
			return err
		}
	}
	ignore := func(string) {}
	o := local.Options{Dir: p.db, Collection: "default", Mode: store.ReadWrite}
	s, err := local.Open(ctx, o)
	if errors.Is(err, store.ErrDamaged) {
		if err := local.Rescue(ctx, o, ignore, ignore); err != nil {
			return err
		}
		s, err = local.Open(ctx, o)
	}
	if err != nil {
		return err
	}
	if err := errors.Join(s.Repair(ctx, ignore, ignore), s.Close()); err != nil {
		return err
	}
	return indexRole(ctx, p)
}

// perform is what a child process does.
func perform(name string, p place) error {
	for _, r := range roles() {
		if r.name == name {
			fmt.Println("begin")
			return r.do(context.Background(), p)
		}
	}
	return fmt.Errorf("no role is called %q", name)
}
