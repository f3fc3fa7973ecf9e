//go:build cgo && !nolibjpeg

package imaging

/*
#cgo LDFLAGS: -ljpeg
#cgo CFLAGS: -O2
#cgo noescape sl_jpeg_decode
#cgo nocallback sl_jpeg_decode
#include "jpeg_turbo.h"
*/
import "C"

import (
	"errors"
	"unsafe"
)

// JPEGDecoder names the JPEG decoder of this build. The two differ by a level or
// so in some pixels.
const JPEGDecoder = turbo

// decodeJPEGInto decodes through the system's libjpeg-turbo with Pillow's
// settings (islow DCT, fancy upsampling), which makes the pixels Pillow's.
func decodeJPEGInto(dst *RGB, data []byte, scale int) error {
	var message [C.SL_JPEG_MESSAGE]C.char
	switch C.sl_jpeg_decode(
		(*C.uint8_t)(unsafe.Pointer(&data[0])), C.size_t(len(data)), C.int(scale),
		(*C.uint8_t)(unsafe.Pointer(&dst.Pix[0])), C.int(dst.Width), C.int(dst.Height),
		&message[0],
	) {
	case C.SL_JPEG_OK:
		return nil
	case C.SL_JPEG_TRUNCATED:
		return errors.New("the file is truncated")
	case C.SL_JPEG_SIZE:
		return errors.New("two frame headers that disagree on the size")
	default:
		return errors.New(C.GoString(&message[0]))
	}
}
