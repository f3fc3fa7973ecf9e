package milvus

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/service"
	"github.com/sightline/sightline/internal/store/milvus/settings"
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
	// Service is a connection in place of one to Address, which then is only its name. It
	// sees to deadlines and to the server's passing troubles itself.
	Service service.Service
	TLS     TLS
	// Collection is the user's name of the index; see store.CheckOpen.
	Collection string
	// Model is the one whose vectors the caller works with. An index that another
	// model built is refused with a *store.ModelMismatchError, unless Mode is Rebuild.
	// The zero value accepts whatever model is there and cannot create an index.
	Model store.Model
	// ChooseModel, if it is set, is asked for Model while the index is opened, once it is
	// known which model built it: the zero Model where there is no index yet. It does not
	// go together with Rebuild.
	ChooseModel func(inUse store.Model) (store.Model, error)
	// IDSpace is what the ids of a new index are made with, where it is not its collection:
	// see store.IDSpace.
	IDSpace string
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
	LoadTimeout time.Duration // until a collection is in the server's memory

	Shards         int           // of a new collection, for writing in parallel; 0 means 1
	Replicas       int           // in memory, of a collection that is loaded; 0 leaves them to the server
	ResourceGroups []string      // that a collection is loaded into; none leaves that to the server
	Mmap           bool          // a new collection is mapped from the server's disk
	LeaseEvery     time.Duration // between the signs of life of a store that is open for writing
	Log            *slog.Logger  // nil discards
}

// FromSettings returns the options that a section of the settings says, with the secrets
// out of their files. Which index to open, and for what, is left to the caller.
func FromSettings(s settings.Settings) (Options, error) {
	who, err := s.Credentials()
	if err != nil {
		return Options{}, err
	}
	return Options{
		Address: s.Address, Username: who.Username, Password: who.Password.Reveal(), Token: who.Token.Reveal(),
		Database: s.Database, TLS: TLS(s.TLS), Index: Index(s.Index), Search: SearchParams(s.Search),
		Recall: s.Recall, Consistency: s.Consistency,
		DialTimeout: s.DialTimeout, CallTimeout: s.CallTimeout, RetryFor: s.RetryFor, BatchBytes: s.BatchBytes,
		LoadTimeout: s.LoadTimeout, Shards: s.Shards, Replicas: s.Replicas, ResourceGroups: s.ResourceGroups, Mmap: s.Mmap,
	}, nil
}

// The defaults of Options.
const (
	DefaultRecall      = 0.95
	DefaultDialTimeout = 4 * time.Second
	DefaultCallTimeout = 30 * time.Second
	DefaultBatchBytes  = 16 << 20
	DefaultLoadTimeout = 10 * time.Minute // enough for tens of millions of records

	maxBatchBytes = settings.MaxBatchBytes
)

// check reports options that no index can be opened with.
func (o *Options) check() error {
	if o.ChooseModel != nil && o.Mode == store.Create {
		return store.CheckOpen(o.Collection, store.ReadWrite, o.Model) // the model is checked once it is chosen
	}
	return store.CheckOpen(o.Collection, o.Mode, o.Model)
}

// choose asks for the model, unless it is settled.
func (o *Options) choose(inUse store.Model) (err error) {
	if o.ChooseModel == nil {
		return nil
	}
	if o.Model, err = o.ChooseModel(inUse); err != nil {
		return err
	}
	o.ChooseModel = nil
	return o.check()
}

// withDefaults fills what was left open and reports what cannot work.
func (o Options) withDefaults() (Options, error) {
	if err := o.check(); err != nil {
		return o, err
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
	}{{&o.DialTimeout, DefaultDialTimeout}, {&o.CallTimeout, DefaultCallTimeout}, {&o.LoadTimeout, DefaultLoadTimeout}} {
		if *d.value <= 0 {
			*d.value = d.least
		}
	}
	if o.BatchBytes <= 0 {
		o.BatchBytes = DefaultBatchBytes
	}
	o.Shards = max(o.Shards, 1)
	if o.LeaseEvery <= 0 {
		o.LeaseEvery = DefaultLeaseEvery
	}
	o.BatchBytes = min(o.BatchBytes, maxBatchBytes)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o, nil
}
