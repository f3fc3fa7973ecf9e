package tagging

import (
	"context"
	"fmt"
	"slices"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
)

// SourceUser is the source of tags that a person gave by hand.
const SourceUser = "user"

// HandStore is as much of a store as tagging by hand takes.
type HandStore interface {
	Get(ctx context.Context, ids []string) ([]store.Record, error)
	SetTags(ctx context.Context, source string, tags map[string][]store.Tag) error
}

// ByHand says which tags a person gives to pictures, or takes from them.
type ByHand struct {
	Pictures []string // ids
	Add      []string
	Remove   []string // of those that a person gave; what files and runs say stays
}

// HandResult is what came of it.
type HandResult struct {
	Pictures int // that were found
	Changed  int // of them
	// Remaining counts pictures that still have a tag which was to be removed, from
	// another source.
	Remaining int
}

// handBlock is how many pictures are read and written at once.
const handBlock = 500

// Apply changes the tags. Names that differ by case alone are one tag.
func (h ByHand) Apply(ctx context.Context, st HandStore) (HandResult, error) {
	var res HandResult
	for ids := range slices.Chunk(h.Pictures, handBlock) {
		records, err := st.Get(ctx, ids)
		if err != nil {
			return res, fmt.Errorf("reading the pictures: %w", err)
		}
		changed := make(map[string][]store.Tag)
		for _, r := range records {
			res.Pictures++
			tags, remaining := h.tagsOf(r.Tags)
			if remaining {
				res.Remaining++
			}
			if tags != nil {
				changed[r.ID] = *tags
			}
		}
		if len(changed) == 0 {
			continue
		}
		if err := st.SetTags(ctx, SourceUser, changed); err != nil {
			return res, fmt.Errorf("writing the tags: %w", err)
		}
		res.Changed += len(changed)
	}
	return res, nil
}

// tagsOf returns the tags by hand that a picture has afterwards, nil where nothing
// changes, and whether it keeps a tag that was to go, from another source.
func (h ByHand) tagsOf(all []store.Tag) (after *[]store.Tag, remaining bool) {
	mine := []store.Tag{}
	changed := false
	for _, t := range all {
		goes := contains(h.Remove, t.Label)
		switch {
		case t.Source != SourceUser:
			remaining = remaining || goes
		case goes:
			changed = true
		default:
			mine = append(mine, t)
		}
	}
	for _, name := range h.Add {
		if !slices.ContainsFunc(mine, func(t store.Tag) bool { return label.Fold(t.Label) == label.Fold(name) }) {
			mine = append(mine, store.Tag{Label: name, Source: SourceUser})
			changed = true
		}
	}
	if !changed {
		return nil, remaining
	}
	return &mine, remaining
}

func contains(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return label.Fold(n) == label.Fold(name) })
}
