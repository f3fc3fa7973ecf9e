package imaging

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"

	"golang.org/x/image/webp"
)

// webpFrame is the first picture of a WebP file: where it lies on the canvas and
// the chunks that hold it.
type webpFrame struct {
	canvas image.Point
	rect   image.Rectangle
	// transparent says that what no frame covers is see-through; it is black
	// otherwise, as libwebp's animation decoder leaves it.
	transparent bool
	alpha       []byte // payload of ALPH, may be nil
	name        string // "VP8 " or "VP8L"
	bits        []byte // payload of that chunk
	missing     int64  // bytes of it that the file lacks
}

func webpHeader(data []byte) (header, error) {
	f, err := parseWebP(data)
	h := header{width: f.canvas.X, height: f.canvas.Y}
	if f.missing > 0 { // see decodeCut
		n := costOf(FormatWebP, data)
		pixels := int64(h.width) * int64(h.height)
		h.bytes = n.fixed + n.pixel*pixels + 4*pixels + 2*int64(len(data))
	}
	return h, err
}

// decodeWebP decodes the first frame alone. x/image/webp knows no animation, and
// rejects files whose header announces an alpha channel that is not there, which
// libwebp accepts; so it is handed a container of our making.
func decodeWebP(data []byte, _ header, _ Options) (*RGB, error) {
	f, err := parseWebP(data)
	if err != nil {
		return nil, err
	}
	if err := f.checkClaim(); err != nil {
		return nil, err
	}
	if f.missing > 0 {
		return decodeCut(f.bits, f.missing, int64(f.rect.Dx())*int64(f.rect.Dy())/2+1<<12, func(bits []byte) (*RGB, error) {
			whole := f
			whole.bits = bits
			return whole.decode()
		})
	}
	return f.decode()
}

func (f webpFrame) decode() (*RGB, error) {
	img, err := webp.Decode(bytes.NewReader(f.container()))
	if err != nil {
		return nil, err
	}
	if img.Bounds().Size() != f.rect.Size() {
		return nil, fmt.Errorf("frame is %v, its header says %v", img.Bounds().Size(), f.rect.Size())
	}
	dst := NewRGB(f.canvas.X, f.canvas.Y)
	if f.transparent && f.rect.Size() != f.canvas {
		fill(dst.Pix, 255)
	}
	switch m := img.(type) {
	case *image.YCbCr:
		drawVP8(dst, f.rect.Min, m, nil, 0)
	case *image.NYCbCrA:
		drawVP8(dst, f.rect.Min, &m.YCbCr, m.A, m.AStride)
	default:
		if n, ok := img.(*image.NRGBA); ok && !f.transparent {
			opaque(n)
		}
		drawRGB(dst, f.rect.Min.X, f.rect.Min.Y, img)
	}
	return dst, nil
}

// checkClaim refuses sizes that cost next to nothing to claim: a lossless picture of
// one colour needs no data at all, and a canvas may be as large as one likes around a
// small frame. Small pictures may be so; large ones never are.
func (f webpFrame) checkClaim() error {
	const (
		small        = 1 << 24 // pixels
		pixelsOfByte = 20_000  // libwebp makes 380 of a blank lossy picture
		mostCanvases = 64      // canvases by frames
	)
	canvas, frame := f.canvas.X*f.canvas.Y, f.rect.Dx()*f.rect.Dy()
	switch {
	case frame > max(small, pixelsOfByte*len(f.bits)):
		return fmt.Errorf("%w: %d bytes for a picture of %v", ErrTooLarge, len(f.bits), f.rect.Size())
	case canvas > max(small, mostCanvases*frame):
		return fmt.Errorf("%w: canvas of %v for a picture of %v", ErrTooLarge, f.canvas, f.rect.Size())
	}
	return nil
}

// parseWebP finds the first frame in the RIFF container. The rectangle of a still
// picture is its canvas.
func parseWebP(data []byte) (f webpFrame, err error) {
	rest := data[12:]
	extended := false
	for len(rest) > 0 {
		name, payload, next, err := riffChunk(rest)
		if err != nil {
			cut := false
			if name, payload, f.missing, cut = cutChunk(rest); !cut {
				return f, err
			}
		}
		rest = next
		switch name {
		case "VP8X":
			if len(payload) < 10 {
				return f, errors.New("short VP8X chunk")
			}
			extended = true
			f.transparent = payload[0]&vp8xAlpha != 0
			f.canvas = image.Pt(1+uint24(payload[4:]), 1+uint24(payload[7:]))
			f.rect = image.Rectangle{Max: f.canvas}
		case "ANMF":
			if len(payload) < 16 || !extended {
				return f, errors.New("misplaced ANMF chunk")
			}
			at := image.Pt(2*uint24(payload), 2*uint24(payload[3:]))
			size := image.Pt(1+uint24(payload[6:]), 1+uint24(payload[9:]))
			f.rect = image.Rectangle{Min: at, Max: at.Add(size)}
			if !f.rect.In(image.Rectangle{Max: f.canvas}) {
				return f, fmt.Errorf("frame %v reaches beyond the canvas %v", f.rect, f.canvas)
			}
			// The frame's own chunks follow its 16 bytes of header.
			rest = payload[16:]
		case "ALPH":
			f.alpha = payload
		case "VP8 ", "VP8L":
			f.name, f.bits = name, payload
			size, transparent, err := vp8Size(name, payload)
			if err != nil {
				return f, err
			}
			if !extended {
				f.canvas, f.rect = size, image.Rectangle{Max: size}
				f.transparent = transparent
			} else if size != f.rect.Size() {
				return f, fmt.Errorf("picture of %v in a frame of %v", size, f.rect.Size())
			}
			return f, nil
		}
	}
	return f, errors.New("no picture in the container")
}

const vp8xAlpha = 1 << 4

// riffChunk splits the first chunk off b. A chunk that the file cuts short is an
// error.
func riffChunk(b []byte) (name string, payload, rest []byte, err error) {
	if len(b) < 8 {
		return "", nil, nil, errors.New("file ends inside a chunk header")
	}
	n := int64(binary.LittleEndian.Uint32(b[4:]))
	if n > int64(len(b)-8) {
		return "", nil, nil, fmt.Errorf("chunk %q of %d bytes, %d left in the file", b[:4], n, len(b)-8)
	}
	payload = b[8 : 8+n]
	rest = b[8+n:]
	if n%2 == 1 && len(rest) > 0 { // chunks are padded to even sizes
		rest = rest[1:]
	}
	return string(b[:4]), payload, rest, nil
}

// cutChunk is a chunk of a coded picture that the file cuts off: what there is of it, and
// how many bytes are missing. ok is false for any other.
func cutChunk(b []byte) (name string, payload []byte, missing int64, ok bool) {
	if len(b) < 8 {
		return "", nil, 0, false
	}
	name, payload = string(b[:4]), b[8:]
	switch name {
	case "ANMF": // its own chunks say what is missing
		return name, payload, 0, true
	case "VP8 ", "VP8L":
		return name, payload, int64(binary.LittleEndian.Uint32(b[4:])) - int64(len(payload)), true
	}
	return "", nil, 0, false
}

// vp8Size reads the size out of a lossy or lossless bitstream's header.
func vp8Size(name string, b []byte) (size image.Point, alpha bool, err error) {
	if name == "VP8L" {
		if len(b) < 5 || b[0] != 0x2f {
			return size, false, errors.New("bad VP8L signature")
		}
		bits := binary.LittleEndian.Uint32(b[1:])
		return image.Pt(1+int(bits&0x3fff), 1+int(bits>>14&0x3fff)), bits>>28&1 == 1, nil
	}
	if len(b) < 10 || string(b[3:6]) != "\x9d\x01\x2a" {
		return size, false, errors.New("bad VP8 start code")
	}
	w, h := binary.LittleEndian.Uint16(b[6:]), binary.LittleEndian.Uint16(b[8:])
	return image.Pt(int(w&0x3fff), int(h&0x3fff)), false, nil
}

// container wraps the frame as a still picture of its own.
func (f webpFrame) container() []byte {
	out := make([]byte, 12, 12+18+16+len(f.alpha)+len(f.bits)+2)
	copy(out, "RIFF....WEBP")
	if f.name == "VP8 " && f.alpha != nil {
		w, h := f.rect.Dx()-1, f.rect.Dy()-1
		out = appendChunk(out, "VP8X", []byte{
			vp8xAlpha, 0, 0, 0,
			byte(w), byte(w >> 8), byte(w >> 16),
			byte(h), byte(h >> 8), byte(h >> 16),
		})
		out = appendChunk(out, "ALPH", f.alpha)
	}
	out = appendChunk(out, f.name, f.bits)
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out
}

func appendChunk(out []byte, name string, payload []byte) []byte {
	out = append(out, name...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(payload)))
	out = append(out, payload...)
	if len(payload)%2 == 1 {
		out = append(out, 0)
	}
	return out
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

func fill(b []byte, v byte) {
	for i := range b {
		b[i] = v
	}
}

// opaque sets every alpha to 255: a lossless stream may carry an alpha channel
// that the container's header declares void.
func opaque(m *image.NRGBA) {
	for i := 3; i < len(m.Pix); i += 4 {
		m.Pix[i] = 255
	}
}
