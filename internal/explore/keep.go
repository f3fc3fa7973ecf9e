package explore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/sightline/sightline/internal/store"
)

// Errors of Open that callers tell apart with errors.Is.
var (
	ErrNone  = errors.New("the index has not been explored")
	ErrModel = errors.New("the index was explored with another model")
	// ErrNoDocuments says that a kind of store keeps no documents.
	ErrNoDocuments = errors.New("this kind of store cannot keep what was explored")
)

const (
	// headName is the document that says which parts a map has. It is written last, so that
	// a reader finds all of a map, and the old one until then.
	headName   = "explore"
	partPrefix = headName + "/"
	partBytes  = 32 << 20
	mostPieces = 256
)

// head is the document of a map.
type head struct {
	Version int      `json:"version"`
	SHA256  string   `json:"sha256"` // of all parts together
	Bytes   int64    `json:"bytes"`
	Parts   []string `json:"parts"`
}

const headVersion = 1

// Save keeps a map with the index, in place of one that is there. The error is
// ErrNoDocuments where the store cannot.
func (m *Map) Save(ctx context.Context, st store.Store) error {
	docs, ok := store.As[store.Documents](st)
	if !ok {
		return ErrNoDocuments
	}
	data, err := m.encode()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	h := head{Version: headVersion, SHA256: hex.EncodeToString(sum[:]), Bytes: int64(len(data))}
	for part := range slices.Chunk(data, partBytes) {
		name := fmt.Sprintf("%s%.16s.%d", partPrefix, h.SHA256, len(h.Parts))
		h.Parts = append(h.Parts, name)
		if err := docs.PutDocument(ctx, name, part); err != nil {
			return fmt.Errorf("keeping the map: %w", err)
		}
	}
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if err := docs.PutDocument(ctx, headName, text); err != nil {
		return fmt.Errorf("keeping the map: %w", err)
	}
	return removeParts(ctx, docs, h.Parts)
}

// Remove forgets the map of an index.
func Remove(ctx context.Context, st store.Store) error {
	docs, ok := store.As[store.Documents](st)
	if !ok {
		return nil
	}
	if err := docs.DeleteDocument(ctx, headName); err != nil {
		return fmt.Errorf("removing the map: %w", err)
	}
	return removeParts(ctx, docs, nil)
}

// removeParts removes the parts of earlier maps.
func removeParts(ctx context.Context, docs store.Documents, keep []string) error {
	names, err := docs.DocumentNames(ctx, partPrefix)
	if err != nil {
		return fmt.Errorf("removing the earlier map: %w", err)
	}
	for _, name := range names {
		if slices.Contains(keep, name) {
			continue
		}
		if err := docs.DeleteDocument(ctx, name); err != nil {
			return fmt.Errorf("removing the earlier map: %w", err)
		}
	}
	return nil
}

// Open reads the map of an index, and takes in what has changed since: see Map.Since. The
// error is ErrNone, ErrModel or ErrDamaged.
func Open(ctx context.Context, st store.Store) (*Map, error) {
	docs, ok := store.As[store.Documents](st)
	if !ok {
		return nil, ErrNone
	}
	m, err := read(ctx, docs)
	if errors.Is(err, store.ErrNotFound) { // replaced between its head and its parts
		m, err = read(ctx, docs)
	}
	if errors.Is(err, store.ErrNotFound) {
		err = ErrDamaged
	}
	if err != nil {
		return nil, err
	}
	if have := st.Model(); m.Model.Fingerprint != have.Fingerprint || m.dim != have.Dim {
		return nil, fmt.Errorf("%w, %s, and the index is of %s", ErrModel, m.Model.Label(), have.Label())
	}
	return m, m.follow(ctx, st)
}

// read reads a stored map. The error is ErrNone where there is none, and store.ErrNotFound
// where a part is missing.
func read(ctx context.Context, docs store.Documents) (*Map, error) {
	text, err := docs.Document(ctx, headName)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, fmt.Errorf("reading the map: %w", err)
	}
	var h head
	if err := json.Unmarshal(text, &h); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if h.Version != headVersion || len(h.Parts) > mostPieces {
		return nil, fmt.Errorf("%w: it is of version %d, this program reads %d", ErrDamaged, h.Version, headVersion)
	}
	var data bytes.Buffer
	for _, name := range h.Parts {
		part, err := docs.Document(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("reading the map: %w", err)
		}
		data.Write(part)
	}
	sum := sha256.Sum256(data.Bytes())
	if int64(data.Len()) != h.Bytes || hex.EncodeToString(sum[:]) != h.SHA256 {
		return nil, fmt.Errorf("%w: its checksum is another", ErrDamaged)
	}
	return decode(data.Bytes())
}
