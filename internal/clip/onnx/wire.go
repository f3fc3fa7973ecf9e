package onnx

import (
	"errors"
	"fmt"
	"io"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// reader walks encoded messages. It reads a file through a window of a few kilobytes, so
// that stepping over a field costs nothing however long it is; the window of a message in
// memory is the message itself.
type reader struct {
	src    io.ReaderAt // nil for a message in memory
	size   int64
	window []byte // the bytes from at on
	at     int64
}

const (
	windowSize = 32 << 10
	// maxName bounds a name, so that a damaged length cannot make us allocate.
	maxName = 1 << 16
	// maxVarint is the longest encoding of a number.
	maxVarint = 10
)

func fileReader(src io.ReaderAt, size int64) *reader { return &reader{src: src, size: size} }

func bytesReader(b []byte) *reader { return &reader{size: int64(len(b)), window: b} }

// field is one field of a message. Its content, [body, end), may be walked or read while
// the reader is at it, or later.
type field struct {
	num              protowire.Number
	typ              protowire.Type
	value            uint64 // of a number
	start, body, end int64  // positions of the tag, of the content, and of the next field
}

// isNumber reports whether f is a number, which value holds.
func (f field) isNumber() bool { return f.typ == protowire.VarintType }

// isBytes reports whether f is a run of bytes: a text, a message, or a packed list.
func (f field) isBytes() bool { return f.typ == protowire.BytesType }

// message calls fn for each field of the whole encoded message.
func (r *reader) message(fn func(field) error) error { return r.span(0, r.size, fn) }

// fields calls fn for each field of the message in f.
func (r *reader) fields(f field, fn func(field) error) error { return r.span(f.body, f.end, fn) }

func (r *reader) span(pos, end int64, fn func(field) error) error {
	for pos < end {
		f, err := r.next(pos, end)
		if err != nil {
			return r.damaged(pos, err)
		}
		if err := fn(f); err != nil {
			return err
		}
		pos = f.end
	}
	return nil
}

// next reads the head of the field at pos in a message that ends at end.
func (r *reader) next(pos, end int64) (field, error) {
	head, err := r.peek(pos, min(2*maxVarint, end-pos))
	if err != nil {
		return field{}, err
	}
	num, typ, n := protowire.ConsumeTag(head)
	if n < 0 {
		return field{}, errField
	}
	f := field{num: num, typ: typ, start: pos, body: pos + int64(n)}
	length := uint64(0)
	switch typ {
	case protowire.VarintType:
		v, m := protowire.ConsumeVarint(head[n:])
		if m < 0 {
			return field{}, errField
		}
		f.value, length = v, uint64(m)
	case protowire.BytesType:
		v, m := protowire.ConsumeVarint(head[n:])
		if m < 0 {
			return field{}, errField
		}
		f.body += int64(m)
		length = v
	case protowire.Fixed32Type:
		length = 4
	case protowire.Fixed64Type:
		length = 8
	default: // groups, which ONNX has none of
		return field{}, errField
	}
	if length > uint64(end-f.body) {
		if end == r.size && length <= math.MaxInt64 && pos > 0 {
			return field{}, &cutError{missing: int64(length) - (end - f.body)}
		}
		return field{}, errField
	}
	f.end = f.body + int64(length)
	return f, nil
}

// peek returns the n bytes at pos. They are valid until the next call.
func (r *reader) peek(pos, n int64) ([]byte, error) {
	from := pos - r.at
	if from < 0 || from+n > int64(len(r.window)) {
		if r.src == nil {
			return nil, io.ErrUnexpectedEOF
		}
		if cap(r.window) == 0 {
			r.window = make([]byte, windowSize)
		}
		r.window = r.window[:max(min(int64(cap(r.window)), r.size-pos), 0)]
		r.at = pos
		if got, err := r.src.ReadAt(r.window, pos); got < len(r.window) {
			r.window = r.window[:got]
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF // the file became shorter
			}
			return nil, err
		}
		from = 0
	}
	if from+n > int64(len(r.window)) {
		return nil, io.ErrUnexpectedEOF
	}
	return r.window[from : from+n], nil
}

// text returns a field that is a name, an operator or the like.
func (r *reader) text(f field) (string, error) {
	n := f.end - f.body
	if n > maxName {
		return "", fmt.Errorf("a name of %d bytes at byte %d", n, f.body)
	}
	if n <= windowSize || r.src == nil {
		b, err := r.peek(f.body, n)
		return string(b), err
	}
	b := make([]byte, n)
	if got, err := r.src.ReadAt(b, f.body); got < len(b) {
		return "", err
	}
	return string(b), nil
}

// raw returns a field with its tag, and content the field without it. Both are for
// messages in memory, whose bytes they share.
func (r *reader) raw(f field) []byte     { return r.window[f.start:f.end:f.end] }
func (r *reader) content(f field) []byte { return r.window[f.body:f.end:f.end] }

// The writing side: each appends one field to an encoded message.

func appendText(b []byte, num protowire.Number, text string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, num, protowire.BytesType), text)
}

func appendNumber(b []byte, num protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), v)
}

func appendMessage(b []byte, num protowire.Number, m []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), m)
}
