package imaging

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/imaging/heif"
	"github.com/sightline/sightline/internal/imaging/worktime"
)

// heifHeader reads size and orientation out of the boxes of HEIC and AVIF. Where
// irot or imir say nothing, the EXIF orientation counts: the standard would ignore
// it (ISO/IEC 23008-12), but phones of Samsung write no other.
func heifHeader(data []byte) (header, error) {
	f, err := heif.Open(data)
	if err != nil {
		return header{}, ofHEIF(err)
	}
	h := header{orientation: f.Orientation(), turns: true}
	h.width, h.height = f.Size()
	pixels := 3 * int64(h.width) * int64(h.height)
	h.bytes = max(1, f.DecodeBytes()-pixels)
	if f.Missing() > 0 { // see decodeCut
		h.bytes += pixels + 2*int64(len(data))
	}
	return h, nil
}

// heifTime is how long a processor may work on the decoding of a picture. The work of
// the codecs is bounded by itself, so this is for what nobody thought of, and has room
// for a machine that is ten times slower: a core of 2020 takes a tenth to a third of a
// microsecond a pixel.
func heifTime(h header) time.Duration {
	return 10*time.Second + time.Duration(h.width)*time.Duration(h.height)*3*time.Microsecond
}

func decodeHEIF(data []byte, h header, o Options) (*RGB, error) {
	f, err := heif.Open(data)
	if err != nil {
		return nil, ofHEIF(err)
	}
	if missing := f.Missing(); missing > 0 {
		stored := h
		stored.orientation = 1
		img, err := decodeCut(data, missing, 0, func(data []byte) (*RGB, error) {
			padded, err := heif.Open(data)
			if err != nil {
				return nil, err
			}
			return decodeFile(padded, stored, o)
		})
		if img != nil {
			img = orient(img, h.orientation)
		}
		return img, err
	}
	return decodeFile(f, h, o)
}

func decodeFile(f *heif.File, h header, o Options) (*RGB, error) {
	ctx, stop := worktime.Limited(o.context(), heifTime(h))
	defer stop()
	pix, err := f.Decode(ctx, h.orientation, o.jpegItem)
	if pix == nil {
		return nil, ofHEIF(err)
	}
	img := &RGB{Pix: pix, Width: h.width, Height: h.height}
	if turnsSideways(h.orientation) {
		img.Width, img.Height = h.height, h.width
	}
	return img, err
}

// jpegItem is the heif.Still of these options.
func (o Options) jpegItem(data []byte, width, height int) ([]byte, error) {
	if !sniffJPEG(data) {
		return nil, errors.New("an item of type jpeg is none")
	}
	h, err := jpegHeader(data)
	if err != nil {
		return nil, err
	}
	if h.width != width || h.height != height {
		return nil, fmt.Errorf("the JPEG is %dx%d, the boxes say %dx%d", h.width, h.height, width, height)
	}
	img, err := decodeJPEG(data, h, Options{ctx: o.ctx})
	if err != nil {
		return nil, err
	}
	return img.Pix, nil
}

// ofHEIF makes an error of package heif one of ours.
func ofHEIF(err error) error {
	if errors.Is(err, worktime.Err) {
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	}
	if errors.Is(err, heif.ErrUnsupported) {
		what := strings.ReplaceAll(err.Error(), heif.ErrUnsupported.Error()+": ", "")
		return fmt.Errorf("%w: %s", ErrUnsupported, what)
	}
	return err
}
