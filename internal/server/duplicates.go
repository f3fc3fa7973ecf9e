package server

import (
	"bytes"
	"context"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/query/duplicates"
	"github.com/sightline/sightline/internal/store"
)

// DuplicateGroup is pictures that are the same, or nearly.
type DuplicateGroup struct {
	Keep   Hit             `json:"keep"`
	Why    string          `json:"why" doc:"It is the one to keep"`
	Others []DuplicateCopy `json:"others"`
}

// DuplicateCopy is a picture that one could do without.
type DuplicateCopy struct {
	Hit
	Same     bool    `json:"same" doc:"Its file is the same, byte by byte"`
	Nearness float32 `json:"nearness"`
}

// DuplicatesOutput is a page of groups.
type DuplicatesOutput struct {
	Body struct {
		Groups []DuplicateGroup `json:"groups"`
		Total  int              `json:"total" doc:"Groups"`
		Others int              `json:"others" doc:"Pictures that one could do without"`
		Bytes  int64            `json:"bytes" doc:"That they take"`
		Failed []string         `json:"failed" doc:"Files that could not be looked at, with why"`
	}
}

// duplicateCache keeps the last groups, which take long to find.
type duplicateCache struct {
	mu     sync.Mutex
	key    string
	of     store.Description
	groups []duplicates.Group
	failed []duplicates.Failure
}

func (s *Server) registerDuplicates(api huma.API) {
	type input struct {
		Near   bool   `query:"near" doc:"Also what is nearly the same; files are read"`
		Q      string `query:"q" maxLength:"10000" doc:"Filters"`
		Offset int    `query:"offset" minimum:"0" maximum:"10000000"`
		Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"50"`
	}
	register(s, api, operation{ID: "duplicates", Method: http.MethodGet, Path: "/duplicates", Tag: "explore", Summary: "Pictures that are there twice, and which to keep", Long: true},
		func(ctx context.Context, in *input) (*DuplicatesOutput, error) {
			x, release, err := s.source.acquire(ctx)
			if err != nil {
				return nil, err
			}
			defer release()
			groups, failed, err := s.duplicates(ctx, x, in.Near, in.Q)
			if err != nil {
				return nil, err
			}
			out := &DuplicatesOutput{}
			b := &out.Body
			b.Groups, b.Failed, b.Total = []DuplicateGroup{}, []string{}, len(groups)
			for i, g := range groups {
				shown := i >= in.Offset && i < in.Offset+in.Limit
				var d DuplicateGroup
				if shown {
					d = DuplicateGroup{Keep: hitOfRecord(&g.Keep), Why: g.Why, Others: []DuplicateCopy{}}
				}
				for _, o := range g.Others {
					b.Others++
					b.Bytes += o.Size
					if shown {
						d.Others = append(d.Others, DuplicateCopy{Hit: hitOfRecord(&o.Record), Same: o.Same, Nearness: o.Nearness})
					}
				}
				if shown {
					b.Groups = append(b.Groups, d)
				}
			}
			for _, f := range failed[:min(len(failed), failuresListed)] {
				b.Failed = append(b.Failed, f.Path+": "+reasonOf(f.Err))
			}
			return out, nil
		})
}

// lookSide is that of search duplicates.
const lookSide = 128

func (s *Server) duplicates(ctx context.Context, x *Index, near bool, q string) ([]duplicates.Group, []duplicates.Failure, error) {
	filter, err := filterOf(q)
	if err != nil {
		return nil, nil, err
	}
	now, err := x.Store.Describe(ctx)
	if err != nil {
		return nil, nil, err
	}
	c := &s.found
	c.mu.Lock() // one search at a time: the next one has its result
	defer c.mu.Unlock()
	key := listKey("duplicates", near, q)
	if c.key == key && c.of.Updated.Equal(now.Updated) && c.of.Created.Equal(now.Created) && c.of.Records == now.Records {
		return c.groups, c.failed, nil
	}
	var groups []duplicates.Group
	var failed []duplicates.Failure
	if near {
		groups, failed, err = duplicates.Near(ctx, x.Store, filter, func(r *store.Record) (*duplicates.Look, error) {
			data, _, err := readFile(ctx, r, s.options.Limits)
			if err != nil {
				return nil, err
			}
			img, err := imaging.ThumbnailOf(data, lookSide, s.options.Limits)
			if err != nil {
				return nil, err
			}
			l := duplicates.LookOf(img)
			l.Moving = duplicates.IsMoving(bytes.NewReader(data))
			return &l, nil
		})
	} else {
		groups, err = duplicates.Identical(ctx, x.Store, filter)
	}
	if err != nil {
		return nil, nil, err
	}
	c.key, c.of, c.groups, c.failed = key, now, groups, failed
	return groups, failed, nil
}
