package transfer

import (
	"context"
	"fmt"

	"github.com/sightline/sightline/internal/store"
)

// userSource is the source of tags that a person gave.
const userSource = "user"

// UserTags gives the pictures of to the tags that people gave to the same pictures
// in from. Tags of tagging runs stay behind, since their scores are those of a model;
// those out of the files are in to already.
func UserTags(ctx context.Context, from, to store.Store) error {
	tags := make(map[string][]store.Tag)
	var ids []string
	give := func() error {
		there, err := to.Stats(ctx, ids)
		if err != nil {
			return fmt.Errorf("looking for %d tagged pictures: %w", len(ids), err)
		}
		for _, id := range ids {
			if st, ok := there[id]; !ok || st.Failed {
				delete(tags, id)
			}
		}
		if len(tags) > 0 {
			if err := to.SetTags(ctx, userSource, tags); err != nil {
				return fmt.Errorf("tagging %d pictures: %w", len(tags), err)
			}
		}
		clear(tags)
		ids = ids[:0]
		return nil
	}
	for r, err := range from.Scan(ctx, nil, store.Fields{}) {
		if err != nil {
			return fmt.Errorf("reading the tags: %w", err)
		}
		for _, t := range r.Tags {
			if t.Source == userSource {
				tags[r.ID] = append(tags[r.ID], t)
			}
		}
		if len(tags[r.ID]) > 0 {
			ids = append(ids, r.ID)
		}
		if len(ids) == defaultBatch {
			if err := give(); err != nil {
				return err
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return give()
}
