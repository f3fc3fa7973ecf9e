// Package saved keeps labels that people made of pictures: a name and a prototype, the
// embedding that pictures of the label lie near to.
//
// A label is a file NAME.json in a folder that belongs to the index. It is written whole
// or not at all. A prototype means something only to the model that made it, whose
// fingerprint stands beside it.
package saved

import (
	"encoding/base64"
	"encoding/binary"
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

// Labels are the saved labels of a folder.
type Labels struct{ dir string }

// Open returns the labels of a folder, which is made when one is first saved.
func Open(dir string) *Labels { return &Labels{dir} }

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
func (s *Labels) Save(l Label, replace Replace) error {
	if err := CheckName(l.Name); err != nil {
		return err
	}
	if !vec.IsUnit(l.Vector) || len(l.Vector) > maxValues {
		return fmt.Errorf("#%s: the prototype is not of length 1", l.Name)
	}
	if _, err := os.Stat(s.path(l.Name)); err == nil && replace == Keep {
		return fmt.Errorf("%w: #%s", ErrExists, l.Name)
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
func (s *Labels) Load(name string) (*Label, error) {
	if CheckName(name) != nil { // and so of no file outside of the folder
		return nil, fmt.Errorf("%w #%s", ErrUnknown, name)
	}
	return load(s.path(name), name)
}

func load(path, name string) (*Label, error) {
	bad := func(what string) (*Label, error) { return nil, fmt.Errorf("%w: %s: %s", ErrDamaged, path, what) }
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w #%s", ErrUnknown, name)
	}
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() || st.Size() > maxFile {
		return bad("it is too large, or no file")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
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

// List returns the labels in order of their names, and an error for each file that
// cannot be read.
func (s *Labels) List() ([]Label, []error) {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, []error{err}
	}
	var labels []Label
	var failed []error
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), extension)
		if !ok || strings.HasPrefix(name, ".") {
			continue
		}
		l, err := load(filepath.Join(s.dir, e.Name()), name)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		labels = append(labels, *l)
	}
	slices.SortFunc(labels, func(a, b Label) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return labels, failed
}

// Remove deletes a label. The error is ErrUnknown where there is none.
func (s *Labels) Remove(name string) error {
	if CheckName(name) != nil {
		return fmt.Errorf("%w #%s", ErrUnknown, name)
	}
	err := os.Remove(s.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w #%s", ErrUnknown, name)
	}
	return err
}
