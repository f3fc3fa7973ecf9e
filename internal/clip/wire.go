package clip

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// wireReader walks the protocol buffers wire format of a file that may be far
// larger than what is wanted from it. What the caller does not read is skipped
// with a seek.
type wireReader struct {
	src  io.ReadSeeker
	buf  *bufio.Reader
	pos  int64
	size int64
}

// Wire types of the encoding; groups (3 and 4) do not occur in ONNX.
const (
	wireVarint = 0
	wireFixed8 = 1
	wireBytes  = 2
	wireFixed4 = 5
)

// maxWireText bounds a name, so that a damaged length cannot make us allocate.
const maxWireText = 1 << 16

func newWireReader(src io.ReadSeeker, size int64) *wireReader {
	return &wireReader{src: src, buf: bufio.NewReaderSize(src, 32<<10), size: size}
}

// ReadByte lets binary.ReadUvarint read from r.
func (r *wireReader) ReadByte() (byte, error) {
	b, err := r.buf.ReadByte()
	if err == nil {
		r.pos++
	}
	return b, err
}

// wireField is one field of a message: a number, or a run of bytes (a text, a
// nested message, a packed list) that starts where the reader stands.
type wireField struct {
	num   int
	bytes bool
	value uint64 // of a number
	end   int64  // position after the bytes
}

// fields calls fn for every field from the current position to end. Of a run of
// bytes fn may read any part: the rest is skipped.
func (r *wireReader) fields(end int64, fn func(wireField) error) error {
	for r.pos < end {
		key, err := r.uvarint(end)
		if err != nil {
			return err
		}
		f := wireField{num: int(key >> 3)}
		if key>>3 == 0 || key>>3 > 1<<29 {
			return fmt.Errorf("impossible field number %d at byte %d", key>>3, r.pos)
		}
		stop := r.pos
		switch key & 7 {
		case wireVarint:
			if f.value, err = r.uvarint(end); err != nil {
				return err
			}
			stop = r.pos
		case wireFixed8:
			stop += 8
		case wireFixed4:
			stop += 4
		case wireBytes:
			n, err := r.uvarint(end)
			if err != nil {
				return err
			}
			if n > uint64(end-r.pos) {
				return fmt.Errorf("a field of %d bytes at byte %d runs past the end of the data", n, r.pos)
			}
			stop = r.pos + int64(n)
			f.bytes, f.end = true, stop
		default:
			return fmt.Errorf("unknown wire type %d at byte %d", key&7, r.pos)
		}
		if f.bytes || key&7 == wireVarint {
			if err := fn(f); err != nil {
				return err
			}
		}
		if err := r.skipTo(stop, end); err != nil {
			return err
		}
	}
	return nil
}

// text reads from the current position to end as a string.
func (r *wireReader) text(end int64) (string, error) {
	n := end - r.pos
	if n > maxWireText {
		return "", fmt.Errorf("a name of %d bytes at byte %d", n, r.pos)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r.buf, b); err != nil {
		return "", truncated(err)
	}
	r.pos = end
	return string(b), nil
}

func (r *wireReader) uvarint(end int64) (uint64, error) {
	v, err := binary.ReadUvarint(r)
	if err != nil {
		return 0, truncated(err)
	}
	if r.pos > end {
		return 0, fmt.Errorf("a number at byte %d runs past the end of its message", end)
	}
	return v, nil
}

func (r *wireReader) skipTo(pos, end int64) error {
	if pos > end {
		return fmt.Errorf("a field at byte %d runs past the end of its message", r.pos)
	}
	n := pos - r.pos
	if n <= int64(r.buf.Buffered()) {
		_, err := r.buf.Discard(int(n))
		r.pos = pos
		return truncated(err)
	}
	if _, err := r.src.Seek(pos, io.SeekStart); err != nil {
		return fmt.Errorf("seek: %w", err)
	}
	r.buf.Reset(r.src)
	r.pos = pos
	return nil
}

func truncated(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
