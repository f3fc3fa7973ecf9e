package milvus

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// Other clients may write into our collections, and what they write is data: a row that
// this store would not have written is shown as far as it can be read, or left out, with a
// warning that names its id. It never ends a search or a scan.

// oddRow says what is wrong with a row, and what became of it.
type oddRow struct {
	id, why string
}

// odd notes that a row is not as this store writes it.
func (r *rows) odd(row int, format string, args ...any) {
	r.oddities = append(r.oddities, oddRow{id: r.raw(fieldID, row), why: fmt.Sprintf(format, args...)})
}

// maxWarnings is how many odd rows a store warns of one by one.
const maxWarnings = 20

// oddRows are the rows that a store has warned of.
type oddRows struct {
	mu     sync.Mutex
	warned map[oddRow]struct{}
}

// fresh reports whether a row is to be warned of, which is once, and whether the warning is
// the last one.
func (o *oddRows) fresh(x oddRow) (fresh, last bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.warned == nil {
		o.warned = make(map[oddRow]struct{})
	}
	if _, ok := o.warned[x]; ok || len(o.warned) >= maxWarnings {
		return false, false
	}
	o.warned[x] = struct{}{}
	return true, len(o.warned) == maxWarnings
}

// warn tells of the odd rows of an answer: of the first maxWarnings, each once, or of all if
// the context asks for that.
func (s *Store) warn(ctx context.Context, r *rows) {
	all := ctx.Value(keyAllWarnings) != nil
	for _, x := range r.oddities {
		fresh, last := s.oddRows.fresh(x)
		if fresh || all {
			s.log.WarnContext(ctx, "a row is not as sightline writes it: "+x.why, "id", x.id, "collection", s.physical)
		}
		if last && !all {
			s.log.WarnContext(ctx, "there may be more such rows: indexer verify names them all", "collection", s.physical)
		}
	}
	r.oddities = nil
	if r.foreignVectors {
		s.foreignVectors.Store(true)
	}
}

// isRecordID reports whether an id can be one of a record: store.ID makes hex digits,
// and store.FileKey takes the first 16 for a number.
func isRecordID(id string) bool {
	if len(id) < 16 || checkID(id) != nil {
		return false
	}
	_, err := hex.DecodeString(id[:16])
	return err == nil
}

// plain returns a text that was stored with escape, or as it is where another client
// did not escape it.
func (r *rows) plain(field string, row int) string {
	raw := r.raw(field, row)
	s, err := unescape(raw)
	if err != nil {
		r.odd(row, "%s %q is not escaped; it is taken as it is", field, raw)
		return raw
	}
	return s
}

// unit returns the vector of a row, scaled to length 1 where it is not. nil means that
// it has no direction.
func (r *rows) unit(row, dim int) (v []float32, scaled bool) {
	v = r.vector(row, dim)
	if r.err != nil || vec.IsUnit(v) {
		return v, false
	}
	if err := vec.Normalize(v); err != nil {
		r.odd(row, "its vector cannot be scaled to length 1 (%v); it is left out", err)
		return nil, false
	}
	r.odd(row, "its vector is not of length 1; it is scaled")
	r.foreignVectors = true
	return v, true
}

// ownKeys are the keys of extra that are this store's.
var ownKeys = func() map[string]bool {
	keys := make(map[string]bool)
	for f := range reflect.TypeFor[extra]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		keys[name] = true
	}
	return keys
}()

// foreignExtra is what other clients keep in the JSON field of a record. It is nil
// where they keep nothing, as a rule.
type foreignExtra map[string]json.RawMessage

// unreadKey is where values of our own keys are put that only their writer can read,
// when the record is written again.
const unreadKey = "unread"

// clientSource is the source of tags that another client wrote as mere labels.
const clientSource = "client"

// decodeExtra reads the JSON field of a row as far as it can be read. The notes say
// what could not be.
func decodeExtra(text []byte) (e extra, foreign foreignExtra, notes []string) {
	if err := json.Unmarshal(text, &e); err == nil && !hasForeignKeys(text) {
		return e, nil, nil
	}
	e, foreign = extra{}, make(foreignExtra)
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil || all == nil {
		if len(text) > 0 && string(text) != "null" && json.Valid(text) {
			foreign[unreadKey] = text
		}
		return e, foreign, []string{fmt.Sprintf("%s is no JSON object; it is read as an empty one", fieldExtra)}
	}
	unread := make(map[string]json.RawMessage)
	for key, value := range all {
		switch {
		case key == unreadKey || !ownKeys[key]:
			foreign[key] = value
		case key == tagsKey:
			var ok bool
			if e.Tags, ok = decodeTags(value); !ok {
				notes = append(notes, fmt.Sprintf("not all of %s.%s can be read as tags", fieldExtra, key))
				unread[key] = value
			}
		default: // one key at a time, so that each is read or not by itself
			one := e
			object, err := json.Marshal(map[string]json.RawMessage{key: value})
			if err == nil {
				err = json.Unmarshal(object, &one)
			}
			if err != nil {
				notes = append(notes, fmt.Sprintf("%s.%s cannot be read (%v)", fieldExtra, key, err))
				unread[key] = value
				continue
			}
			e = one
		}
	}
	if _, taken := foreign[unreadKey]; len(unread) > 0 && !taken {
		foreign[unreadKey], _ = json.Marshal(unread) // raw messages that were just read
	}
	return e, foreign, notes
}

// tagsKey is the key of extra.Tags.
const tagsKey = "tags"

// hasForeignKeys reports whether a JSON object has keys that are not this store's.
func hasForeignKeys(text []byte) bool {
	if len(text) == len(noTags) { // most records have nothing there
		return false
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil || all == nil {
		return true
	}
	for key := range all {
		if !ownKeys[key] {
			return true
		}
	}
	return false
}

// decodeTags reads tags as this store writes them, and labels alone as other clients
// may: "dog", or ["dog", "beach"]. ok is false if something could not be read.
func decodeTags(text []byte) (tags []store.Tag, ok bool) {
	var list []json.RawMessage
	if json.Unmarshal(text, &list) != nil {
		list = []json.RawMessage{text}
	}
	ok = true
	for _, item := range list {
		var t store.Tag
		if json.Unmarshal(item, &t) != nil {
			t = store.Tag{Source: escape(clientSource)}
			if json.Unmarshal(item, &t.Label) != nil {
				ok = false
				continue
			}
		}
		tags = append(tags, t)
	}
	return tags, ok
}

// merge returns the JSON of this store with the keys of others, or what makes it too
// long for the server.
func (f foreignExtra) merge(own []byte) ([]byte, error) {
	if len(f) == 0 {
		return own, nil
	}
	all := make(map[string]json.RawMessage)
	if err := json.Unmarshal(own, &all); err != nil {
		return nil, err
	}
	for key, value := range f {
		if _, ours := all[key]; !ours {
			all[key] = value
		}
	}
	out, err := json.Marshal(all)
	if err == nil && len(out) > maxText {
		err = fmt.Errorf("the tags and what other clients keep in %s are %d bytes, more than the %d that Milvus keeps", fieldExtra, len(out), maxText)
	}
	return out, err
}
