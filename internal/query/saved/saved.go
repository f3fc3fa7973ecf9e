// Package saved keeps labels that people made of pictures: a name and a prototype, the
// embedding that pictures of the label lie near to.
//
// A label is a document of the index (store.Documents), so that every machine that has the
// index has it. Stores without documents, and older versions, have a file NAME.json in a
// folder that belongs to the index. A label is written whole or not at all. A prototype means something only to the model that made it, whose
// fingerprint stands beside it.
package saved

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// Errors that callers tell apart with errors.Is.
var (
	ErrUnknown = errors.New("there is no saved label")
	ErrName    = errors.New("that is no name for a label")
	ErrModel   = errors.New("the label was made with another model")
	ErrDamaged = errors.New("the saved label cannot be read")
	ErrExists  = errors.New("there is a label of that name")
)

const (
	version   = 1
	extension = ".json"
	maxName   = 100     // bytes
	maxFile   = 4 << 20 // bytes
	maxValues = 1 << 16 // of a prototype
)

// Label is a saved label.
type Label struct {
	Name    string
	Vector  []float32 // unit
	Model   store.Model
	Like    []string // the pictures that it was made of, for people
	Unlike  []string
	Created time.Time
}

// VectorFor returns the prototype for use with a model. The error is ErrModel if that is
// not the one that made it.
func (l *Label) VectorFor(m store.Model) ([]float32, error) {
	if l.Model.Fingerprint != m.Fingerprint || len(l.Vector) != m.Dim {
		return nil, fmt.Errorf("#%s: %w: %s, and the index has %s", l.Name, ErrModel, l.Model.Label(), m.Label())
	}
	return l.Vector, nil
}

// file is a label on disk.
type file struct {
	Version int         `json:"version"`
	Name    string      `json:"name"`
	Model   store.Model `json:"model"`
	Like    []string    `json:"like,omitempty"`
	Unlike  []string    `json:"unlike,omitempty"`
	Created time.Time   `json:"created"`
	Vector  string      `json:"vector"` // float32, the least byte first, in base64
}

// Labels are the saved labels of an index.
type Labels struct {
	dir  string
	docs store.Documents // nil for files in dir alone
}

// documentsPrefix begins the names of the documents of labels.
const documentsPrefix = "labels/"

// Open returns the labels of a folder, which is made when one is first saved.
func Open(dir string) *Labels { return &Labels{dir: dir} }

// In returns labels that are documents of an index. Those that lie in the folder as files
// are found there until they are saved again. With nil, labels are files.
func (s *Labels) In(docs store.Documents) *Labels { return &Labels{dir: s.dir, docs: docs} }

// document is the name of the document of a label, whatever the case of its name: letters
// of all alphabets are in the names of labels, and not in those of documents.
func document(name string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(name)))
	return documentsPrefix + hex.EncodeToString(sum[:16]) + ".json"
}

// CheckName reports what keeps a name from being one: it begins with a letter, and has
// only letters, digits, spaces, dashes, underscores and dots in it.
func CheckName(name string) error {
	first, _ := utf8.DecodeRuneInString(name)
	bad := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" -_.", r)
	}
	switch {
	case !utf8.ValidString(name) || !unicode.IsLetter(first):
		return fmt.Errorf("%w: %q does not begin with a letter", ErrName, name)
	case len(name) > maxName:
		return fmt.Errorf("%w: it has %d bytes, at most %d are allowed", ErrName, len(name), maxName)
	case strings.IndexFunc(name, bad) >= 0 || strings.TrimSpace(name) != name:
		return fmt.Errorf("%w: %q has something in it besides letters, digits, spaces, dashes, underscores and dots", ErrName, name)
	}
	return nil
}

// path is the file of a label, whatever the case of its name.
func (s *Labels) path(name string) string {
	return filepath.Join(s.dir, strings.ToLower(name)+extension)
}

// Save keeps a label. One of the same name is replaced only with replace.
func (s *Labels) Save(ctx context.Context, l Label, replace Replace) error {
	if err := CheckName(l.Name); err != nil {
		return err
	}
	if !vec.IsUnit(l.Vector) || len(l.Vector) > maxValues {
		return fmt.Errorf("#%s: the prototype is not of length 1", l.Name)
	}
	if replace == Keep {
		if _, _, err := s.read(ctx, l.Name); !errors.Is(err, ErrUnknown) {
			return fmt.Errorf("%w: #%s", ErrExists, l.Name)
		}
	}
	var raw []byte
	for _, x := range l.Vector {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
	}
	data, err := json.MarshalIndent(file{
		Version: version, Name: l.Name, Model: l.Model, Like: l.Like, Unlike: l.Unlike, Created: l.Created.UTC(),
		Vector: base64.StdEncoding.EncodeToString(raw),
	}, "", "  ")
	if err != nil {
		return err
	}
	if s.docs != nil {
		if err := s.docs.PutDocument(ctx, document(l.Name), append(data, '\n')); err != nil {
			return fmt.Errorf("saving #%s: %w", l.Name, err)
		}
		return removeFile(s.path(l.Name))
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return fmt.Errorf("saving #%s: %w", l.Name, err)
	}
	if err := atomicfile.WriteBytes(s.path(l.Name), append(data, '\n')); err != nil {
		return fmt.Errorf("saving #%s: %w", l.Name, err)
	}
	return nil
}

// Replace says what becomes of a label of the same name.
type Replace bool

// What becomes of it.
const (
	Keep      Replace = false
	Overwrite Replace = true
)

// Load reads a label. The error is ErrUnknown or ErrDamaged.
func (s *Labels) Load(ctx context.Context, name string) (*Label, error) {
	if CheckName(name) != nil { // and so of no file outside of the folder
		return nil, fmt.Errorf("%w #%s", ErrUnknown, name)
	}
	data, from, err := s.read(ctx, name)
	if err != nil {
		return nil, err
	}
	return parse(data, from)
}

// read returns the text of a label, and where it was found.
func (s *Labels) read(ctx context.Context, name string) (data []byte, from string, err error) {
	if s.docs != nil {
		from = document(name)
		if data, err = s.docs.Document(ctx, from); !errors.Is(err, store.ErrNotFound) {
			return data, from, err
		}
	}
	from = s.path(name)
	data, err = readFile(from)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w #%s", ErrUnknown, name)
	}
	return data, from, err
}

func readFile(path string) ([]byte, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() || st.Size() > maxFile {
		return nil, fmt.Errorf("%w: %s: it is too large, or no file", ErrDamaged, path)
	}
	return os.ReadFile(path)
}

// parse reads the text of a label.
func parse(data []byte, from string) (*Label, error) {
	bad := func(what string) (*Label, error) { return nil, fmt.Errorf("%w: %s: %s", ErrDamaged, from, what) }
	if len(data) > maxFile {
		return bad("it is too large")
	}
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		return bad(err.Error())
	}
	if f.Version != version {
		return bad(fmt.Sprintf("it is of version %d, this program reads %d", f.Version, version))
	}
	raw, err := base64.StdEncoding.DecodeString(f.Vector)
	if err != nil || len(raw)%4 != 0 {
		return bad("its prototype is cut")
	}
	l := &Label{Name: f.Name, Model: f.Model, Like: f.Like, Unlike: f.Unlike, Created: f.Created, Vector: make([]float32, len(raw)/4)}
	for i := range l.Vector {
		l.Vector[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	if !vec.IsUnit(l.Vector) || CheckName(l.Name) != nil {
		return bad("its name or its prototype is not one")
	}
	return l, nil
}

// List returns the labels in order of their names, and an error for each that cannot be
// read.
func (s *Labels) List(ctx context.Context) ([]Label, []error) {
	texts, failed := s.texts(ctx)
	var labels []Label
	seen := make(map[string]bool)
	for _, t := range texts {
		l, err := parse(t.data, t.from)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		if key := strings.ToLower(l.Name); !seen[key] { // the document of a label comes before its file
			seen[key] = true
			labels = append(labels, *l)
		}
	}
	slices.SortFunc(labels, func(a, b Label) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return labels, failed
}

type text struct {
	data []byte
	from string
}

// texts reads the texts of all labels: the documents, then the files.
func (s *Labels) texts(ctx context.Context) (texts []text, failed []error) {
	if s.docs != nil {
		names, err := s.docs.DocumentNames(ctx, documentsPrefix)
		if err != nil {
			return nil, []error{err}
		}
		for _, name := range names {
			data, err := s.docs.Document(ctx, name)
			if err != nil {
				failed = append(failed, err)
				continue
			}
			texts = append(texts, text{data, name})
		}
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		failed = append(failed, err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), extension) || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		path := filepath.Join(s.dir, e.Name())
		data, err := readFile(path)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		texts = append(texts, text{data, path})
	}
	return texts, failed
}

// Remove deletes a label. The error is ErrUnknown where there is none.
func (s *Labels) Remove(ctx context.Context, name string) error {
	if CheckName(name) != nil {
		return fmt.Errorf("%w #%s", ErrUnknown, name)
	}
	if _, _, err := s.read(ctx, name); errors.Is(err, ErrUnknown) {
		return err
	}
	if err := removeFile(s.path(name)); err != nil || s.docs == nil {
		return err
	}
	return s.docs.DeleteDocument(ctx, document(name))
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// CopyTo brings the labels to those of a copy of the index, but for those that it has. It
// returns what could not be read or written.
func (s *Labels) CopyTo(ctx context.Context, to *Labels) []error {
	labels, failed := s.List(ctx)
	for _, l := range labels {
		if err := to.Save(ctx, l, Keep); err != nil && !errors.Is(err, ErrExists) {
			failed = append(failed, err)
		}
	}
	return failed
}
