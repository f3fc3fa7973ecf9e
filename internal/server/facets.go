package server

import (
	"cmp"
	"context"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
)

// facets is what there is to choose from: tags, folders and days, counted in one pass over
// the index and kept until the index changes.
type facets struct {
	Tags    []TagCount
	Folders []FolderCount
	Days    []DayCount
	Undated int64
}

// TagCount is a tag of the index.
type TagCount struct {
	Label    string        `json:"label"`
	Pictures int64         `json:"pictures" doc:"That have it, from whatever source"`
	Sources  []SourceCount `json:"sources"`
	sources  map[string]int64
}

// SourceCount is how many pictures have a tag from one source.
type SourceCount struct {
	Source   string `json:"source" doc:"file, user or run:ID"`
	Pictures int64  `json:"pictures"`
}

// FolderCount is a folder with pictures in it or below it.
type FolderCount struct {
	Path     string `json:"path"`
	Pictures int64  `json:"pictures" doc:"In it and below it"`
	Here     int64  `json:"here" doc:"In it"`
}

// DayCount is a day on which pictures were taken.
type DayCount struct {
	Day      string `json:"day" format:"date" doc:"By the clock of where they were taken"`
	Pictures int64  `json:"pictures"`
}

// facetCache keeps the facets of the index as it was last.
type facetCache struct {
	mu    sync.Mutex
	known *facets
	of    store.Description
	at    time.Time
}

// facetsLast is how long facets are good enough while the index changes all the time.
const facetsLast = 5 * time.Second

func (c *facetCache) get(ctx context.Context, x *Index) (*facets, error) {
	now, err := x.Store.Describe(ctx)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	same := c.known != nil && c.of.Created.Equal(now.Created) && c.of.Model.Fingerprint == now.Model.Fingerprint
	if same && (c.of.Updated.Equal(now.Updated) && c.of.Records == now.Records && c.at.Sub(now.Updated) > time.Second || time.Since(c.at) < facetsLast) {
		return c.known, nil
	}
	f, err := countFacets(ctx, x.Store, nil)
	if err != nil {
		return nil, err
	}
	c.known, c.of, c.at = f, now, time.Now()
	return f, nil
}

// forget makes the next call count anew: this server has changed the index.
func (c *facetCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = nil
}

// countFacets goes through the pictures that meet a filter.
func countFacets(ctx context.Context, st store.Store, filter store.Filter) (*facets, error) {
	tags := make(map[string]*TagCount)
	here := make(map[string]int64)
	days := make(map[string]int64)
	f := &facets{}
	can := func(part store.Filter) bool { return store.CanFilter(st, part) }
	whole := can(filter)
	for r, err := range st.Scan(ctx, store.Widen(filter, can), store.Fields{AnyOrder: true}) {
		if err != nil {
			return nil, err
		}
		if !whole && !store.Match(filter, &r) {
			continue
		}
		here[path.Dir(r.Path)]++
		if r.TakenAt.IsZero() {
			f.Undated++
		} else {
			days[r.TakenAt.UTC().Format(time.DateOnly)]++
		}
		seen := make(map[string]bool, len(r.Tags))
		for _, t := range r.Tags {
			folded := label.Fold(t.Label)
			c := tags[folded]
			if c == nil {
				c = &TagCount{Label: t.Label, sources: make(map[string]int64)}
				tags[folded] = c
			}
			if !seen[folded] {
				c.Pictures++
			}
			if key := folded + "\x00" + t.Source; !seen[key] {
				seen[key] = true
				c.sources[t.Source]++
			}
			seen[folded] = true
		}
	}
	for _, c := range tags {
		for source, n := range c.sources {
			c.Sources = append(c.Sources, SourceCount{source, n})
		}
		slices.SortFunc(c.Sources, func(a, b SourceCount) int {
			return cmp.Or(cmp.Compare(b.Pictures, a.Pictures), strings.Compare(a.Source, b.Source))
		})
		f.Tags = append(f.Tags, *c)
	}
	slices.SortFunc(f.Tags, func(a, b TagCount) int {
		return cmp.Or(cmp.Compare(b.Pictures, a.Pictures), strings.Compare(a.Label, b.Label))
	})
	for day, n := range days {
		f.Days = append(f.Days, DayCount{day, n})
	}
	slices.SortFunc(f.Days, func(a, b DayCount) int { return strings.Compare(a.Day, b.Day) })
	f.Folders = sumFolders(here)
	return f, nil
}

// sumFolders adds the folders above, and what is below each.
func sumFolders(here map[string]int64) []FolderCount {
	all := make(map[string]*FolderCount)
	for dir, n := range here {
		for p := dir; ; p = path.Dir(p) {
			c := all[p]
			if c == nil {
				c = &FolderCount{Path: p}
				all[p] = c
			}
			c.Pictures += n
			if p == dir {
				c.Here = n
			}
			if p == path.Dir(p) {
				break
			}
		}
	}
	out := make([]FolderCount, 0, len(all))
	for _, c := range all {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b FolderCount) int { return strings.Compare(a.Path, b.Path) })
	return out
}

type completionInput struct {
	Prefix string `query:"prefix" maxLength:"4096" doc:"What the name begins with, whatever the case of its letters"`
	Limit  int    `query:"limit" minimum:"1" maximum:"10000" default:"100"`
}

// TagsOutput lists tags.
type TagsOutput struct {
	Body struct {
		Tags  []TagCount `json:"tags" doc:"The most frequent first"`
		Total int        `json:"total" doc:"That begin so"`
	}
}

// FoldersOutput lists folders.
type FoldersOutput struct {
	Body struct {
		Folders []FolderCount `json:"folders" doc:"In order of their paths, only those that branch or have pictures in them"`
		Total   int           `json:"total"`
	}
}

// TimelineOutput lists days.
type TimelineOutput struct {
	Body struct {
		Days    []DayCount `json:"days"`
		Undated int64      `json:"undated" doc:"Pictures without a date of their own"`
	}
}

func (s *Server) facetsOf(ctx context.Context) (*facets, error) {
	x, release, err := s.source.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	return s.facets.get(ctx, x)
}

func (s *Server) registerFolders(api huma.API) {
	register(s, api, operation{Method: http.MethodGet, Path: "/folders", Tag: "facets", Summary: "The folders of the index, for completion of under:"},
		func(ctx context.Context, in *completionInput) (*FoldersOutput, error) {
			f, err := s.facetsOf(ctx)
			if err != nil {
				return nil, err
			}
			out := &FoldersOutput{}
			out.Body.Folders = []FolderCount{}
			want := label.Fold(in.Prefix)
			for i, c := range f.Folders {
				// One that only leads to another says nothing.
				only := c.Here == 0 && i+1 < len(f.Folders) && f.Folders[i+1].Pictures == c.Pictures && strings.HasPrefix(f.Folders[i+1].Path, strings.TrimSuffix(c.Path, "/")+"/")
				if only || !strings.HasPrefix(label.Fold(c.Path), want) {
					continue
				}
				if out.Body.Total++; len(out.Body.Folders) < in.Limit {
					out.Body.Folders = append(out.Body.Folders, c)
				}
			}
			return out, nil
		})
}

func (s *Server) registerTimeline(api huma.API) {
	type input struct {
		Q string `query:"q" maxLength:"10000" doc:"Filters: only the pictures that meet them are counted"`
	}
	register(s, api, operation{ID: "timeline", Method: http.MethodGet, Path: "/timeline", Tag: "facets", Summary: "The days on which pictures were taken"},
		func(ctx context.Context, in *input) (*TimelineOutput, error) {
			x, release, err := s.source.acquire(ctx)
			if err != nil {
				return nil, err
			}
			defer release()
			filter, err := filterOf(in.Q)
			if err != nil {
				return nil, err
			}
			var f *facets
			if filter == nil {
				f, err = s.facets.get(ctx, x)
			} else {
				f, err = countFacets(ctx, x.Store, filter)
			}
			if err != nil {
				return nil, err
			}
			out := &TimelineOutput{}
			out.Body.Days, out.Body.Undated = append([]DayCount{}, f.Days...), f.Undated
			return out, nil
		})
}

// filterOf reads a line that has filters alone.
func filterOf(q string) (store.Filter, error) {
	line, err := query.ParseLine(q, query.FilterOptions{})
	if err != nil {
		return nil, err
	}
	if len(line.Query.Terms) > 0 {
		p := newProblem(http.StatusBadRequest, "usage", line.Query.Terms[0].String()+" is no filter", "for example: under:photos/2024 tag:sea")
		p.Column = line.Query.Terms[0].Column
		return nil, p
	}
	return line.Filter, nil
}
