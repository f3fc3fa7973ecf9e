package milvus

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"github.com/sightline/sightline/internal/store"
)

// TLS are the settings of an encrypted connection. Its files are PEM.
type TLS struct {
	Enabled    bool
	CA         string // authorities to trust; "" means the system's
	Cert, Key  string // the client's own, both or none
	ServerName string // expected in the server's certificate; "" means the address's host
}

// Index says how a new collection is indexed. Zero parameters mean the defaults.
type Index struct {
	Type           string // FLAT, HNSW, IVF_FLAT, IVF_SQ8, DISKANN or AUTOINDEX; "" means HNSW
	M              int    // HNSW: links of a node, 2..2048
	EfConstruction int    // HNSW: candidates while building
	Nlist          int    // IVF_*: number of clusters, 1..65536
}

// SearchParams say how hard an approximate index looks. 0 leaves one to the store.
type SearchParams struct {
	Ef         int // HNSW: candidates kept
	Nprobe     int // IVF_*: clusters looked at
	SearchList int // DISKANN: candidates kept
}

// Options say which index to open and how. The zero value of a setting means its
// default.
type Options struct {
	Address            string // HOST:PORT
	Username, Password string
	Token              string // in place of user and password
	Database           string // "" means the server's default
	TLS                TLS
	// Collection is the user's name of the index: 1-64 of letters, digits, "_", "-"
	// and ".", not starting with "-" or ".".
	Collection string
	// Model is the one whose vectors the caller works with. An index that another
	// model built is refused with a *store.ModelMismatchError, unless Mode is Rebuild.
	// The zero value accepts whatever model is there and cannot create an index.
	Model store.Model
	// Mode says what for. With Rebuild, a collection for Model is made beside the one in
	// use: this store then reads and writes the new one, and everybody else the old one
	// until Promote.
	Mode store.Mode

	Index  Index
	Search SearchParams // fixed parameters; 0 leaves one to what was saved, then to Recall and k
	// Recall is the share of the true nearest that a search aims to find, 0.5 to 1.
	Recall float64
	// Consistency is that of searches: "strong", "session", "bounded" or "eventually".
	// Everything else is read as it was last written.
	Consistency string
	DialTimeout time.Duration // to be connected
	CallTimeout time.Duration // of one call, retries not counted
	RetryFor    time.Duration // how long a call goes on trying to reach a server that went away
	BatchBytes  int           // of one message
	Log         *slog.Logger  // nil discards
}

// The defaults of Options.
const (
	DefaultRecall      = 0.95
	DefaultDialTimeout = 4 * time.Second
	DefaultCallTimeout = 30 * time.Second
	DefaultBatchBytes  = 16 << 20

	maxBatchBytes = 60 << 20 // servers take messages of 64 MiB, with some room for the frame
)

var collectionName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$`)

// withDefaults fills what was left open and reports what cannot work.
func (o Options) withDefaults() (Options, error) {
	if !collectionName.MatchString(o.Collection) {
		return o, fmt.Errorf("collection name %q: only letters, digits, _, - and . are allowed, "+
			"not starting with - or ., at most 64", o.Collection)
	}
	if o.Mode.Creates() && (o.Model.Fingerprint == "" || o.Model.Dim < 1) {
		return o, errors.New("an index is created for a model, and none was given")
	}
	if o.Address == "" {
		return o, errors.New("no address of a Milvus server was given")
	}
	if o.Recall == 0 {
		o.Recall = DefaultRecall
	}
	if o.Recall < 0 || o.Recall > 1 {
		return o, fmt.Errorf("a recall of %g was asked for; it is a share between 0 and 1", o.Recall)
	}
	if o.Consistency == "" {
		o.Consistency = "bounded"
	}
	if _, err := consistencyLevel(o.Consistency); err != nil {
		return o, err
	}
	var err error
	if o.Index, err = o.Index.withDefaults(); err != nil {
		return o, err
	}
	for _, d := range []struct {
		value *time.Duration
		least time.Duration
	}{{&o.DialTimeout, DefaultDialTimeout}, {&o.CallTimeout, DefaultCallTimeout}} {
		if *d.value <= 0 {
			*d.value = d.least
		}
	}
	if o.BatchBytes <= 0 {
		o.BatchBytes = DefaultBatchBytes
	}
	o.BatchBytes = min(o.BatchBytes, maxBatchBytes)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o, nil
}
