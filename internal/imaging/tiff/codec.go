package tiff

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
	"golang.org/x/image/tiff/lzw"
)

// rowSource gives the rows of a block from the top, decompressed and with any
// prediction undone. A row is valid until the next call.
type rowSource interface {
	next() ([]byte, error)
}

// errBadRow is one row that is damaged while the next may not be.
var errBadRow = errors.New("damaged row")

var errShort = errors.New("its data ends too early")

// open begins with the i-th block, which is of a plane and of which rows are wanted.
func (d *decoder) open(i, plane, rows int) (rowSource, error) {
	segment, err := d.segment(i, rows)
	if err != nil {
		return nil, err
	}
	isJPEG := d.compression == oldJPEG || d.compression == newJPEG
	if d.reversed && !isJPEG {
		segment = reverseBits(segment)
	}
	rowBytes := d.rowBytes()
	switch d.compression {
	case uncompressed:
		return &sliceRows{segment, rowBytes}, nil
	case ccittRLE, ccittRLEW, ccittG3, ccittG4:
		return newFax(segment, d.blockWidth, d.compression, d.dir.uint(tagT4Options, 0)), nil
	case thunderScan:
		return &thunderRows{data: segment, width: d.blockWidth, row: make([]byte, rowBytes)}, nil
	case oldJPEG, newJPEG:
		return d.jpegRows(segment, rows)
	}
	r, err := d.decompress(segment, plane)
	if err != nil {
		return nil, err
	}
	source := &readerRows{r, make([]byte, rowBytes)}
	if d.predictor == 1 {
		return source, nil
	}
	return d.predicted(source), nil
}

// decompress begins with a compression of bytes.
func (d *decoder) decompress(segment []byte, plane int) (io.Reader, error) {
	in, kept := bytes.NewReader(segment), &d.kept[plane]
	switch d.compression {
	case packBits:
		return &unpacker{data: segment}, nil
	case lzwCompressed:
		return newLZW(segment), nil
	case deflate, deflateOld:
		return kept.unzlib(in)
	case zstdCompressed:
		return kept.unzstd(in)
	case lzmaCompressed:
		return kept.unxz(in)
	}
	return nil, unsupported("compression %d", d.compression)
}

// mostDictionary bounds the memory of zstd and LZMA; libtiff writes windows of at
// most 8 MB and dictionaries of 64 MB.
const mostDictionary = 64 << 20

// decompressors are kept from one block to the next, for they are expensive to make.
type decompressors struct {
	zlib io.ReadCloser
	zstd *zstd.Decoder
	xz   *xz.Reader
}

func (k *decompressors) unzlib(in io.Reader) (r io.Reader, err error) {
	if k.zlib != nil {
		return k.zlib, k.zlib.(zlib.Resetter).Reset(in, nil)
	}
	z, err := zlib.NewReader(in)
	if err != nil {
		return nil, err
	}
	k.zlib = z
	return z, nil
}

func (k *decompressors) unzstd(in io.Reader) (r io.Reader, err error) {
	if k.zstd != nil {
		return k.zstd, k.zstd.Reset(in)
	}
	z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(mostDictionary))
	if err != nil {
		return nil, err
	}
	k.zstd = z
	return z, nil
}

func (k *decompressors) unxz(in io.Reader) (r io.Reader, err error) {
	if k.xz != nil {
		return k.xz, k.xz.Reset(in)
	}
	z, err := xz.NewReader(in, mostDictionary)
	if err != nil {
		return nil, err
	}
	k.xz = z
	return z, nil
}

// newLZW tells the two dialects of LZW apart: files from before TIFF 6.0 have the
// lowest bit first, and then their first code, which clears the table, is 0, 1.
func newLZW(segment []byte) io.Reader {
	if len(segment) >= 2 && segment[0] == 0 && segment[1]&1 == 1 {
		return newOldLZW(segment)
	}
	return lzw.NewReader(bytes.NewReader(segment), lzw.MSB, 8)
}

// sliceRows are rows that lie in memory as they are.
type sliceRows struct {
	data []byte
	n    int
}

func (s *sliceRows) next() ([]byte, error) {
	if len(s.data) < s.n {
		return nil, errShort
	}
	row := s.data[:s.n]
	s.data = s.data[s.n:]
	return row, nil
}

// readerRows are rows that come out of a decompressor.
type readerRows struct {
	r   io.Reader
	row []byte
}

func (s *readerRows) next() ([]byte, error) {
	switch _, err := io.ReadFull(s.r, s.row); {
	case err == nil:
		return s.row, nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errShort
	default:
		return nil, fmt.Errorf("decompress: %w", err)
	}
}

func reverseBits(in []byte) []byte {
	out := make([]byte, len(in))
	for i, b := range in {
		out[i] = bits.Reverse8(b)
	}
	return out
}

// unpacker undoes PackBits: a count that is not negative goes before as many bytes
// and one more, a negative one before a byte that is repeated.
type unpacker struct {
	data    []byte
	literal int
	repeat  int
	value   byte
}

func (u *unpacker) Read(out []byte) (int, error) {
	n := 0
	for n < len(out) {
		switch {
		case u.literal > 0:
			k := min(u.literal, len(out)-n, len(u.data))
			if k == 0 {
				return n, io.ErrUnexpectedEOF
			}
			copy(out[n:], u.data[:k])
			u.data, u.literal, n = u.data[k:], u.literal-k, n+k
		case u.repeat > 0:
			k := min(u.repeat, len(out)-n)
			for i := range k {
				out[n+i] = u.value
			}
			u.repeat, n = u.repeat-k, n+k
		case len(u.data) < 2:
			if n > 0 {
				return n, nil
			}
			return 0, io.EOF
		default:
			switch c := int8(u.data[0]); {
			case c >= 0:
				u.literal, u.data = int(c)+1, u.data[1:]
			case c == -128: // means nothing
				u.data = u.data[1:]
			default:
				u.repeat, u.value, u.data = 1-int(c), u.data[1], u.data[2:]
			}
		}
	}
	return n, nil
}

// thunderRows undoes ThunderScan's 4-bit compression: the upper two bits of a byte
// say what the lower six are.
type thunderRows struct {
	data  []byte
	width int
	row   []byte
	last  byte
}

func (t *thunderRows) next() ([]byte, error) {
	clear(t.row)
	x := 0
	put := func(v byte) {
		t.last = v & 15
		if x < t.width {
			t.row[x/2] |= t.last << (4 * (1 - x%2))
		}
		x++
	}
	for x < t.width {
		if len(t.data) == 0 {
			return nil, errShort
		}
		b := t.data[0]
		t.data = t.data[1:]
		switch b >> 6 {
		case 0: // the last pixel again, so many times
			for range b & 63 {
				put(t.last)
			}
		case 1: // three differences of two bits
			for _, shift := range []int{4, 2, 0} {
				if v := b >> shift & 3; v != 2 { // 2 means no pixel
					put(t.last + [4]byte{0, 1, 0, 255}[v])
				}
			}
		case 2: // two differences of three bits
			for _, shift := range []int{3, 0} {
				if v := b >> shift & 7; v != 4 {
					put(t.last + [8]byte{0, 1, 2, 3, 0, 253, 254, 255}[v])
				}
			}
		case 3: // the pixel itself
			put(b)
		}
	}
	return t.row, nil
}
