// Package smallfile reads files that a person names and that a program reads whole:
// settings, secrets, certificates, templates. A pipe works too, as shells make of <(...),
// but one to which nobody writes is not waited for.
package smallfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// Patience is how long one reads from a pipe whose writer says nothing.
const Patience = 30 * time.Second

// Read reads a file or a pipe that has at most limit bytes. The error names the file.
func Read(path string, limit int64) ([]byte, error) { return read(path, limit, Patience) }

func read(path string, limit int64, patience time.Duration) ([]byte, error) {
	// O_NONBLOCK: to open a pipe without a writer would wait for ever.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fail := func(err error) ([]byte, error) {
		return nil, &fs.PathError{Op: "read", Path: path, Err: err}
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	pipe := info.Mode()&fs.ModeNamedPipe != 0
	switch {
	case info.IsDir():
		return fail(errors.New("it is a folder"))
	case pipe:
		_ = f.SetReadDeadline(time.Now().Add(patience)) // where the system has none, it waits
	case !info.Mode().IsRegular():
		return fail(errors.New("it is neither a file nor a pipe"))
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fail(fmt.Errorf("nothing has come from this pipe for %s", patience))
	case err != nil:
		return nil, err
	case int64(len(data)) > limit:
		return fail(fmt.Errorf("it has more than %d bytes", limit))
	case pipe && len(data) == 0:
		return fail(errors.New("nothing comes from this pipe"))
	}
	return data, nil
}
