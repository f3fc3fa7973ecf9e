package milvus

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sightline/sightline/internal/store/milvus/service"
)

// formatVersion is the version of the schema below. A store that finds a newer one
// in an index leaves it alone.
const formatVersion = 1

// The fields of a record. Times are seconds since 1970 with the nanoseconds beside
// them, since 64 bits of nanoseconds end in 2262. shown is Record.When, what filters
// compare. taken_ns holds two numbers: above its lowest 30 bits lies the stamp of the
// metadata plus one, because a collection takes no further fields once it is made. It
// is 0 in records of versions that had no such stamp and kept taken as an instant.
const (
	fieldID      = "id"
	fieldPath    = "path"
	fieldRoot    = "root"
	fieldSize    = "size"
	fieldMod     = "mtime"
	fieldModNS   = "mtime_ns"
	fieldHash    = "content_hash"
	fieldWidth   = "width"
	fieldHeight  = "height"
	fieldFormat  = "format"
	fieldTaken   = "taken_at"
	fieldTakenNS = "taken_ns"
	fieldShown   = "shown_at"
	fieldShownNS = "shown_ns"
	fieldTags    = "tags"  // folded labels, for filters
	fieldExtra   = "extra" // the tags themselves, see extra in convert.go
	fieldVector  = "vector"
)

// The fields of a companion beside the id; see meta.go.
const (
	fieldKind   = "kind"
	fieldReason = "reason"
	fieldData   = "data"
)

// The limits of a server that were not ours to choose.
const (
	maxText   = 65535 // bytes of a VARCHAR, and of a JSON value
	maxID     = 128
	maxFormat = 256
	maxTags   = 1024
	maxWindow = 16384 // hits of a search, and rows of a query with a limit
)

// recordFields are those that make a store.Record, but for the vector.
var recordFields = []string{
	fieldID, fieldPath, fieldRoot, fieldSize, fieldMod, fieldModNS, fieldHash, fieldWidth, fieldHeight,
	fieldFormat, fieldTaken, fieldTakenNS, fieldExtra,
}

// about says to other clients what the fields of records and of companions hold.
var about = map[string]string{
	fieldID:      "40 hex digits: SHA-256 of the collection's name, a NUL and the path, cut to 20 bytes; in a companion, what the row is",
	fieldPath:    "absolute path; % and bytes that are no UTF-8, control characters, quotes and backslashes are written as %XX",
	fieldRoot:    "the argument of the run that found the file, written like path",
	fieldHash:    "SHA-256 of the file in hex digits; may be empty",
	fieldFormat:  "format of the file, such as jpeg",
	fieldSize:    "bytes of the file",
	fieldMod:     "modification time of the file, seconds since 1970 UTC",
	fieldModNS:   "nanoseconds of mtime",
	fieldWidth:   "pixels, as looked at",
	fieldHeight:  "pixels, as looked at",
	fieldTaken:   "date of the picture, what its wall clock showed in seconds since 1970; -9223372036854775808 if it is not known",
	fieldTakenNS: "nanoseconds of taken_at in the lowest 30 bits; above them, a stamp of the metadata plus 1",
	fieldShown:   "taken_at, or mtime where that is not known: compare this for ranges of dates",
	fieldShownNS: "nanoseconds of shown_at",
	fieldTags:    "labels in the form that is compared: folded case, composed; escaped like path",
	fieldExtra:   `the tags with label, source, score and probability, and what the picture says about itself; other keys are kept`,
	fieldVector:  "embedding of the picture, of length 1: the inner product is the cosine",
	fieldKind:    "what the row is: meta, failure, lease, document or piece",
	fieldReason:  "why a file failed; of a document or a piece of one, the data in base64",
	fieldData:    "what else belongs to the row",
}

// field begins a field with its description.
func field(name string, of service.Type) service.Field {
	return service.Field{Name: name, Description: about[name], Type: of}
}

func text(name string, most int) service.Field {
	f := field(name, service.VarChar)
	f.MaxLength = most
	return f
}

// key is the primary key.
func key() service.Field {
	f := text(fieldID, maxID)
	f.Primary = true
	return f
}

func vector(dim int) service.Field {
	f := field(fieldVector, service.FloatVector)
	f.Dim = dim
	return f
}

// recordSchema is the schema of a collection of records.
func recordSchema(name string, dim int) service.Schema {
	s := service.Schema{
		Name:        name,
		Description: "pictures of a Sightline index; " + name + metaSuffix + " says of which model",
		Fields: []service.Field{
			key(), text(fieldPath, maxText), text(fieldRoot, maxText), text(fieldHash, 64), text(fieldFormat, maxFormat),
		},
	}
	for _, name := range []string{
		fieldSize, fieldMod, fieldModNS, fieldWidth, fieldHeight, fieldTaken, fieldTakenNS, fieldShown, fieldShownNS,
	} {
		s.Fields = append(s.Fields, field(name, service.Int64))
	}
	tags := field(fieldTags, service.VarCharArray)
	tags.MaxLength, tags.MaxCapacity = maxLabel, maxTags
	s.Fields = append(s.Fields, tags, field(fieldExtra, service.JSON), vector(dim))
	return s
}

// metaDim is the dimension of the vectors that a companion has only because Milvus
// knows no collection without.
const metaDim = 2

// metaSchema is the schema of a companion.
func metaSchema(name string) service.Schema {
	return service.Schema{
		Name:        name,
		Description: "failures of a Sightline index, and what it knows about itself",
		Fields: []service.Field{
			key(), text(fieldKind, 16), text(fieldPath, maxText), text(fieldRoot, maxText), text(fieldReason, maxText),
			field(fieldData, service.JSON), vector(metaDim),
		},
	}
}

// indexParameters are the parameters that each type of index takes when it is built.
var indexParameters = map[string][]string{
	"FLAT": nil, "HNSW": {"M", "efConstruction"}, "IVF_FLAT": {"nlist"}, "IVF_SQ8": {"nlist"},
	"DISKANN": nil, "AUTOINDEX": nil,
}

func (x Index) withDefaults() (Index, error) {
	x.Type = strings.ToUpper(x.Type)
	if x.Type == "" {
		x.Type = "HNSW"
	}
	if _, ok := indexParameters[x.Type]; !ok {
		return x, fmt.Errorf("an index of type %q: it can be %s", x.Type,
			strings.Join(slices.Sorted(maps.Keys(indexParameters)), ", "))
	}
	for _, p := range []struct {
		value            *int
		name             string
		least, most, def int
	}{
		{&x.M, "M", 2, 2048, 16},
		{&x.EfConstruction, "efConstruction", 1, 32768, 200},
		{&x.Nlist, "nlist", 1, 65536, 1024},
	} {
		if *p.value == 0 {
			*p.value = p.def
		}
		if *p.value < p.least || *p.value > p.most {
			return x, fmt.Errorf("an index with %s = %d: it must be between %d and %d", p.name, *p.value, p.least, p.most)
		}
	}
	return x, nil
}

// parameters are all that an index is built with, by name, whatever its type.
func (x Index) parameters() map[string]string {
	return map[string]string{
		"M": strconv.Itoa(x.M), "efConstruction": strconv.Itoa(x.EfConstruction), "nlist": strconv.Itoa(x.Nlist),
	}
}

// service is the index as a server is asked for it. The inner product of vectors of length 1
// is their cosine.
func (x Index) service() service.Index {
	all := x.parameters()
	params := map[string]string{"metric_type": metricIP}
	var own []string
	for _, name := range indexParameters[x.Type] {
		own = append(own, fmt.Sprintf("%q: %s", name, all[name]))
	}
	params["params"] = "{" + strings.Join(own, ", ") + "}"
	return service.Index{Name: fieldVector, Type: x.Type, Params: params}
}

func consistencyLevel(name string) (service.Consistency, error) {
	switch name {
	case "strong":
		return service.Strong, nil
	case "bounded":
		return service.Bounded, nil
	case "session":
		return service.Session, nil
	case "eventually":
		return service.Eventually, nil
	}
	return 0, fmt.Errorf("consistency %q: it can be strong, session, bounded or eventually", name)
}
