package server

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
)

// sourceUser is the source of tags that a person gave.
const sourceUser = "user"

// TagEdit adds tags to pictures by hand, and takes those away that were given by hand.
type TagEdit struct {
	IDs    []string `json:"ids" minItems:"1" maxItems:"100000" doc:"Ids of pictures"`
	Add    []string `json:"add,omitempty" maxItems:"100"`
	Remove []string `json:"remove,omitempty" maxItems:"100" doc:"Only tags with the source user are taken away"`
}

// TagEditOutput says what an edit came to.
type TagEditOutput struct {
	Body struct {
		Pictures int `json:"pictures" doc:"That were changed"`
	}
}

func (s *Server) registerTags(api huma.API) {
	register(s, api, operation{Method: http.MethodGet, Path: "/tags", Tag: "facets", Summary: "The tags of the index, with counts and sources"},
		func(ctx context.Context, in *completionInput) (*TagsOutput, error) {
			f, err := s.facetsOf(ctx)
			if err != nil {
				return nil, err
			}
			out := &TagsOutput{}
			out.Body.Tags = []TagCount{}
			want := label.Fold(in.Prefix)
			for _, t := range f.Tags {
				if !strings.HasPrefix(label.Fold(t.Label), want) {
					continue
				}
				if out.Body.Total++; len(out.Body.Tags) < in.Limit {
					out.Body.Tags = append(out.Body.Tags, t)
				}
			}
			return out, nil
		})
	register(s, api, operation{ID: "edit-tags", Method: http.MethodPost, Path: "/tags", Tag: "tags", Summary: "Add and remove tags by hand", MaxBody: 8 << 20},
		func(ctx context.Context, in *struct{ Body TagEdit }) (*TagEditOutput, error) {
			n, err := s.editTags(ctx, in.Body)
			out := &TagEditOutput{}
			out.Body.Pictures = n
			return out, err
		})
}

// editTags changes the tags of source user, all of them or, where a picture is not there,
// none.
func (s *Server) editTags(ctx context.Context, e TagEdit) (int, error) {
	for _, name := range slices.Concat(e.Add, e.Remove) {
		if err := label.CheckText(strings.TrimSpace(name), "tag", 4*label.MaxNameRunes); err != nil {
			return 0, newProblem(http.StatusBadRequest, "usage", err.Error(), "")
		}
	}
	if len(e.Add)+len(e.Remove) == 0 {
		return 0, newProblem(http.StatusBadRequest, "usage", "there is no tag to add or to remove", "")
	}
	st, err := s.options.Opener.OpenWriter(ctx)
	if err != nil {
		return 0, err
	}
	defer st.Close()
	ids := slices.Clone(e.IDs)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	changed := 0
	for chunk := range slices.Chunk(ids, tagChunk) {
		n, err := editChunk(ctx, st, chunk, e)
		changed += n
		if err != nil {
			return changed, err
		}
	}
	s.facets.forget()
	return changed, st.Flush(ctx)
}

// tagChunk is how many pictures are changed in one step.
const tagChunk = 5000

func editChunk(ctx context.Context, st store.Store, ids []string, e TagEdit) (int, error) {
	records, err := st.Get(ctx, ids)
	if err != nil {
		return 0, err
	}
	if len(records) < len(ids) {
		there := make(map[string]bool)
		for _, r := range records {
			there[r.ID] = true
		}
		i := slices.IndexFunc(ids, func(id string) bool { return !there[id] })
		return 0, fmt.Errorf("%w: %s", store.ErrNotFound, ids[i])
	}
	edits := make(map[string][]store.Tag)
	for _, r := range records {
		before := userTags(r.Tags)
		after := edited(before, e)
		if !slices.Equal(before, after) {
			edits[r.ID] = after
		}
	}
	if len(edits) == 0 {
		return 0, nil
	}
	return len(edits), st.SetTags(ctx, sourceUser, edits)
}

func userTags(tags []store.Tag) []store.Tag {
	var out []store.Tag
	for _, t := range tags {
		if t.Source == sourceUser {
			out = append(out, t)
		}
	}
	return out
}

// edited is what becomes of a picture's tags by hand. Tags are the same whatever the case
// of their letters.
func edited(tags []store.Tag, e TagEdit) []store.Tag {
	has := func(names []string, want string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return label.Fold(n) == label.Fold(want) })
	}
	var out []store.Tag
	for _, t := range tags {
		if !has(e.Remove, t.Label) {
			out = append(out, t)
		}
	}
	for _, name := range e.Add {
		if !slices.ContainsFunc(out, func(t store.Tag) bool { return label.Fold(t.Label) == label.Fold(name) }) {
			out = append(out, store.Tag{Label: strings.TrimSpace(name), Source: sourceUser})
		}
	}
	return out
}
