package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/store"
)

// A picture's file is opened below the root that it was found in, so that no link that was
// put there later leads anywhere else. Links that were there when the picture was indexed
// may lead out of the root, or to another place in it: what is found behind one is handed out
// only where it is still the very content of the index, by its SHA-256.

// errGone says that the file of a picture is not there any more.
var errGone = errors.New("the file of this picture is not there any more")

func gone(r *store.Record, err error) error {
	p := newProblem(http.StatusNotFound, kindMissing, errGone.Error(), "is its disk mounted? indexer run takes what is gone out of the index")
	if !errors.Is(err, fs.ErrNotExist) {
		p.Detail = "the file of this picture cannot be read: " + reasonOf(err)
	}
	return p
}

// reasonOf is an error of the system without the path, which may lie outside of a root.
func reasonOf(err error) string {
	var e *fs.PathError
	if errors.As(err, &e) {
		return e.Err.Error()
	}
	return err.Error()
}

// openFile opens the file of a record. What it returns is a regular file no larger than
// the limits; data is set in place of it where the content had to be read to be checked.
func openFile(r *store.Record, limits imaging.Limits) (_ *os.File, data []byte, _ fs.FileInfo, err error) {
	limits = limits.WithDefaults()
	f, linked, err := openBelow(r.Root, r.Path)
	escapes := err != nil && isEscape(err)
	if escapes {
		f, err = os.OpenFile(filepath.FromSlash(r.Path), os.O_RDONLY|nonBlocking, 0)
	}
	if err != nil {
		return nil, nil, nil, gone(r, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is no regular file")
	}
	if err == nil && info.Size() > limits.MaxBytes {
		err = fmt.Errorf("it has %d bytes, at most %d are read", info.Size(), limits.MaxBytes)
	}
	if err != nil {
		f.Close()
		return nil, nil, nil, gone(r, err)
	}
	if !escapes && !linked {
		if err := checkPicture(r, f); err != nil {
			f.Close()
			return nil, nil, nil, err
		}
		return f, nil, info, nil
	}
	defer f.Close()
	if data, err = readAll(f, info.Size()); err != nil {
		return nil, nil, nil, gone(r, err)
	}
	if sum := sha256.Sum256(data); !bytes.Equal(sum[:], r.ContentHash) {
		detail := "a link leads to another file than the one that was indexed"
		if escapes {
			detail = "a link leads out of the indexed folders to a file that was not indexed"
		}
		return nil, nil, nil, newProblem(http.StatusForbidden, kindForbidden, detail, "indexer run reads it, if it is to be shown")
	}
	return nil, data, info, checkPicture(r, bytes.NewReader(data))
}

// checkPicture refuses a file that is no picture, by its first bytes: an index that somebody
// else wrote may name any file that this user may read.
func checkPicture(r *store.Record, f io.ReaderAt) error {
	head := make([]byte, 64)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return gone(r, err)
	}
	switch imaging.KindOf(r.Path, head[:n]) {
	case imaging.KindPicture, imaging.KindRAW:
		if n > 0 {
			return nil
		}
	}
	return newProblem(http.StatusUnprocessableEntity, "fatal", "the file of this record is no picture", "indexer run takes what is no picture any more out of the index")
}

// openBelow opens a file below a root by way of os.Root, which follows no link out of it,
// and reports whether a link within it was followed. A root may be the file itself.
func openBelow(root, file string) (_ *os.File, linked bool, err error) {
	dir, rel := root, ""
	switch {
	case root == file:
		dir, rel = path.Dir(file), path.Base(file)
	case strings.HasPrefix(file, strings.TrimSuffix(root, "/")+"/"):
		rel = strings.TrimPrefix(file, strings.TrimSuffix(root, "/")+"/")
	default:
		return nil, false, errOutside
	}
	r, err := os.OpenRoot(filepath.FromSlash(dir))
	if err != nil {
		return nil, false, err
	}
	defer r.Close()
	f, err := r.OpenFile(filepath.FromSlash(rel), os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return nil, false, err
	}
	linked, err = throughLink(r, rel, f)
	if err != nil {
		f.Close()
		return nil, false, err
	}
	return f, linked, nil
}

// throughLink reports whether a link led to an open file. It looks after the file was opened,
// and whether it is the one that stands there itself: a link that comes or goes in between
// is noticed.
func throughLink(r *os.Root, rel string, f *os.File) (bool, error) {
	have, err := f.Stat()
	if err != nil {
		return false, err
	}
	there, err := r.Lstat(filepath.FromSlash(rel))
	if err != nil {
		return false, err
	}
	if !os.SameFile(have, there) {
		return true, nil
	}
	for dir := path.Dir(rel); dir != "."; dir = path.Dir(dir) {
		info, err := r.Lstat(filepath.FromSlash(dir))
		if err != nil {
			return false, err
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return true, nil
		}
	}
	return false, nil
}

// errOutside says that a record's path is not below its root.
var errOutside = errors.New("the path lies outside of its root")

// nonBlocking keeps a pipe in the place of a picture from holding up its reader.
const nonBlocking = syscall.O_NONBLOCK

// isEscape reports whether os.Root refused a path that leads out of it. Its error has no
// name, so what is refused is told by what it is not.
func isEscape(err error) bool {
	if errors.Is(err, errOutside) {
		return true
	}
	var e *fs.PathError
	var number syscall.Errno
	return errors.As(err, &e) && !errors.As(err, &number)
}

// readAll reads a file that had a size when it was opened. One that grew is cut there.
func readAll(f io.Reader, size int64) ([]byte, error) {
	data := make([]byte, size)
	n, err := io.ReadFull(f, data)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil
	}
	return data[:n], err
}

// readFile reads the file of a record, and reports whether it still has the size and time
// that it was indexed with.
func readFile(_ context.Context, r *store.Record, limits imaging.Limits) ([]byte, bool, error) {
	f, data, info, err := openFile(r, limits)
	if err != nil {
		return nil, false, err
	}
	if f == nil {
		return data, true, nil
	}
	defer f.Close()
	if data, err = readAll(f, info.Size()); err != nil {
		return nil, false, gone(r, err)
	}
	return data, unchanged(r, info), nil
}

// unchanged reports whether a file has the size and time of its record. Some stores keep
// whole seconds.
func unchanged(r *store.Record, info fs.FileInfo) bool {
	return info.Size() == r.Size && info.ModTime().Truncate(time.Second).Equal(r.ModTime.Truncate(time.Second))
}
