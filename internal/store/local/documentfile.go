package local

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sightline/sightline/internal/store"
)

// The file of a document is a line that says what it is and has the SHA-256 of the
// document's name, a zero byte and its data; the data follow.
//
// Its name is the document's, with underscores in the place of slashes, and one more at the
// end. The file of an earlier version, without a checksum, has none at the end. So the name
// of a file says whether it has a checksum, and no damage to what is in it can hide that.
// A writer gives those of earlier versions theirs: see adoptDocuments.

const (
	documentMark = "sightline document 1 "
	// documentHead is the length of the line.
	documentHead = len(documentMark) + 2*sha256.Size + len("\n")
	sealedSuffix = "_"
)

// encodeDocument returns the content of a document's file.
func encodeDocument(name string, data []byte) []byte {
	return append([]byte(documentMark+documentSum(name, data)+"\n"), data...)
}

func documentSum(name string, data []byte) string {
	h := sha256.New()
	h.Write(append([]byte(name), 0))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

// decodeDocument returns the data in a document's file. One that is not what was written
// under this name is store.ErrDamaged.
func decodeDocument(name string, file []byte) ([]byte, error) {
	if len(file) < documentHead || !bytes.HasPrefix(file, []byte(documentMark)) || file[documentHead-1] != '\n' {
		return nil, fmt.Errorf("%w: its file does not begin as one", store.ErrDamaged)
	}
	data := file[documentHead:]
	if documentSum(name, data) != string(file[len(documentMark):documentHead-1]) {
		return nil, fmt.Errorf("%w: its checksum is another", store.ErrDamaged)
	}
	return data, nil
}

// documentPath is where a document lies, plainPath where one of an earlier version does.
func (s *Store) documentPath(name string) string { return s.plainPath(name) + sealedSuffix }

func (s *Store) plainPath(name string) string {
	return filepath.Join(s.base, documentsName, strings.ReplaceAll(name, "/", "_"))
}

// documentOfFile is the document that a file of the folder holds; ok is false for other files.
func documentOfFile(file string) (name string, ok bool) {
	name = strings.ReplaceAll(strings.TrimSuffix(file, sealedSuffix), "_", "/")
	return name, store.CheckDocumentName(name) == nil
}

// readDocument reads a document from its file. The error is fs.ErrNotExist where there is
// none, and store.ErrDamaged.
func (s *Store) readDocument(name string) ([]byte, error) {
	for last := false; ; last = true {
		file, err := readRegular(s.documentPath(name), store.MaxDocument+int64(documentHead))
		if err == nil {
			return decodeDocument(name, file)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		data, err := readRegular(s.plainPath(name), store.MaxDocument)
		// It may have got its checksum between the two looks.
		if !errors.Is(err, fs.ErrNotExist) || last {
			return data, err
		}
	}
}

// adoptDocuments gives the documents of earlier versions checksums. Others may put and
// remove documents meanwhile, for which nobody needs a lock: what they did stays.
func (s *Store) adoptDocuments() error {
	dir, err := s.documentsFolder()
	var entries []os.DirEntry
	if err == nil {
		entries, err = os.ReadDir(dir)
	}
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return err
	}
	var errs []error
	for _, e := range entries {
		name, ok := documentOfFile(e.Name())
		if ok && e.Type().IsRegular() && !strings.HasSuffix(e.Name(), sealedSuffix) {
			errs = append(errs, s.adoptDocument(dir, name))
		}
	}
	return errors.Join(errs...)
}

func (s *Store) adoptDocument(dir, name string) error {
	plain, sealed := s.plainPath(name), s.documentPath(name)
	data, err := readRegular(plain, store.MaxDocument)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("document %s: %w", name, err)
	}
	temp, err := writeTemporary(dir, encodeDocument(name, data))
	if err != nil {
		return fmt.Errorf("document %s: %w", name, err)
	}
	defer os.Remove(temp)
	// A link replaces nothing: who has put the document meanwhile has the newer data.
	err = os.Link(temp, sealed)
	mine := err == nil
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("document %s: %w", name, err)
	}
	err = os.Remove(plain)
	if mine && errors.Is(err, fs.ErrNotExist) && sameFile(temp, sealed) {
		return os.Remove(sealed) // somebody removed the document meanwhile
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return err
}

// writeTemporary writes a durable file under a name of its own, by which
// atomicfile.RemoveLeftovers knows it where the process is killed.
func writeTemporary(dir string, content []byte) (path string, err error) {
	f, err := os.CreateTemp(dir, ".sightline-*.tmp")
	if err != nil {
		return "", err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

func sameFile(a, b string) bool {
	x, err := os.Lstat(a)
	if err != nil {
		return false
	}
	y, err := os.Lstat(b)
	return err == nil && os.SameFile(x, y)
}
