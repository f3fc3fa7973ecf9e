package chaos

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/explore"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/query/saved"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/tagging/corrections"
	"github.com/sightline/sightline/internal/thumbnail"
)

// restoreRole brings back what backupRole kept, in place of the index.
func restoreRole(ctx context.Context, p place) error {
	o := local.Options{Dir: p.db, Collection: "default"}
	_, err := local.Restore(ctx, o, local.RestoreOptions{From: filepath.Join(p.db, "backup"), Force: true})
	return err
}

// correctRole says of each picture whether it shows something, as a review does.
func correctRole(ctx context.Context, p place) error {
	return with(ctx, p.db, store.ReadWrite, cliptest.New(dim), func(s *local.Store) error {
		desk := corrections.NewDesk(corrections.Open(s), s, "somebody", func() time.Time { return time.Unix(1.7e9, 0) })
		var all []store.Record
		for r, err := range s.Scan(ctx, nil, store.Fields{}) {
			if err != nil {
				return err
			}
			all = append(all, r)
		}
		for i := range all[:len(all)/2] {
			verdict := corrections.Approved
			if all[i].ID[0] < '8' {
				verdict = corrections.Rejected
			}
			if _, err := desk.Say(ctx, "red", &all[i], verdict); err != nil {
				return err
			}
		}
		return nil
	})
}

// exploreRole makes a map of the index and keeps it.
func exploreRole(ctx context.Context, p place) error {
	return with(ctx, p.db, store.ReadOnly, cliptest.New(dim), func(s *local.Store) error {
		m, err := explore.Run(ctx, s, explore.Options{Clusters: 4})
		if err != nil {
			return err
		}
		return m.Save(ctx, s)
	})
}

// saveRole saves labels made of pictures.
func saveRole(ctx context.Context, p place) error {
	e := cliptest.New(dim)
	return with(ctx, p.db, store.ReadWrite, e, func(s *local.Store) error {
		labels := saved.Open(filepath.Join(p.db, "labels")).In(s)
		for i := range 20 {
			v := make([]float32, dim)
			v[i] = 1
			l := saved.Label{Name: fmt.Sprint("label ", i), Vector: v, Model: model(e), Created: time.Unix(1.7e9, 0)}
			if err := labels.Save(ctx, l, saved.Overwrite); err != nil {
				return err
			}
		}
		return nil
	})
}

// renameRole gives the collection another name, and its own again.
func renameRole(ctx context.Context, p place) error {
	c := local.OpenCollections(p.db, slog.New(slog.DiscardHandler))
	if err := c.RenameCollection(ctx, "default", "another"); err != nil && !errors.Is(err, store.ErrNoIndex) {
		return err
	}
	return c.RenameCollection(ctx, "another", "default")
}

// forgetRole takes a third of the pictures out of the index.
func forgetRole(ctx context.Context, p place) error {
	return with(ctx, p.db, store.ReadWrite, cliptest.New(dim), func(s *local.Store) error {
		found, err := index.FindBelow(ctx, s, []string{filepath.Join(p.photos, "0")})
		if errors.Is(err, index.ErrNothingThere) {
			return nil // all of them are out
		}
		if err != nil {
			return err
		}
		return index.Forget(ctx, s, found)
	})
}

const thumbnailFolder = "thumbnails"

// thumbnailRole makes the thumbnails of all pictures.
func thumbnailRole(ctx context.Context, p place) error {
	return with(ctx, p.db, store.ReadOnly, cliptest.New(dim), func(s *local.Store) error {
		cache, err := thumbnail.Open(filepath.Join(p.db, thumbnailFolder), thumbnail.Options{})
		if err != nil {
			return err
		}
		for r, err := range s.Scan(ctx, nil, store.Fields{}) {
			if err != nil {
				return err
			}
			read := func(context.Context) ([]byte, bool, error) {
				b, err := os.ReadFile(r.Path)
				return b, true, err
			}
			side := thumbnail.SideFor(100)
			if _, err := cache.Ensure(ctx, r.ContentHash, []int{side}, read); err != nil {
				return err
			}
			// One that is damaged would be rebuilt here.
			if _, _, err := cache.Get(ctx, r.ContentHash, side, read); err != nil {
				return err
			}
		}
		return nil
	})
}

// keptOf is what a role keeps beside the records: documents, or thumbnails.
func keptOf(t *testing.T, name string, p place, s *local.Store) (lines []string) {
	t.Helper()
	switch name {
	case "correct", "save", "explore":
		names, err := s.DocumentNames(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			data, err := s.Document(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, fmt.Sprintf("%s: %x", name, sha256.Sum256(data)))
		}
	case "thumbnails":
		err := filepath.WalkDir(filepath.Join(p.db, thumbnailFolder), func(path string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(path, ".jpg") {
				return err
			}
			data, err := os.ReadFile(path)
			lines = append(lines, fmt.Sprintf("%s: %x", e.Name(), sha256.Sum256(data)))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return lines
}
