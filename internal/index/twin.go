package index

import (
	"context"
	"os"

	"github.com/sightline/sightline/internal/imaging"
)

// twinOf opens the picture that a camera wrote beside a RAW file, if options ask for it
// and it can be read; nil otherwise. Its pixels stand for the RAW's, so that both have
// the same embedding, whichever of them the walk meets first.
func (w *worker) twinOf(ctx context.Context, path string, format imaging.Format) *imaging.Picture {
	if !w.x.options.Twins || !format.IsRAW() {
		return nil
	}
	for _, name := range imaging.TwinNames(path) {
		if st, err := os.Stat(name); err != nil || !st.Mode().IsRegular() {
			continue
		}
		f, err := readFile(ctx, name, w.x.options.Limits.WithDefaults().MaxBytes, nil)
		if err != nil {
			continue
		}
		if p, err := imaging.Open(f.data, w.x.options.Limits); err == nil && !p.Info.Format.IsRAW() {
			return p
		}
	}
	return nil
}

// pixelsOf decodes a picture's twin if it has one that is whole, and itself otherwise.
// damage is what is wrong with the file that the pixels are from.
func pixelsOf(ctx context.Context, own, twin *imaging.Picture, o imaging.Options) (img *imaging.RGB, damage string, err error) {
	if twin != nil {
		if img, info, err := twin.Decode(ctx, o); err == nil && info.Damage == "" {
			return img, "", nil
		}
	}
	img, info, err := own.Decode(ctx, o)
	return img, info.Damage, err
}

// decodeBytes is what pixelsOf takes at its peak.
func decodeBytes(own, twin *imaging.Picture, o imaging.Options) int64 {
	n := own.Info.DecodeBytes(o)
	if twin != nil {
		n = max(n, twin.Info.DecodeBytes(o))
	}
	return n
}
