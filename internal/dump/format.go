// Package dump writes an index into one portable file, and reads it into any kind of store:
// to move, to keep for decades, and to look into with other programs.
//
// # Format
//
// A file of lines, each a JSON object with one field that says what the line is:
//
//	{"dump": ...}      first: format, the model, and what ids are made with
//	{"record": ...}    a picture, with its tags and its vector
//	{"failure": ...}   a file that could not be read
//	{"document": ...}  what belongs to the index besides: see store.Documents
//	{"end": ...}       last: how many of each there are, and the SHA-256 of all lines before
//
// Vectors are float32 values, little-endian, in base64. Times are seconds since 1970 and
// nanoseconds, because not all of them lie in the years that RFC 3339 knows. Paths are
// strings; one that is not UTF-8 is given in base64 as path_base64, and root_base64. The
// fields about a picture's metadata are those of store.About.
package dump

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sightline/sightline/internal/store"
)

// Format is the number of the format.
const Format = 1

// MaxLine bounds a line: a document of store.MaxDocument bytes in base64 is shorter.
const MaxLine = 128 << 20

// ErrInvalid says that a file is no dump, or is not whole.
var ErrInvalid = errors.New("the file is no whole dump")

// Header is the first line.
type Header struct {
	Format     int       `json:"format"`
	Collection string    `json:"collection"`
	IDSpace    string    `json:"id_space"` // see store.IDSpace
	Written    time.Time `json:"written"`
	Model      model     `json:"model"`
}

type model struct {
	Fingerprint string `json:"fingerprint"`
	Name        string `json:"name"`
	Precision   string `json:"precision"`
	Pixels      string `json:"pixels"`
	Colour      string `json:"colour,omitempty"`
	Dim         int    `json:"dim"`
}

// StoreModel is the model of the index.
func (h Header) StoreModel() store.Model { return store.Model(h.Model) }

// line is any line; one field is set.
type line struct {
	Dump     *Header   `json:"dump,omitempty"`
	Record   *record   `json:"record,omitempty"`
	Failure  *failure  `json:"failure,omitempty"`
	Document *document `json:"document,omitempty"`
	End      *end      `json:"end,omitempty"`
}

type end struct {
	Counts
	SHA256 string `json:"sha256"`
}

// Counts is how much there is of each kind.
type Counts struct {
	Records   int64 `json:"records"`
	Failures  int64 `json:"failures"`
	Documents int64 `json:"documents"`
	// Without counts the records that are left out, because their embeddings were damaged and
	// no run has read the pictures again.
	Without int64 `json:"without_embedding,omitempty"`
}

// moment is a time as seconds and nanoseconds.
type moment [2]int64

func momentOf(t time.Time) *moment {
	if t.IsZero() {
		return nil
	}
	return &moment{t.Unix(), int64(t.Nanosecond())}
}

func (m *moment) time() time.Time {
	if m == nil {
		return time.Time{}
	}
	return time.Unix(m[0], m[1]).UTC()
}

// name is a path as text or, where it is none, in base64.
func name(path string) (text, coded string) {
	if utf8.ValidString(path) {
		return path, ""
	}
	return "", base64.StdEncoding.EncodeToString([]byte(path))
}

func unname(text, coded string) (string, error) {
	if coded == "" {
		return text, nil
	}
	b, err := base64.StdEncoding.DecodeString(coded)
	return string(b), err
}

// checkPlace reports an id or a path that no index of ours has: the next run would not know
// the picture again.
func checkPlace(id, path string) error {
	switch {
	case !isID(id):
		return fmt.Errorf("an id of 40 hexadecimal digits is expected, not %.60q", id)
	case !strings.HasPrefix(path, "/") && !isDrive(path):
		return fmt.Errorf("record %s: an absolute path is expected, not %.200q", id, path)
	case strings.ContainsRune(path, 0):
		return fmt.Errorf("record %s: a NUL in the path %.200q", id, path)
	}
	return nil
}

// isID reports whether a text is what store.ID makes.
func isID(id string) bool {
	return len(id) == 40 && strings.Trim(id, "0123456789abcdef") == ""
}

// isDrive reports whether a path begins with a drive of Windows.
func isDrive(path string) bool { return len(path) > 2 && path[1] == ':' && path[2] == '/' }

type record struct {
	ID            string      `json:"id"`
	Path          string      `json:"path,omitempty"`
	PathBase64    string      `json:"path_base64,omitempty"`
	Root          string      `json:"root,omitempty"`
	RootBase64    string      `json:"root_base64,omitempty"`
	Size          int64       `json:"size"`
	Modified      *moment     `json:"modified,omitempty"`
	SHA256        string      `json:"sha256,omitempty"` // of the file
	Width         int         `json:"width"`
	Height        int         `json:"height"`
	Format        string      `json:"format"`
	Taken         *moment     `json:"taken,omitempty"` // a floating time
	About         store.About `json:"about,omitzero"`
	MetadataStamp uint32      `json:"metadata_stamp,omitempty"`
	Tags          []store.Tag `json:"tags,omitempty"`
	Vector        string      `json:"vector"`
}

func recordOf(r store.Record) *record {
	out := &record{
		ID: r.ID, Size: r.Size, Modified: momentOf(r.ModTime), SHA256: hex.EncodeToString(r.ContentHash),
		Width: r.Width, Height: r.Height, Format: r.Format, Taken: momentOf(r.TakenAt), About: r.About,
		MetadataStamp: r.MetadataStamp, Tags: r.Tags,
	}
	out.Path, out.PathBase64 = name(r.Path)
	out.Root, out.RootBase64 = name(r.Root)
	b := make([]byte, 0, 4*len(r.Vector))
	for _, x := range r.Vector {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	out.Vector = base64.StdEncoding.EncodeToString(b)
	return out
}

func (r *record) store(dim int) (store.Record, error) {
	out := store.Record{
		ID: r.ID, Size: r.Size, ModTime: r.Modified.time(), Width: r.Width, Height: r.Height, Format: r.Format,
		TakenAt: r.Taken.time(), About: r.About, MetadataStamp: r.MetadataStamp, Tags: r.Tags,
	}
	var errs [4]error
	out.Path, errs[0] = unname(r.Path, r.PathBase64)
	out.Root, errs[1] = unname(r.Root, r.RootBase64)
	if r.SHA256 != "" {
		out.ContentHash, errs[2] = hex.DecodeString(r.SHA256)
	}
	b, err := base64.StdEncoding.DecodeString(r.Vector)
	errs[3] = err
	if err := errors.Join(errs[:]...); err != nil {
		return out, fmt.Errorf("record %q: %w", r.ID, err)
	}
	if err := checkPlace(out.ID, out.Path); err != nil {
		return out, err
	}
	if out.Size < 0 || out.Width < 0 || out.Height < 0 || len(out.ContentHash) != 0 && len(out.ContentHash) != sha256.Size {
		return out, fmt.Errorf("record %s: a size or a checksum that no file has", r.ID)
	}
	if len(b) != 4*dim {
		return out, fmt.Errorf("record %q: the vector has %d bytes, %d are expected", r.ID, len(b), 4*dim)
	}
	out.Vector = make([]float32, dim)
	for i := range out.Vector {
		out.Vector[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out, nil
}

type failure struct {
	ID         string  `json:"id"`
	Path       string  `json:"path,omitempty"`
	PathBase64 string  `json:"path_base64,omitempty"`
	Root       string  `json:"root,omitempty"`
	RootBase64 string  `json:"root_base64,omitempty"`
	Size       int64   `json:"size"`
	Modified   *moment `json:"modified,omitempty"`
	Reason     string  `json:"reason"`
	At         *moment `json:"at,omitempty"`
	Attempts   int     `json:"attempts"` // for the reader; a store counts its own
}

func failureOf(f store.Failure) *failure {
	out := &failure{ID: f.ID, Size: f.Size, Modified: momentOf(f.ModTime), Reason: f.Reason, At: momentOf(f.At), Attempts: f.Attempts}
	out.Path, out.PathBase64 = name(f.Path)
	out.Root, out.RootBase64 = name(f.Root)
	return out
}

func (f *failure) store() (store.Failure, error) {
	out := store.Failure{ID: f.ID, Size: f.Size, ModTime: f.Modified.time(), Reason: f.Reason, At: f.At.time()}
	var errs [2]error
	out.Path, errs[0] = unname(f.Path, f.PathBase64)
	out.Root, errs[1] = unname(f.Root, f.RootBase64)
	return out, errors.Join(append(errs[:], checkPlace(out.ID, out.Path))...)
}

type document struct {
	Name string `json:"name"`
	Data []byte `json:"data"` // in base64
}
