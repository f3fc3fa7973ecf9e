//go:build cgo && !nolibjpeg

package imaging

/*
#cgo LDFLAGS: -ljpeg
#cgo CFLAGS: -O2
#cgo noescape sl_jpeg_decode
#cgo nocallback sl_jpeg_decode
#include "jpeg_worker.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unsafe"
)

// JPEGDecoder names the JPEG decoder of this build. The two differ by a level or
// so in some pixels.
const JPEGDecoder = turbo

// decodeJPEGInto decodes through the system's libjpeg-turbo with Pillow's
// settings (islow DCT, fancy upsampling), which makes the pixels Pillow's. damage
// says what is missing of a picture that is shown all the same: see jpegDamage.
func decodeJPEGInto(ctx context.Context, dst *RGB, data []byte, scale int) (damage, err error) {
	return turboDecode(ctx, dst.Pix, dst.Width, dst.Height, 3, data, scale, C.SL_JPEG_RGB)
}

// decodeJPEGSamples decodes the components of a JPEG into pix; see tiff.JPEG. damage
// is that of decodeJPEGInto.
func decodeJPEGSamples(ctx context.Context, pix []byte, width, height, components int, data []byte, convert bool) (damage, err error) {
	colours := C.int(C.SL_JPEG_PLAIN)
	if convert {
		colours = C.SL_JPEG_YCC
	}
	return turboDecode(ctx, pix, width, height, components, data, 1, colours)
}

func turboDecode(ctx context.Context, pix []byte, width, height, components int, data []byte, scale int, colours C.int) (damage, err error) {
	r, err := decodeFenced(ctx, jpegWorkers(), C.struct_sl_jpeg_job{
		scale: C.int32_t(scale), colours: C.int32_t(colours),
		width: C.int32_t(width), height: C.int32_t(height), components: C.int32_t(components),
	}, pix, data)
	if err != nil {
		return nil, err
	}
	report := &r.report
	switch r.code {
	case C.SL_JPEG_OK:
		return jpegDamage(int(report.lost), int(report.cut_scan), report.base_gone != 0, int(report.corrupt))
	case C.SL_JPEG_TRUNCATED:
		return nil, errTruncatedJPEG
	case C.SL_JPEG_SIZE:
		return nil, errors.New("two frame headers that disagree on the size")
	case C.SL_JPEG_SCANS:
		return nil, fmt.Errorf("too many scans for %dx%d pixels", width*scale, height*scale)
	default:
		why := messageOf(r)
		if strings.HasPrefix(why, "Insufficient memory") {
			return nil, fmt.Errorf("%w: its coefficients take more memory than the decoder may have", ErrTooLarge)
		}
		return nil, errors.New(why)
	}
}

// decodeHere decodes in this process.
func decodeHere(j C.struct_sl_jpeg_job, pix, data []byte) (r C.struct_sl_jpeg_result) {
	r.code = C.int32_t(C.sl_jpeg_decode(
		(*C.uint8_t)(unsafe.Pointer(&data[0])), C.size_t(len(data)), C.int(j.scale), C.int(j.colours),
		(*C.uint8_t)(unsafe.Pointer(&pix[0])), C.int(j.width), C.int(j.height), C.int(j.components), nil, &r.report,
	))
	return r
}

// jpegDamage judges what was missing. A picture in one scan is shown if at least
// four fifths of its rows were in the file. One in several scans (progressive) is
// shown if every component has all of its DC coefficients, which are an eighth of
// the picture's resolution: only fine detail can then be missing.
func jpegDamage(lost, cutScan int, baseGone bool, corrupt int) (damage, err error) {
	switch {
	case baseGone:
		return nil, errors.New("the file is truncated: a part of the picture has not even its coarse form")
	case lost > C.SL_JPEG_MOST_LOST:
		return nil, fmt.Errorf("the file is truncated: %.1f %% of the rows are missing", float64(lost)/10)
	case lost > 0:
		return fmt.Errorf("the file is truncated: %.1f %% of the rows are missing", float64(lost)/10), nil
	case cutScan > 0:
		return fmt.Errorf("the file is truncated in scan %d: fine detail is missing", cutScan), nil
	case corrupt > 0:
		return fmt.Errorf("%d of its codes or markers make no sense", corrupt), nil
	}
	return nil, nil
}
