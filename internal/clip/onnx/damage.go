package onnx

import (
	"bytes"
	"errors"
	"fmt"
)

// errField is the error of what cannot be a field of a message.
var errField = errors.New("no field of a message")

// cutError is the error of a field that a file is too short for.
type cutError struct{ missing int64 }

func (e *cutError) Error() string {
	return fmt.Sprintf("it is cut short: at least %d bytes are missing", e.missing)
}

// strangers are the beginnings of what is often found in the place of a model.
var strangers = []struct{ begins, is string }{
	{"version https://git-lfs", "a pointer of Git LFS: `git lfs pull` brings the file that it stands for"},
	{"<", "a web page"},
	{"{", "JSON"},
	{"PK\x03\x04", "a ZIP archive"},
	{"\x1f\x8b", "a gzip archive"},
	{"\x80\x02", "a file of PyTorch"},
}

// damaged says what a file is that has no field at pos.
func (r *reader) damaged(pos int64, err error) error {
	if !errors.Is(err, errField) && !errors.As(err, new(*cutError)) {
		return err // of reading the file
	}
	head, readErr := r.peek(0, min(r.size, 64))
	if readErr != nil {
		return readErr
	}
	for _, s := range strangers {
		if bytes.HasPrefix(head, []byte(s.begins)) {
			return errors.New("it is " + s.is)
		}
	}
	switch cut := (*cutError)(nil); {
	case errors.As(err, &cut):
		return cut
	case pos > 0:
		return fmt.Errorf("it is damaged near byte %d", pos)
	}
	return errors.New("it is no ONNX file")
}
