// Package store defines what an index is: records, filters, and the contract of
// the stores that hold them.
//
// Two stores implement it: local, embedded and exact, for one machine; and
// milvus, for more. storetest is the contract as a test suite, which every store
// runs; its example shows a whole store. This package imports no store: internal/app
// lists them by kind.
//
// What every store does is the interface Store. What only some do are the optional
// interfaces (Verifier, Tunable, FileStateLister and others), which As finds.
package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"time"

	"github.com/sightline/sightline/internal/vec"
)

// Record is one picture of a collection.
type Record struct {
	ID      string // see ID
	Path    string // absolute, slash-separated; any bytes but NUL, not always UTF-8
	Root    string // the PATH argument of the run that found it, absolute
	Size    int64  // bytes
	ModTime time.Time
	// ContentHash is the SHA-256 of the file, 32 bytes. Pictures with equal hashes
	// share an embedding, which is how moved files are recognised.
	ContentHash   []byte
	Width, Height int // as looked at, after the EXIF orientation
	Format        string
	// TakenAt is the picture's own date, zero if it has none: what the clock on the wall
	// showed, put down as if it were UTC. It is a floating time and no instant, so that a
	// picture is of the same day for everybody. About says how much of it is known.
	TakenAt time.Time
	About   About
	Tags    []Tag
	// MetadataStamp changes when metadata beside the file do, or anything about the file:
	// a hash of the sidecar's size and time and of the file's time of change, 0 where there
	// is neither; or StaleMetadata. The index package alone makes it.
	MetadataStamp uint32
	Vector        []float32 // L2-normalised; nil where a call does not return vectors
}

// When is the date that Since, Until and sorting use: TakenAt, or ModTime without it.
// The one is a floating time and the other an instant: see Dated.
func (r *Record) When() time.Time {
	if r.TakenAt.IsZero() {
		return r.ModTime
	}
	return r.TakenAt
}

// Tag is a label on a picture together with where it comes from.
type Tag struct {
	Label string `json:"label"`
	// Source says who put it there: "file" for keywords found in the picture's own
	// metadata, "user" for a person's, "run:ID" for a tagging run.
	Source      string  `json:"source"`
	Score       float32 `json:"score,omitempty"`       // cosine; 0 where it does not apply
	Probability float32 `json:"probability,omitempty"` // calibrated; 0 where it does not apply
}

// ID returns the record id of a path in a collection: 40 lower-case hex digits of
// a SHA-256. It is stable between runs, machines and stores, and needs no quoting
// anywhere.
func ID(collection, path string) string {
	sum := idSum(collection, path)
	return hex.EncodeToString(sum[:20])
}

func idSum(collection, path string) [sha256.Size]byte {
	var room [256]byte // for most paths
	b := append(room[:0], collection...)
	b = append(b, 0) // neither part can hold a NUL, so no two pairs collide
	b = append(b, path...)
	return sha256.Sum256(b)
}

// Model identifies the model that built an index.
type Model struct {
	Fingerprint string
	Name        string
	Precision   string
	Pixels      string // imaging mode, "fast" or "exact"
	// Colour is the policy for colour spaces, "srgb", or "" where they are ignored, as
	// they were before there was a choice.
	Colour string `json:",omitempty"`
	Dim    int
}

// Label is the model's name for messages, with its precision and the start of its
// fingerprint.
func (m Model) Label() string {
	short := m.Fingerprint
	if len(short) > 12 {
		short = short[:12]
	}
	return m.Name + " " + m.Precision + " [" + short + "]"
}

// Failure is a candidate that could not be indexed. It is kept until the file
// changes, disappears, or a retry succeeds.
type Failure struct {
	ID       string
	Path     string
	Root     string
	Size     int64
	ModTime  time.Time
	Reason   string
	At       time.Time
	Attempts int
}

// Stat is the little of a record that deciding whether a file changed takes.
type Stat struct {
	Size        int64
	ModTime     time.Time // to the nanosecond where the store can
	ContentHash []byte
	Failed      bool // it is a Failure, not a Record
	// MetadataStamp is the Record's; 0 for a Failure.
	MetadataStamp uint32
}

// Query is one search with one or many vectors.
type Query struct {
	Vectors  vec.Matrix // L2-normalised rows of the store's dimension
	K        int        // hits wanted per vector, at least 1
	MinScore float32    // hits below this cosine are left out; -1 keeps all
	Filter   Filter     // nil keeps all
}

// Hit is a record that was found. Record.Vector is nil.
type Hit struct {
	Record
	Score float32 // cosine, -1..1
	// Companions are the paths of other files that are the same picture, such as a
	// camera's RAW beside its JPEG. No store fills them in: query.Pair does.
	Companions []string
}

// Fields says what a scan returns beside ids, paths and file facts.
type Fields struct {
	Vectors bool
	// AnyOrder lets the store choose the order, which makes reading a whole index faster.
	// The order is the same in every scan, as long as no record is added, replaced or
	// deleted. A caller that changes the index during such a scan may or may not see its
	// own changes in what the scan yields later.
	AnyOrder bool
}

// Description is what a store knows about itself.
type Description struct {
	Kind       string // of store, such as "local"
	Location   string // folder or address, for people
	Collection string
	Model      Model
	Records    int64
	Failures   int64
	Created    time.Time
	Updated    time.Time // last committed change
	Bytes      int64     // on disk, where the store can tell; else 0
	Format     int       // version of the on-disk or schema format
	Details    []Detail  // what only this kind of store has to say
}

// Detail is a fact about a store, for people and scripts.
type Detail struct {
	Name  string // lower-case letters and underscores
	Value string
}

// Capabilities is plain data about what a store can do.
type Capabilities struct {
	MaxTopK        int  // largest Query.K answered in one call; 0 for no limit
	MaxBatch       int  // largest sensible Upsert
	Exact          bool // Search is exact, not approximate
	ReadAfterWrite bool // a Search sees an Upsert that has returned
}

// Writer changes an index. Each call is atomic and durable when it returns nil:
// after a crash either all of its records are there or none.
type Writer interface {
	// Upsert adds records or replaces those with the same id, tags included. Of
	// records with equal ids in one call the last wins. Every vector must have the
	// store's dimension and unit length; a failure with the same id is cleared.
	Upsert(ctx context.Context, records []Record) error
	// Delete removes records and failures by id. Unknown ids are ignored.
	Delete(ctx context.Context, ids []string) error
	// SetTags replaces, for each id, the tags that come from source; tags from other
	// sources stay. Unknown ids give ErrNotFound and change nothing.
	SetTags(ctx context.Context, source string, tags map[string][]Tag) error
	// RecordFailures adds or replaces failures by id; Attempts counts up from what is
	// there. A record with the same id is removed: what it described is gone.
	RecordFailures(ctx context.Context, failures []Failure) error
	// Flush returns when all that was written can be searched.
	Flush(ctx context.Context) error
}

// Searcher finds records by vector.
type Searcher interface {
	// Search returns exactly one slice per row of q.Vectors, best first, equal scores
	// in id order. A slice is empty, never nil, where nothing matched.
	Search(ctx context.Context, q Query) ([][]Hit, error)
}

// Scanner reads records without searching.
type Scanner interface {
	// Scan yields every record that matches f in id order, or in any where fields says
	// so, as of when it began. The caller may keep what it gets. An error ends the sequence.
	Scan(ctx context.Context, f Filter, fields Fields) iter.Seq2[Record, error]
	// Count returns the number of records that match f.
	Count(ctx context.Context, f Filter) (int64, error)
	// Get returns the records with the given ids, vectors included, in the order of
	// ids and without those that do not exist.
	Get(ctx context.Context, ids []string) ([]Record, error)
	// Stats returns what is known of each id, records and failures alike; an id that
	// is not there is not in the map.
	Stats(ctx context.Context, ids []string) (map[string]Stat, error)
	// FindContent returns the records with a content hash in id order, vectors
	// included, at most limit of them. An empty hash is nobody's.
	FindContent(ctx context.Context, hash []byte, limit int) ([]Record, error)
	// Failures yields every failure in path order.
	Failures(ctx context.Context) iter.Seq2[Failure, error]
}

// Store is an open index.
type Store interface {
	Writer
	Searcher
	Scanner
	Describe(ctx context.Context) (Description, error)
	// Model is the model that built the index, known since it was opened.
	Model() Model
	Capabilities() Capabilities
	// Close releases the store. What was not flushed is still durable. It may be
	// repeated.
	Close() error
}
