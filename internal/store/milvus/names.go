package milvus

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/sightline/sightline/internal/lazyregexp"
	"github.com/sightline/sightline/internal/store"
)

// On the server an index consists of
//
//	NAME                an alias for the collection in use
//	NAME_FINGERPRINT    a collection of records, one per model
//	NAME_FINGERPRINT_meta    its companion, see meta.go
//
// where NAME is the user's name of the index if Milvus allows it as a name, and
// FINGERPRINT the first 12 hex digits of the model's.

const metaSuffix = "_meta"

var (
	serverName  = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_]*$`)
	foreignChar = lazyregexp.New(`[^A-Za-z0-9_]`)
	shortHex    = lazyregexp.New(`^[0-9a-f]{12}`)
)

// aliasOf is the alias of an index. Milvus allows fewer characters than we do; names
// that use more of them are told apart by a hash.
func aliasOf(collection string) string {
	if serverName().MatchString(collection) {
		return collection
	}
	return "_" + foreignChar().ReplaceAllString(collection, "_") + "_" + shortHash(collection)[:8]
}

// physicalOf is the collection that holds the records of one model.
func physicalOf(alias string, m store.Model) string {
	short := shortHex().FindString(m.Fingerprint)
	if short == "" {
		short = shortHash(m.Fingerprint)
	}
	return alias + "_" + short
}

// isPhysicalOf reports whether a collection of the server is one of the index's.
func isPhysicalOf(alias, name string) bool {
	rest, ok := strings.CutPrefix(name, alias+"_")
	return ok && len(rest) == 12 && shortHex().MatchString(rest)
}

// shortHash is 12 hex digits of a SHA-256.
func shortHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:6])
}
