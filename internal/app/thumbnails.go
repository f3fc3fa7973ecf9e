package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/thumbnail"
)

// Thumbnails opens the thumbnails that are kept for this user, up to so many bytes; 0 is
// the default. It is nil, which makes thumbnails and keeps none, where there is no folder
// for them.
func (e *Env) Thumbnails(cfg config.Config, most int64) (*thumbnail.Cache, error) {
	dir := config.DefaultCache(e.Getenv)
	if dir == "" {
		return nil, nil
	}
	return thumbnail.Open(filepath.Join(dir, "thumbnails"), thumbnail.Options{MaxBytes: most, Limits: Limits(cfg)})
}

// madeAhead are the sides of thumbnails that are made ahead: those of a page's grid.
var madeAhead = []int{256, 512}

// ThumbnailCount is what making thumbnails ahead came to, in pictures.
type ThumbnailCount struct{ Made, There, Failed int64 }

// MakeThumbnails makes those thumbnails of an index that are not there, on all cores.
// Pictures that cannot be read count as failed; pages say why.
func MakeThumbnails(ctx context.Context, st store.Scanner, c *thumbnail.Cache, cfg config.Config) (ThumbnailCount, error) {
	var n ThumbnailCount
	results := make(chan func(), 64)
	counted := make(chan struct{})
	go func() {
		defer close(counted)
		for add := range results {
			add()
		}
	}()
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0))
	var scan error
	for r, err := range st.Scan(ctx, nil, store.Fields{AnyOrder: true}) {
		if err != nil {
			scan = err
			break
		}
		work.Go(func() error {
			made, err := c.Ensure(ctx, r.ContentHash, madeAhead, func(context.Context) ([]byte, bool, error) { return readPicture(&r, cfg) })
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				results <- func() { n.Failed++ }
			case made:
				results <- func() { n.Made++ }
			default:
				results <- func() { n.There++ }
			}
			return nil
		})
	}
	err := errors.Join(scan, work.Wait())
	close(results)
	<-counted
	return n, err
}

// readPicture reads the file of a record, and reports whether it is as it was indexed.
func readPicture(r *store.Record, cfg config.Config) ([]byte, bool, error) {
	info, err := os.Stat(r.Path)
	if err != nil {
		return nil, false, err
	}
	if limit := Limits(cfg).WithDefaults().MaxBytes; !info.Mode().IsRegular() || info.Size() > limit {
		return nil, false, &fs.PathError{Op: "read", Path: r.Path, Err: imaging.ErrTooLarge}
	}
	data, err := os.ReadFile(r.Path)
	same := info.Size() == r.Size && info.ModTime().Truncate(time.Second).Equal(r.ModTime.Truncate(time.Second))
	return data, same, err
}
