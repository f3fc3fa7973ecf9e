package index

import (
	"context"
	"errors"
	"os"

	"github.com/sightline/sightline/internal/imaging"
)

// twin is the picture that a camera wrote beside a RAW file.
type twin struct {
	data []byte
	info imaging.Info
}

// twinOf finds the picture beside a RAW file that is the same one, if options ask for
// it and it can be read. Its pixels stand for the RAW's, so that both have the same
// embedding, whichever of them the walk meets first.
func (w *worker) twinOf(ctx context.Context, path string, format imaging.Format) (twin, bool) {
	if !w.x.options.Twins || !format.IsRAW() {
		return twin{}, false
	}
	for _, name := range imaging.TwinNames(path) {
		if st, err := os.Stat(name); err != nil || !st.Mode().IsRegular() {
			continue
		}
		f, err := readFile(ctx, name, w.x.options.Limits.WithDefaults().MaxBytes, nil)
		if err != nil {
			continue
		}
		info, err := imaging.ReadInfo(f.data, w.x.options.Limits)
		if err == nil && !info.Format.IsRAW() {
			return twin{f.data, info}, true
		}
	}
	return twin{}, false
}

// readInfo is imaging.ReadInfo, but for a RAW file without a preview of its own: its
// twin then says what it cannot.
func (w *worker) readInfo(ctx context.Context, path string, data []byte) (imaging.Info, twin, error) {
	info, err := imaging.ReadInfo(data, w.x.options.Limits)
	t, ok := w.twinOf(ctx, path, info.Format)
	if ok && errors.Is(err, imaging.ErrUnsupported) {
		format := info.Format
		info, err = t.info, nil
		info.Format = format
	}
	return info, t, err
}
