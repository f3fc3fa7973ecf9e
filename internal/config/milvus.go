package config

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Milvus are the settings of the milvus store.
type Milvus struct {
	Address      string       `mapstructure:"address"` // HOST:PORT
	Username     string       `mapstructure:"username"`
	Password     Secret       `mapstructure:"password"`
	PasswordFile string       `mapstructure:"password_file"` // holds the password instead
	Token        Secret       `mapstructure:"token"`         // in place of user and password
	TokenFile    string       `mapstructure:"token_file"`
	Database     string       `mapstructure:"database"` // "" means the server's default
	TLS          TLS          `mapstructure:"tls"`
	Index        MilvusIndex  `mapstructure:"index"`
	Search       MilvusSearch `mapstructure:"search"`
	// Recall is the share of the true nearest that a search aims to find, 0.5 to 1.
	// The search parameters that are left open follow from it and from k.
	Recall      float64       `mapstructure:"recall"`
	Consistency string        `mapstructure:"consistency"`  // of searches: "strong", "session", "bounded", "eventually"
	DialTimeout time.Duration `mapstructure:"dial_timeout"` // to be connected
	CallTimeout time.Duration `mapstructure:"call_timeout"` // of one call, retries not counted
	RetryFor    time.Duration `mapstructure:"retry_for"`    // an indexing run waits this long for a server that went away
	BatchBytes  int           `mapstructure:"batch_bytes"`  // of one message
}

// TLS are the settings of an encrypted connection.
type TLS struct {
	Enabled    bool   `mapstructure:"enabled"`
	CA         string `mapstructure:"ca"`          // PEM file; "" means the system's
	Cert       string `mapstructure:"cert"`        // PEM file of the client, with Key
	Key        string `mapstructure:"key"`         // PEM file
	ServerName string `mapstructure:"server_name"` // expected in the server's certificate; "" means the address's host
}

// MilvusIndex says how a new collection is indexed.
type MilvusIndex struct {
	Type           string `mapstructure:"type"`
	M              int    `mapstructure:"m"`               // HNSW: links of a node
	EfConstruction int    `mapstructure:"ef_construction"` // HNSW: candidates while building
	Nlist          int    `mapstructure:"nlist"`           // IVF_*: number of clusters
}

// MilvusSearch fixes search parameters; 0 leaves one to Recall and k.
type MilvusSearch struct {
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

// defaultMilvus returns the settings for a server on this machine. docs/milvus.md
// says what led to each.
func defaultMilvus() Milvus {
	return Milvus{
		Address:     "localhost:19530",
		Index:       MilvusIndex{Type: "HNSW", M: 16, EfConstruction: 200, Nlist: 1024},
		Recall:      0.95,
		Consistency: "bounded",
		DialTimeout: 4 * time.Second,
		CallTimeout: 30 * time.Second,
		RetryFor:    2 * time.Minute,
		BatchBytes:  16 << 20,
	}
}

// Credentials are what a server is told about the user: a token, or a name with a
// password, or nothing.
type Credentials struct {
	Username string
	Password Secret
	Token    Secret
}

// Credentials reads the files that hold secrets.
func (m Milvus) Credentials() (Credentials, error) {
	password, err := secretFrom("milvus.password", m.Password, m.PasswordFile)
	if err != nil {
		return Credentials{}, err
	}
	token, err := secretFrom("milvus.token", m.Token, m.TokenFile)
	if err != nil {
		return Credentials{}, err
	}
	return Credentials{Username: m.Username, Password: password, Token: token}, nil
}

// validate reports every setting that cannot work.
func (m Milvus) validate() []error {
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%w: milvus.%s %s", ErrInvalid, key, fmt.Sprintf(format, args...)))
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
	if err := checkAddress(m.Address); err != nil {
		bad("address", "is %q: %s; it must be HOST:PORT", m.Address, err)
	}
	oneOf("index.type", m.Index.Type, indexTypes)
	between("index.m", m.Index.M, 2, 2048)
	between("index.ef_construction", m.Index.EfConstruction, 1, 32768)
	between("index.nlist", m.Index.Nlist, 1, 65536)
	between("search.ef", m.Search.Ef, 0, 32768)
	between("search.nprobe", m.Search.Nprobe, 0, 65536)
	between("search.search_list", m.Search.SearchList, 0, 65535)
	if m.Recall < 0.5 || m.Recall > 1 {
		bad("recall", "is %g; it must be between 0.5 and 1", m.Recall)
	}
	oneOf("consistency", m.Consistency, consistencyLevels)
	atLeast("dial_timeout", m.DialTimeout, 10*time.Millisecond)
	atLeast("call_timeout", m.CallTimeout, 10*time.Millisecond)
	atLeast("retry_for", m.RetryFor, 0)
	between("batch_bytes", m.BatchBytes, 1<<20, MaxBatchBytes)
	return append(errs, m.validateIdentity()...)
}

// validateIdentity reports settings of the user's identity and of the server's that
// contradict each other.
func (m Milvus) validateIdentity() []error {
	var errs []error
	if (m.TLS.Cert == "") != (m.TLS.Key == "") {
		errs = append(errs, fmt.Errorf("%w: milvus.tls.cert and milvus.tls.key go together", ErrInvalid))
	}
	if !m.TLS.Enabled && (m.TLS.CA != "" || m.TLS.Cert != "" || m.TLS.ServerName != "") {
		errs = append(errs, fmt.Errorf("%w: milvus.tls.enabled is false, but other settings of milvus.tls are given", ErrInvalid))
	}
	hasPassword, hasToken := m.Password != "" || m.PasswordFile != "", m.Token != "" || m.TokenFile != ""
	switch {
	case m.Password != "" && m.PasswordFile != "":
		errs = append(errs, fmt.Errorf("%w: give milvus.password or milvus.password_file, not both", ErrInvalid))
	case m.Token != "" && m.TokenFile != "":
		errs = append(errs, fmt.Errorf("%w: give milvus.token or milvus.token_file, not both", ErrInvalid))
	case hasToken && (hasPassword || m.Username != ""):
		errs = append(errs, fmt.Errorf("%w: give milvus.token, or milvus.username with a password, not both", ErrInvalid))
	case hasPassword != (m.Username != ""):
		errs = append(errs, fmt.Errorf("%w: milvus.username and a password go together", ErrInvalid))
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
