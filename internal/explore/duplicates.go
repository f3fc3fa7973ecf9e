package explore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sightline/sightline/internal/query/duplicates"
	"github.com/sightline/sightline/internal/store"
)

// ErrNoDuplicates says that nobody has looked for duplicates yet.
var ErrNoDuplicates = errors.New("duplicates have not been looked for")

// duplicatesName is the document that keeps duplicates.
const duplicatesName = "duplicates"

const duplicatesVersion = 1

// Duplicates is the pictures of an index that are the same, or nearly, as they were found
// at a time. Pictures may have gone since.
type Duplicates struct {
	Version int              `json:"version"`
	Created time.Time        `json:"created"`
	Groups  []DuplicateGroup `json:"groups"`
	// Unread counts the pictures that could not be read, and are in a group only where
	// their files are the same.
	Unread int `json:"unread"`
}

// DuplicateGroup is pictures that are the same, or nearly: see duplicates.Group.
type DuplicateGroup struct {
	Keep   string      `json:"keep"` // id
	Why    string      `json:"why"`
	Others []Duplicate `json:"others"`
}

// Duplicate is a picture that one could do without: see duplicates.Copy.
type Duplicate struct {
	ID       string  `json:"id"`
	Same     bool    `json:"same"`
	Nearness float32 `json:"nearness"`
}

// FindDuplicates looks for duplicates with duplicates.Near, and keeps them with the index.
// look reads what a picture shows. The error is ErrNoDocuments where the store keeps no
// documents.
func FindDuplicates(ctx context.Context, st store.Store, look func(r *store.Record) (*duplicates.Look, error), now time.Time) (*Duplicates, error) {
	docs, ok := store.As[store.Documents](st)
	if !ok {
		return nil, ErrNoDocuments
	}
	groups, failed, err := duplicates.Near(ctx, st, nil, look)
	if err != nil {
		return nil, err
	}
	d := &Duplicates{Version: duplicatesVersion, Created: now.UTC(), Groups: []DuplicateGroup{}, Unread: len(failed)}
	for _, g := range groups {
		kept := DuplicateGroup{Keep: g.Keep.ID, Why: g.Why, Others: []Duplicate{}}
		for _, o := range g.Others {
			kept.Others = append(kept.Others, Duplicate{o.ID, o.Same, o.Nearness})
		}
		d.Groups = append(d.Groups, kept)
	}
	data, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	if err := docs.PutDocument(ctx, duplicatesName, data); err != nil {
		return nil, fmt.Errorf("keeping the duplicates: %w", err)
	}
	return d, nil
}

// OpenDuplicates reads the duplicates that were kept with an index. The error is
// ErrNoDuplicates or ErrDamaged.
func OpenDuplicates(ctx context.Context, st store.Store) (*Duplicates, error) {
	docs, ok := store.As[store.Documents](st)
	if !ok {
		return nil, ErrNoDuplicates
	}
	data, err := docs.Document(ctx, duplicatesName)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrNoDuplicates
	}
	if err != nil {
		return nil, fmt.Errorf("reading the duplicates: %w", err)
	}
	var d Duplicates
	if err := json.Unmarshal(data, &d); err != nil {
		return nil, fmt.Errorf("%w: the duplicates: %w", ErrDamaged, err)
	}
	if d.Version != duplicatesVersion {
		return nil, fmt.Errorf("%w: the duplicates are of version %d, this program reads %d", ErrDamaged, d.Version, duplicatesVersion)
	}
	return &d, nil
}
