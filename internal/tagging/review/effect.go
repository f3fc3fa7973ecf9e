package review

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/tagging/corrections"
	"github.com/sightline/sightline/internal/vec"
)

// ErrLabel says that a label is not in the list.
var ErrLabel = errors.New("the label is not in the list")

// Proposal is what might be corrected about a label.
type Proposal struct {
	Label string
	// Verdicts are by the id of a picture; "" takes back what was said.
	Verdicts map[string]corrections.Verdict
	// Threshold is the least probability to be set for the label; 0 takes back one that was
	// set, and nil leaves it.
	Threshold *float32
}

// Effect is what a correction does to a label over the index. How many labels a picture
// may have at most is a matter of the run, and not heeded here.
type Effect struct {
	Label              string
	Approved, Rejected int     // after it
	Before, After      float32 // least probability, as tagging.LearnedLabel has it
	Given              int64   // pictures with the label before
	Added, Removed     int64
	// Gains and Losses are some of those, for people to look at. Their vectors are nil.
	Gains, Losses []store.Record
}

// shown is how many pictures an Effect names of each kind.
const shown = 24

// Effect says what a proposal would change, and keeps nothing.
func (s *Service) Effect(ctx context.Context, p Proposal) (Effect, error) {
	l, err := s.find(p.Label)
	if err != nil {
		return Effect{}, err
	}
	draft := corrections.Open(&overlay{Documents: s.docs, changed: make(map[string][]byte)})
	if err := s.apply(ctx, corrections.NewDesk(draft, readOnly{s.store}, "", s.desk.Now), p); err != nil {
		return Effect{}, err
	}
	effects, err := s.compare(ctx, s.desk.Book, draft, []int{l})
	if err != nil {
		return Effect{}, err
	}
	return effects[0], nil
}

// Apply keeps a proposal.
func (s *Service) Apply(ctx context.Context, p Proposal) error {
	if _, err := s.find(p.Label); err != nil {
		return err
	}
	return s.apply(ctx, s.desk, p)
}

// Report says what all corrections of some labels change, against the list as it is.
func (s *Service) Report(ctx context.Context, labels []string) ([]Effect, error) {
	var places []int
	for _, name := range labels {
		l, err := s.find(name)
		if err != nil {
			return nil, err
		}
		places = append(places, l)
	}
	if len(places) == 0 {
		return nil, nil
	}
	return s.compare(ctx, corrections.Open(nothing{}), s.desk.Book, places)
}

func (s *Service) find(name string) (int, error) {
	folded := label.Fold(name)
	for l, b := range s.base.List().Labels {
		if label.Fold(b.Name) == folded {
			return l, nil
		}
	}
	return 0, fmt.Errorf("%w: %q", ErrLabel, label.Shorten(name))
}

func (s *Service) apply(ctx context.Context, d *corrections.Desk, p Proposal) error {
	ids := slices.Sorted(maps.Keys(p.Verdicts))
	records, err := s.store.Get(ctx, ids)
	if err != nil {
		return err
	}
	if len(records) < len(ids) {
		return fmt.Errorf("%w: %d of the %d pictures that were corrected", store.ErrNotFound, len(ids)-len(records), len(ids))
	}
	for i := range records {
		if _, err := d.Say(ctx, p.Label, &records[i], p.Verdicts[records[i].ID]); err != nil {
			return err
		}
	}
	switch t := p.Threshold; {
	case t == nil:
		return nil
	case *t == 0:
		return d.SetThreshold(ctx, p.Label, nil)
	default:
		return d.Limit(ctx, p.Label, *t)
	}
}

// compare counts what labels are given before and after, in one pass over the index.
func (s *Service) compare(ctx context.Context, before, after *corrections.Book, labels []int) ([]Effect, error) {
	var sides [2]*tagging.Learned
	for i, book := range []*corrections.Book{before, after} {
		var err error
		if sides[i], err = tagging.Learn(ctx, s.store, s.base, book, s.minimum); err != nil {
			return nil, err
		}
	}
	out := make([]Effect, len(labels))
	for i, l := range labels {
		out[i] = Effect{Label: s.base.List().Labels[l].Name, Before: s.minimum, After: s.minimum}
		if t := s.base.List().Labels[l].Threshold; t > 0 {
			out[i].Before, out[i].After = t, t
		}
		if x := sides[0].Of(l); x != nil {
			out[i].Before = x.After
		}
		if x := sides[1].Of(l); x != nil {
			out[i].After, out[i].Approved, out[i].Rejected = x.After, x.Approved, x.Rejected
		}
	}
	asked := make([][]int, 0, 1024)
	err := s.eachBlock(ctx, func(records []store.Record, vectors vec.Matrix) error {
		asked = asked[:0]
		for range records {
			asked = append(asked, labels)
		}
		var given [2][]map[int]bool
		for side, x := range sides {
			scores, err := x.Judge(ctx, vectors, asked, s.minimum)
			if err != nil {
				return err
			}
			given[side] = make([]map[int]bool, len(records))
			for i := range records {
				has := make(map[int]bool)
				for _, score := range scores[i] {
					has[score.Label] = true
				}
				maps.Copy(has, x.Verdicts.Of(&records[i]))
				given[side][i] = has
			}
		}
		for n, l := range labels {
			for i := range records {
				out[n].count(&records[i], given[0][i][l], given[1][i][l])
			}
		}
		return nil
	})
	return out, err
}

func (e *Effect) count(r *store.Record, before, after bool) {
	if before {
		e.Given++
	}
	switch {
	case after && !before:
		e.Added++
		if len(e.Gains) < shown {
			e.Gains = append(e.Gains, *r)
		}
	case before && !after:
		e.Removed++
		if len(e.Losses) < shown {
			e.Losses = append(e.Losses, *r)
		}
	}
}

// overlay is documents whose changes are kept in memory alone. A nil document is deleted.
type overlay struct {
	store.Documents
	changed map[string][]byte
}

// PutDocument implements store.Documents.
func (o *overlay) PutDocument(_ context.Context, name string, data []byte) error {
	o.changed[name] = data
	return nil
}

// Document implements store.Documents.
func (o *overlay) Document(ctx context.Context, name string) ([]byte, error) {
	data, ok := o.changed[name]
	switch {
	case !ok:
		return o.Documents.Document(ctx, name)
	case data == nil:
		return nil, store.ErrNotFound
	}
	return data, nil
}

// DeleteDocument implements store.Documents.
func (o *overlay) DeleteDocument(_ context.Context, name string) error {
	o.changed[name] = nil
	return nil
}

// DocumentNames implements store.Documents.
func (o *overlay) DocumentNames(ctx context.Context, prefix string) ([]string, error) {
	names, err := o.Documents.DocumentNames(ctx, prefix)
	if err != nil {
		return nil, err
	}
	for name := range o.changed {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return slices.DeleteFunc(names, func(name string) bool {
		data, ok := o.changed[name]
		return ok && data == nil
	}), nil
}

// nothing is documents of which there are none.
type nothing struct{ store.Documents }

// DocumentNames implements store.Documents.
func (nothing) DocumentNames(context.Context, string) ([]string, error) { return nil, nil }

// readOnly is an index whose tags stay what they are.
type readOnly struct{ store.Store }

// SetTags implements corrections.Index.
func (readOnly) SetTags(context.Context, string, map[string][]store.Tag) error { return nil }
