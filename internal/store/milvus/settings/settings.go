// Package settings is the section of the settings that belongs to the milvus store: its
// keys, its defaults, and what makes it invalid. It is apart from the store so that
// reading settings does not take the SDK.
package settings

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/secret"
)

// Settings are those of the milvus store. The tags are the keys below "milvus".
type Settings struct {
	Address      string      `mapstructure:"address"` // HOST:PORT
	Username     string      `mapstructure:"username"`
	Password     secret.Text `mapstructure:"password"`
	PasswordFile string      `mapstructure:"password_file"` // holds the password instead
	Token        secret.Text `mapstructure:"token"`         // in place of user and password
	TokenFile    string      `mapstructure:"token_file"`
	Database     string      `mapstructure:"database"` // "" means the server's default
	TLS          TLS         `mapstructure:"tls"`
	Index        Index       `mapstructure:"index"`
	Search       Search      `mapstructure:"search"`
	// Recall is the share of the true nearest that a search aims to find, 0.5 to 1.
	// The search parameters that are left open follow from it and from k.
	Recall      float64       `mapstructure:"recall"`
	Consistency string        `mapstructure:"consistency"`  // of searches: "strong", "session", "bounded", "eventually"
	DialTimeout time.Duration `mapstructure:"dial_timeout"` // to be connected
	CallTimeout time.Duration `mapstructure:"call_timeout"` // of one call, retries not counted
	RetryFor    time.Duration `mapstructure:"retry_for"`    // an indexing run waits this long for a server that went away
	BatchBytes  int           `mapstructure:"batch_bytes"`  // of one message
	LoadTimeout time.Duration `mapstructure:"load_timeout"` // until a collection is in the server's memory

	Shards         int      `mapstructure:"shards"`          // of a new collection
	Replicas       int      `mapstructure:"replicas"`        // in memory; 0 leaves them to the server
	ResourceGroups []string `mapstructure:"resource_groups"` // that a collection is loaded into
	Mmap           bool     `mapstructure:"mmap"`            // a new collection is mapped from the server's disk
}

// TLS are the settings of an encrypted connection.
type TLS struct {
	Enabled    bool   `mapstructure:"enabled"`
	CA         string `mapstructure:"ca"`          // PEM file; "" means the system's
	Cert       string `mapstructure:"cert"`        // PEM file of the client, with Key
	Key        string `mapstructure:"key"`         // PEM file
	ServerName string `mapstructure:"server_name"` // expected in the server's certificate; "" means the address's host
}

// Index says how a new collection is indexed.
type Index struct {
	Type           string `mapstructure:"type"`
	M              int    `mapstructure:"m"`               // HNSW: links of a node
	EfConstruction int    `mapstructure:"ef_construction"` // HNSW: candidates while building
	Nlist          int    `mapstructure:"nlist"`           // IVF_*: number of clusters
}

// Search fixes search parameters; 0 leaves one to Recall and k.
type Search struct {
	Ef         int `mapstructure:"ef"`          // HNSW: candidates kept
	Nprobe     int `mapstructure:"nprobe"`      // IVF_*: clusters looked at
	SearchList int `mapstructure:"search_list"` // DISKANN: candidates kept
}

// The kinds of index that Milvus builds for us, and the levels of consistency.
var (
	indexTypes        = []string{"FLAT", "HNSW", "IVF_FLAT", "IVF_SQ8", "DISKANN", "AUTOINDEX"}
	consistencyLevels = []string{"strong", "session", "bounded", "eventually"}
)

// MaxBatchBytes is the most that a message may be meant to hold: servers take 64 MiB,
// frame included.
const MaxBatchBytes = 60 << 20

// The most shards that a server gives a collection (16 by rootCoord.maxShardNum of its own
// settings), and more replicas than any cluster has use for.
const (
	maxShards   = 16
	maxReplicas = 64
)

// Default returns the settings for a server on this machine. docs/milvus.md says what
// led to each.
func Default() Settings {
	return Settings{
		Address:     "localhost:19530",
		Index:       Index{Type: "HNSW", M: 16, EfConstruction: 200, Nlist: 1024},
		Recall:      0.95,
		Consistency: "bounded",
		DialTimeout: 4 * time.Second,
		CallTimeout: 30 * time.Second,
		RetryFor:    2 * time.Minute,
		BatchBytes:  16 << 20,
		LoadTimeout: 10 * time.Minute,
		Shards:      1,
		// What the file that ships says.
		ResourceGroups: []string{},
	}
}

// Credentials are what a server is told about the user: a token, or a name with a
// password, or nothing.
type Credentials struct {
	Username string
	Password secret.Text
	Token    secret.Text
}

// Credentials reads the files that hold secrets.
func (s Settings) Credentials() (Credentials, error) {
	password, err := secret.From("milvus.password", s.Password, s.PasswordFile)
	if err != nil {
		return Credentials{}, err
	}
	token, err := secret.From("milvus.token", s.Token, s.TokenFile)
	if err != nil {
		return Credentials{}, err
	}
	return Credentials{Username: s.Username, Password: password, Token: token}, nil
}

// Validate reports every setting that cannot work, each by its whole key.
func (s Settings) Validate() []error {
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("milvus.%s %s", key, fmt.Sprintf(format, args...)))
	}
	oneOf := func(key, value string, allowed []string) {
		if !slices.Contains(allowed, value) {
			bad(key, "is %q; it can be %s", value, strings.Join(allowed, ", "))
		}
	}
	between := func(key string, value, least, most int) {
		if value < least || value > most {
			bad(key, "is %d; it must be between %d and %d", value, least, most)
		}
	}
	atLeast := func(key string, value, least time.Duration) {
		if value < least {
			bad(key, "is %s; it must be at least %s", value, least)
		}
	}
	if err := checkAddress(s.Address); err != nil {
		bad("address", "is %q: %s; it must be HOST:PORT", s.Address, err)
	}
	oneOf("index.type", s.Index.Type, indexTypes)
	between("index.m", s.Index.M, 2, 2048)
	between("index.ef_construction", s.Index.EfConstruction, 1, 32768)
	between("index.nlist", s.Index.Nlist, 1, 65536)
	between("search.ef", s.Search.Ef, 0, 32768)
	between("search.nprobe", s.Search.Nprobe, 0, 65536)
	between("search.search_list", s.Search.SearchList, 0, 65535)
	if !(s.Recall >= 0.5 && s.Recall <= 1) { // nor NaN
		bad("recall", "is %g; it must be between 0.5 and 1", s.Recall)
	}
	oneOf("consistency", s.Consistency, consistencyLevels)
	atLeast("dial_timeout", s.DialTimeout, 10*time.Millisecond)
	atLeast("call_timeout", s.CallTimeout, 10*time.Millisecond)
	atLeast("retry_for", s.RetryFor, 0)
	atLeast("load_timeout", s.LoadTimeout, time.Second)
	between("shards", s.Shards, 1, maxShards)
	between("replicas", s.Replicas, 0, maxReplicas)
	if slices.Contains(s.ResourceGroups, "") {
		bad("resource_groups", "has an empty name in it")
	}
	between("batch_bytes", s.BatchBytes, 1<<20, MaxBatchBytes)
	return append(errs, s.validateIdentity()...)
}

// validateIdentity reports settings of the user's identity and of the server's that
// contradict each other.
func (s Settings) validateIdentity() []error {
	var errs []error
	if (s.TLS.Cert == "") != (s.TLS.Key == "") {
		errs = append(errs, errors.New("milvus.tls.cert and milvus.tls.key go together"))
	}
	if !s.TLS.Enabled && (s.TLS.CA != "" || s.TLS.Cert != "" || s.TLS.ServerName != "") {
		errs = append(errs, errors.New("milvus.tls.enabled is false, but other settings of milvus.tls are given"))
	}
	hasPassword, hasToken := s.Password != "" || s.PasswordFile != "", s.Token != "" || s.TokenFile != ""
	switch {
	case s.Password != "" && s.PasswordFile != "":
		errs = append(errs, errors.New("give milvus.password or milvus.password_file, not both"))
	case s.Token != "" && s.TokenFile != "":
		errs = append(errs, errors.New("give milvus.token or milvus.token_file, not both"))
	case hasToken && (hasPassword || s.Username != ""):
		errs = append(errs, errors.New("give milvus.token, or milvus.username with a password, not both"))
	case hasPassword != (s.Username != ""):
		errs = append(errs, errors.New("milvus.username and a password go together"))
	}
	return errs
}

// checkAddress says what is wrong with a HOST:PORT.
func checkAddress(address string) error {
	if strings.Contains(address, "://") {
		return errors.New("there is a scheme (for https set milvus.tls.enabled)")
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		var a *net.AddrError
		if errors.As(err, &a) {
			return errors.New(a.Err)
		}
		return err
	}
	if host == "" {
		return errors.New("there is no host")
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return fmt.Errorf("%q is not a port", port)
	}
	return nil
}
