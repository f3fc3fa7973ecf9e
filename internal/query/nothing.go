package query

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sightline/sightline/internal/query/syntax"
	"github.com/sightline/sightline/internal/query/taglist"
	"github.com/sightline/sightline/internal/spelling"
	"github.com/sightline/sightline/internal/store"
)

// Conditions are what every picture of an answer must meet by its filters.
type Conditions struct {
	Tags   []string
	Under  []string // paths, as typed
	Dated  bool     // a date that a picture gives itself is asked for, and those of files do not count
	Others []Condition
}

// Condition is a filter, and how it is typed.
type Condition struct {
	Typed  string
	Filter store.Filter
}

// Conditions are those of the line's own filters.
func (l Line) Conditions() Conditions {
	return Conditions{Tags: l.Tags(), Under: l.values(syntax.Under),
		Dated: len(l.values(syntax.After)) > 0 || len(l.values(syntax.Before)) > 0, Others: l.others}
}

// With joins conditions.
func (c Conditions) With(o Conditions) Conditions {
	return Conditions{Tags: append(c.Tags, o.Tags...), Under: append(c.Under, o.Under...), Dated: c.Dated || o.Dated, Others: append(c.Others, o.Others...)}
}

// WhyNothing says why conditions leave no picture, as far as one of them alone leaves
// none: a tag that no picture has, with the tags that may be meant and how many pictures
// have them, a place below which nothing is indexed, and any other filter that the store
// can answer. Else, where dates are asked for, it says how many pictures have none of
// their own.
func WhyNothing(ctx context.Context, st store.Scanner, c Conditions) ([]string, error) {
	var out []string
	for _, p := range c.Under {
		f, err := Filters{Under: []string{p}}.Compile()
		if err != nil {
			return nil, err
		}
		n, err := st.Count(ctx, f)
		if err != nil {
			return nil, fmt.Errorf("counting: %w", err)
		}
		if n == 0 {
			out = append(out, underNothing(p))
		}
	}
	var tags []taglist.Tag
	for _, name := range c.Tags {
		n, err := st.Count(ctx, store.HasTag(name))
		if err != nil {
			return nil, fmt.Errorf("counting: %w", err)
		}
		if n > 0 {
			continue
		}
		if tags == nil {
			if tags, err = taglist.Collect(ctx, st, nil); err != nil {
				return nil, err
			}
		}
		out = append(out, noSuchTag(tags, name))
	}
	unmet, err := Unmet(ctx, st, c.Others)
	if err != nil {
		return nil, err
	}
	out = append(out, unmet...)
	if len(out) > 0 || !c.Dated {
		return out, nil
	}
	undated, err := countUndated(ctx, st, c)
	if err != nil || undated == 0 {
		return nil, err
	}
	if undated == 1 {
		return []string{"1 picture has no date of its own: --file-dates takes the date of its file"}, nil
	}
	return []string{fmt.Sprintf("%d pictures have no date of their own: --file-dates takes the dates of their files", undated)}, nil
}

// Unmet names the conditions that no picture meets, of those that the store can answer.
func Unmet(ctx context.Context, st store.Scanner, conditions []Condition) ([]string, error) {
	var out []string
	for _, c := range conditions {
		if !store.CanFilter(st, c.Filter) {
			continue
		}
		n, err := st.Count(ctx, c.Filter)
		if err != nil {
			return nil, fmt.Errorf("counting: %w", err)
		}
		if n == 0 {
			out = append(out, "no picture of the index meets "+c.Typed)
		}
	}
	return out, nil
}

// countUndated counts the pictures that meet conditions but for their dates, and that give
// themselves none.
func countUndated(ctx context.Context, st store.Scanner, c Conditions) (int64, error) {
	all := store.And{store.Not{Part: store.Dated{}}}
	f, err := Filters{Under: c.Under, Tags: c.Tags}.Compile()
	if err != nil {
		return 0, err
	}
	if f != nil {
		all = append(all, f)
	}
	n, err := st.Count(ctx, all)
	if err != nil {
		return 0, fmt.Errorf("counting: %w", err)
	}
	return n, nil
}

func noSuchTag(tags []taglist.Tag, name string) string {
	if len(tags) == 0 {
		return fmt.Sprintf("no picture has the tag %q, nor any other", name)
	}
	near := taglist.Near(tags, name)
	if len(near) == 0 {
		return fmt.Sprintf("no picture has the tag %q: search tags lists those that there are", name)
	}
	var names []string
	for _, t := range near {
		names = append(names, fmt.Sprintf("%s (%d)", t.Label, t.Pictures))
	}
	return fmt.Sprintf("no picture has the tag %q: did you mean %s?", name, spelling.Or(names))
}

// underNothing says that nothing is indexed below a path, and which folder may be meant
// where there is none of that name.
func underNothing(p string) string {
	if _, err := os.Stat(p); err == nil {
		return fmt.Sprintf("nothing is indexed below %s", p)
	}
	parent := filepath.Dir(filepath.Clean(p))
	var names []string
	if entries, err := os.ReadDir(parent); err == nil {
		for _, e := range entries {
			if e.IsDir() {
				names = append(names, e.Name())
			}
		}
	}
	near := spelling.Nearest(filepath.Base(p), names)
	if len(near) == 0 {
		return fmt.Sprintf("nothing is indexed below %s, and there is no such folder", p)
	}
	for i, n := range near {
		near[i] = strings.TrimPrefix(filepath.Join(parent, n), "./")
	}
	return fmt.Sprintf("nothing is indexed below %s: did you mean %s?", p, spelling.Or(near))
}
