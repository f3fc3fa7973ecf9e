package milvus

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/service"
)

// noTime stands for a time that is not known, in seconds.
const noTime = math.MinInt64

// extra is what the JSON field of a record holds. Its texts are escaped.
type extra struct {
	Tags  []store.Tag `json:"tags,omitempty"`
	About store.About `json:"about,omitzero"`
}

// eachText applies a change to the texts of what a picture says about itself.
func eachText(a *store.About, change func(*string)) {
	for _, s := range []*string{&a.Title, &a.Caption, &a.Make, &a.Model} {
		change(s)
	}
}

// bitsOfNS is how many bits of taken_ns are nanoseconds.
const bitsOfNS = 30

func packTakenNS(r *store.Record) int64 {
	return (int64(r.MetadataStamp)+1)<<bitsOfNS | int64(r.TakenAt.Nanosecond())
}

// unpackTakenNS returns the nanoseconds and the stamp. floating is false for a record
// of an older version, whose date is an instant.
func unpackTakenNS(v int64) (ns int64, stamp uint32, floating bool) {
	ns = v & (1<<bitsOfNS - 1)
	if v>>bitsOfNS == 0 {
		return ns, store.StaleMetadata, false
	}
	return ns, uint32(v>>bitsOfNS - 1), true
}

// row is a record in its stored form.
type row struct {
	*store.Record
	path, root, format string
	tags               [][]byte // for filters
	extra              []byte
}

// filterLabels are the labels of a batch as filters see them: many records share a
// label, and folding it takes longer than all else that is done to a record.
type filterLabels map[string][]byte

func (f filterLabels) of(label string) []byte {
	folded, ok := f[label]
	if !ok {
		folded = []byte(escape(filterLabel(label)))
		f[label] = folded
	}
	return folded
}

// noTags is the JSON field of a record without any.
var noTags = []byte("{}")

// newRow converts a record, or says what of it the server cannot keep.
func newRow(r *store.Record, labels filterLabels) (row, error) {
	out := row{Record: r, path: escape(r.Path), root: escape(r.Root), format: escape(r.Format), extra: noTags}
	if len(r.Tags) > 0 || r.About != (store.About{}) {
		e := extra{Tags: make([]store.Tag, len(r.Tags)), About: r.About}
		eachText(&e.About, func(s *string) { *s = escape(*s) })
		for i, t := range r.Tags {
			out.tags = append(out.tags, labels.of(t.Label))
			t.Label, t.Source = escape(t.Label), escape(t.Source)
			e.Tags[i] = t
		}
		slices.SortFunc(out.tags, bytes.Compare)
		out.tags = slices.CompactFunc(out.tags, bytes.Equal)
		var err error
		if out.extra, err = e.encode(); err != nil {
			return out, fmt.Errorf("%q: %w", r.Path, err)
		}
	}
	if err := checkID(r.ID); err != nil {
		return out, fmt.Errorf("%q: %w", r.Path, err)
	}
	for _, f := range []struct {
		name       string
		size, most int
	}{
		{"path", len(out.path), maxText}, {"root", len(out.root), maxText}, {"name of a format", len(out.format), maxFormat},
		{"text of all tags", len(out.extra), maxText}, {"number of labels", len(out.tags), maxTags},
	} {
		if f.size > f.most {
			return out, &store.RecordError{ID: r.ID, Path: r.Path, Err: fmt.Errorf("a %s of %d is more than the %d that Milvus keeps", f.name, f.size, f.most)}
		}
	}
	return out, nil
}

// encode writes the JSON. Where it is too long for the server, titles and captions are
// cut: no caption may cost a picture.
func (e extra) encode() ([]byte, error) {
	b, err := json.Marshal(e)
	for _, most := range []int{8192, 2048, 256, 0} {
		if err != nil || len(b) <= maxText {
			break
		}
		eachText(&e.About, func(s *string) {
			if plain, err := unescape(*s); err == nil {
				*s = escapeUpTo(plain, most)
			}
		})
		b, err = json.Marshal(e)
	}
	return b, err
}

// checkID reports an id that would not sort on the server as it does here. The ids
// of store.ID are hex digits.
func checkID(id string) error {
	if escape(id) != id || len(id) > maxID {
		return fmt.Errorf("%.200q cannot be an id in Milvus: at most %d characters, without quotes, backslashes and %%", id, maxID)
	}
	return nil
}

// bytes is about the size of the row in a message.
func (r *row) bytes() int {
	return 4*len(r.Vector) + 2*len(r.path) + len(r.root) + 2*len(r.extra) + 256
}

// columns turns rows into the columns of a message.
func columns(rows []row) []service.Column {
	n := len(rows)
	texts := func(name string, of func(*row) string) service.Column {
		out := make(service.Texts, n)
		for i := range rows {
			out[i] = of(&rows[i])
		}
		return service.Column{Name: name, Values: out}
	}
	numbers := func(name string, of func(*row) int64) service.Column {
		out := make(service.Numbers, n)
		for i := range rows {
			out[i] = of(&rows[i])
		}
		return service.Column{Name: name, Values: out}
	}
	tags, extras, vectors := make(service.Lists, n), make(service.Documents, n), make(service.Vectors, n)
	for i := range rows {
		tags[i], extras[i], vectors[i] = rows[i].tags, rows[i].extra, rows[i].Vector
	}
	return []service.Column{
		texts(fieldID, func(r *row) string { return r.ID }),
		texts(fieldPath, func(r *row) string { return r.path }),
		texts(fieldRoot, func(r *row) string { return r.root }),
		texts(fieldHash, func(r *row) string { return hex.EncodeToString(r.ContentHash) }),
		texts(fieldFormat, func(r *row) string { return r.format }),
		numbers(fieldSize, func(r *row) int64 { return r.Size }),
		numbers(fieldMod, func(r *row) int64 { return r.ModTime.Unix() }),
		numbers(fieldModNS, func(r *row) int64 { return int64(r.ModTime.Nanosecond()) }),
		numbers(fieldWidth, func(r *row) int64 { return int64(r.Width) }),
		numbers(fieldHeight, func(r *row) int64 { return int64(r.Height) }),
		numbers(fieldTaken, func(r *row) int64 { return seconds(r.TakenAt) }),
		numbers(fieldTakenNS, func(r *row) int64 { return packTakenNS(r.Record) }),
		numbers(fieldShown, func(r *row) int64 { return r.When().Unix() }),
		numbers(fieldShownNS, func(r *row) int64 { return int64(r.When().Nanosecond()) }),
		{Name: fieldTags, Values: tags},
		{Name: fieldExtra, Values: extras},
		{Name: fieldVector, Values: vectors},
	}
}

// seconds is a time that may not be known.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return noTime
	}
	return t.Unix()
}

// readRecord is a row as a record.
type readRecord struct {
	store.Record
	foreign foreignExtra
	scaled  bool // the vector was not of length 1
	ok      bool // it can be a record: what another client wrote may not
}

// record reads a record of recordFields, with its vector if dim is not 0. The caller
// looks at r.err and hands r to Store.warn at the end.
func (r *rows) record(i, dim int) (out readRecord) {
	out.Record = store.Record{
		ID: r.raw(fieldID, i), Path: r.plain(fieldPath, i), Root: r.plain(fieldRoot, i),
		Size: r.int(fieldSize, i), ModTime: time.Unix(r.int(fieldMod, i), r.int(fieldModNS, i)).UTC(),
		Width: int(r.int(fieldWidth, i)), Height: int(r.int(fieldHeight, i)), Format: r.plain(fieldFormat, i),
		ContentHash: r.hash(i),
	}
	switch {
	case r.err != nil:
		return out
	case !isRecordID(out.ID):
		r.odd(i, "its id is not one that sightline makes; it is left out")
		return out
	case out.Path == "" || strings.ContainsRune(out.Path, 0):
		r.odd(i, "%s %q is not a path; it is left out", fieldPath, out.Path)
		return out
	}
	ns, stamp, floating := unpackTakenNS(r.int(fieldTakenNS, i))
	out.MetadataStamp = stamp
	if s := r.int(fieldTaken, i); s != noTime {
		out.TakenAt = time.Unix(s, ns).UTC()
		if !floating { // the wall clock here is the best guess until it is read again
			_, offset := time.Unix(s, 0).Zone()
			out.TakenAt = out.TakenAt.Add(time.Duration(offset) * time.Second)
		}
	}
	out.Tags, out.About, out.foreign = r.extra(i)
	if dim > 0 {
		out.Vector, out.scaled = r.unit(i, dim)
	}
	out.ok = r.err == nil && (dim == 0 || out.Vector != nil)
	return out
}

func (r *rows) hash(i int) []byte {
	text := r.raw(fieldHash, i)
	if text == "" {
		return nil
	}
	h, err := hex.DecodeString(text)
	if err != nil || len(h) != sha256.Size {
		r.odd(i, "%s %q is no SHA-256; it is taken for unknown", fieldHash, text)
		return nil
	}
	return h
}

// extra reads the tags, what the picture says about itself, and what other clients keep
// beside them.
func (r *rows) extra(i int) ([]store.Tag, store.About, foreignExtra) {
	e, foreign, notes := decodeExtra(r.json(fieldExtra, i))
	for _, why := range notes {
		r.odd(i, "%s", why)
	}
	text := func(s string) string {
		plain, err := unescape(s)
		if err != nil {
			r.odd(i, "%q in %s is not escaped; it is taken as it is", s, fieldExtra)
			return s
		}
		return plain
	}
	e.Tags = slices.DeleteFunc(e.Tags, func(t store.Tag) bool {
		err := t.Validate()
		if err != nil {
			r.odd(i, "%v; it is left out", err)
		}
		return err != nil
	})
	for j := range e.Tags {
		e.Tags[j].Label, e.Tags[j].Source = text(e.Tags[j].Label), text(e.Tags[j].Source)
	}
	eachText(&e.About, func(s *string) { *s = text(*s) })
	return e.Tags, e.About, foreign
}

// escapeUpTo is the stored form of as much of the start of s as fits.
func escapeUpTo(s string, most int) string {
	out := escape(s)
	if len(out) <= most {
		return out
	}
	out = out[:most]
	// A character that the end cuts in two, escaped or not, goes as a whole.
	if i := strings.LastIndexByte(out, '%'); i > most-3 {
		out = out[:i]
	}
	return strings.ToValidUTF8(out, "")
}
