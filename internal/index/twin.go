package index

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/walk"
)

// twin is the picture that a camera wrote beside a RAW file. Its pixels stand for the
// RAW's, so that both have the same embedding, whichever of them the walk meets first.
type twin struct {
	*imaging.Picture
	hash string // of its content, as in store.About.Twin
}

// openTwin opens what the walk found beside a RAW file; nil where there is nothing, or
// nothing that can be read.
func (w *worker) openTwin(ctx context.Context, e walk.Entry) *twin {
	if e.Twin == nil {
		return nil
	}
	f, err := readFile(ctx, w.x.open, e.Twin.Path, w.x.options.Limits.WithDefaults().MaxBytes, nil)
	if err != nil {
		return nil
	}
	p, err := imaging.Open(f.data, w.x.options.Limits)
	if err != nil || p.Info.Format.IsRAW() {
		return nil
	}
	return &twin{p, hex.EncodeToString(f.hash[:])}
}

// sameSource finds, among records with the content of a RAW file, the vectors that were
// made of what the file's would be made of now: of the twin that lies beside it, or of its
// own preview. Others are of no use to it.
func (w *worker) sameSource(ctx context.Context, c candidate, f file, m match) ([]store.Record, error) {
	source := ""
	if beside := w.openTwin(ctx, c.entry); beside != nil {
		source = beside.hash
	}
	other := func(r store.Record) bool { return len(r.Vector) == 0 || r.About.Twin != source }
	same := slices.DeleteFunc(append(slices.Clone(m.vectors), m.was), other)
	if len(same) > 0 || !m.many {
		return same, nil
	}
	fresh, err := w.families.vectors(ctx, f.hash, true)
	if err != nil {
		return nil, fmt.Errorf("looking for the content of %s: %w", c.entry.Path, err)
	}
	return slices.DeleteFunc(slices.Clone(fresh), other), nil
}

// pixels are those of a picture that was decoded for the model.
type pixels struct {
	*imaging.RGB
	damage string // what is wrong with the file that they are from
	twin   string // store.About.Twin
}

// pixelsOf decodes a picture's twin if it has one that is whole, and itself otherwise.
func pixelsOf(ctx context.Context, own *imaging.Picture, beside *twin, o imaging.Options) (pixels, error) {
	if beside != nil {
		if img, info, err := beside.Decode(ctx, o); err == nil && info.Damage == "" {
			return pixels{img, "", beside.hash}, nil
		}
	}
	img, info, err := own.Decode(ctx, o)
	return pixels{img, info.Damage, ""}, err
}

// decodeBytes is what pixelsOf takes at its peak.
func decodeBytes(own *imaging.Picture, beside *twin, o imaging.Options) int64 {
	n := own.Info.DecodeBytes(o)
	if beside != nil {
		n = max(n, beside.Info.DecodeBytes(o))
	}
	return n
}
