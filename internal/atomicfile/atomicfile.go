// Package atomicfile replaces files so that a crash, a full disk or a failing
// writer leaves the old content, or none, and never half of the new.
package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Write puts what write writes in the place of the file, as Create and Commit do.
func Write(path string, write func(w io.Writer) error) error {
	f, err := Create(path)
	if err != nil {
		return err
	}
	if err := write(f.out); err != nil {
		return errors.Join(f.fail(err), f.Abort())
	}
	return f.Commit()
}

// Check reports now why Write could not begin: there is no such folder, or it takes no
// files. Whoever works for hours before the file is written asks first.
func Check(path string) error {
	if dir := filepath.Dir(path); dir != "." {
		if st, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("write %s: there is no folder %s", path, dir)
		} else if err == nil && !st.IsDir() {
			return fmt.Errorf("write %s: %s is no folder", path, dir)
		}
	}
	f, err := Create(path)
	if err != nil {
		return err
	}
	return f.Abort()
}

// CheckReplace is Check, and lets allow look at the first kilobyte of a file that is there,
// which Write would replace.
func CheckReplace(path string, allow func(head []byte) error) error {
	if err := Check(path); err != nil {
		return err
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, 1024))
	if err != nil {
		return err
	}
	return allow(head)
}

// WriteBytes is Write for content that is at hand.
func WriteBytes(path string, content []byte) error {
	return Write(path, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// WriteCache is WriteBytes for content with a checksum of its own that can be rebuilt:
// it is replaced whole, but nobody waits until the disk has it. After a crash of the
// machine the file may be damaged. What killed processes left in the folder of a cache is
// removed on the way: a folder that nobody looks into must not grow.
func WriteCache(path string, content []byte) error {
	_, _ = RemoveLeftovers(filepath.Dir(path)) // the next write tries again
	f, err := Create(path)
	if err != nil {
		return err
	}
	f.cache = true
	if _, err := f.Write(content); err != nil {
		return errors.Join(err, f.Abort())
	}
	return f.Commit()
}

// syncDir makes the names in a folder durable, where the system can.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
