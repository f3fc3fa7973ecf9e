package imaging

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/imaging/heif"
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
	h.bytes = max(1, f.DecodeBytes()-3*int64(h.width)*int64(h.height))
	return h, nil
}

// heifTime is how long the decoding of a picture may take: some pictures take
// seconds to decode, and damaged ones must not take minutes. A slow machine does
// ten times better than a microsecond a pixel.
func heifTime(h header) time.Duration {
	return 5*time.Second + time.Duration(h.width)*time.Duration(h.height)*time.Microsecond
}

func decodeHEIF(data []byte, h header, o Options) (*RGB, error) {
	f, err := heif.Open(data)
	if err != nil {
		return nil, ofHEIF(err)
	}
	limit := heifTime(h)
	ctx, cancel := context.WithTimeoutCause(o.context(), limit,
		fmt.Errorf("decoding took longer than %v", limit.Round(time.Second)))
	defer cancel()
	pix, err := f.Decode(ctx, h.orientation, func(jpeg []byte) ([]byte, int, int, error) {
		h, err := jpegHeader(jpeg)
		if err != nil {
			return nil, 0, 0, err
		}
		if err := o.Limits.checkPixels(h.width, h.height); err != nil {
			return nil, 0, 0, err
		}
		img, err := decodeJPEG(jpeg, h, Options{Limits: o.Limits})
		if img == nil {
			return nil, 0, 0, err
		}
		return img.Pix, img.Width, img.Height, nil
	})
	if pix == nil {
		return nil, ofHEIF(err)
	}
	img := &RGB{Pix: pix, Width: h.width, Height: h.height}
	if turnsSideways(h.orientation) {
		img.Width, img.Height = h.height, h.width
	}
	return img, err
}

// ofHEIF makes an error of package heif one of ours.
func ofHEIF(err error) error {
	if errors.Is(err, heif.ErrUnsupported) {
		what := strings.ReplaceAll(err.Error(), heif.ErrUnsupported.Error()+": ", "")
		return fmt.Errorf("%w: %s", ErrUnsupported, what)
	}
	return err
}
