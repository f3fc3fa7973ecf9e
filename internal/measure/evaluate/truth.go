// Package evaluate measures searching and labelling on a library of one's own, from what
// is known of its pictures: captions, the folders that they lie in, or the keywords that
// they have. Two models or settings are compared on the same pictures, before an index is
// built anew.
package evaluate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/measure/retrieval"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// ErrTruth says that too little is known of an index's pictures to measure anything.
var ErrTruth = errors.New("there is nothing to measure by")

// Truth is where it is known from what pictures show.
type Truth string

// The kinds of truth.
const (
	Captions Truth = "captions" // a file that describes pictures
	Folders  Truth = "folders"  // the name of the folder that a picture lies in
	Tags     Truth = "tags"     // keywords of the pictures, and tags that a person gave
)

// Bounds of what is measured.
const (
	// DefaultSample is how many pictures are drawn where nothing is said.
	DefaultSample = 5000
	// maxClasses is how many names are measured: those of the most pictures.
	maxClasses = 1000
	// leastPictures is how many pictures a name needs to count.
	leastPictures = 2
	// maxPairs bounds pictures times labels, some 60 bytes each.
	maxPairs = 3_000_000
)

// Query is a text with the pictures that answer it.
type Query struct {
	Text string
	Of   []int // places of pictures of the set
}

// Set is pictures of which something is known.
type Set struct {
	Truth    Truth
	Pictures []store.Record // their vectors are those of the index
	Queries  []Query
	Labels   []string // that are measured, none where only searching is
	True     [][]int  // for each picture the places of the labels that are true of it
	// Known is how many pictures of the index the truth says something of. Pictures is a
	// sample of them.
	Known int
	// Missing counts the pictures of a captions file that are not in the index.
	Missing int
}

// Options say what a set is made of.
type Options struct {
	Sample int         // pictures at most
	List   *label.List // labels that are measured; nil for the names that the truth has
}

// entry is a picture with what is said of it.
type entry struct {
	record store.Record
	names  []string
}

// FromIndex makes a set of the folders or the keywords of an index.
func FromIndex(ctx context.Context, st store.Scanner, truth Truth, o Options) (*Set, error) {
	names := folderNames
	if truth == Tags {
		names = keywords
	}
	draw := newReservoir(o.Sample)
	for r, err := range st.Scan(ctx, nil, store.Fields{}) {
		if err != nil {
			return nil, fmt.Errorf("reading the index: %w", err)
		}
		if n := names(&r); len(n) > 0 {
			draw.offer(entry{r, n})
		}
	}
	s := &Set{Truth: truth, Known: draw.seen}
	s.fill(draw.kept, o.List)
	if len(s.Labels) == 0 {
		return nil, fmt.Errorf("%w: no %s name has %d pictures or more, of %d that have one", ErrTruth, singular(truth), leastPictures, draw.seen)
	}
	return s, s.readVectors(ctx, st)
}

func singular(t Truth) string { return strings.TrimSuffix(string(t), "s") }

// FromCaptions makes a set of the pictures of a captions file.
func FromCaptions(ctx context.Context, st store.Store, captions []retrieval.Caption, o Options) (*Set, error) {
	files := make(map[string]bool)
	for _, c := range captions {
		files[c.File] = true
	}
	where, err := retrieval.Locate(ctx, st, files)
	if err != nil {
		return nil, err
	}
	draw := newReservoir(o.Sample)
	texts := make(map[string][]string) // by id
	for _, c := range captions {
		for _, id := range where[c.File] {
			if texts[id] == nil {
				draw.offer(entry{store.Record{ID: id}, nil})
			}
			texts[id] = append(texts[id], c.Text)
		}
	}
	labels := make(map[string][]string)
	for _, c := range captions {
		for _, id := range where[c.File] {
			labels[id] = append(labels[id], c.Labels...)
		}
	}
	for i := range draw.kept {
		draw.kept[i].names = labels[draw.kept[i].record.ID]
	}
	s := &Set{Truth: Captions, Known: draw.seen, Missing: len(files) - len(where)}
	s.fill(draw.kept, o.List)
	s.Queries = nil // the captions are what is searched for
	at := make(map[string]int)
	for i := range s.Pictures {
		for _, text := range texts[s.Pictures[i].ID] {
			key := strings.ToLower(text)
			q, ok := at[key]
			if !ok {
				q = len(s.Queries)
				at[key] = q
				s.Queries = append(s.Queries, Query{Text: text})
			}
			if of := &s.Queries[q].Of; !slices.Contains(*of, i) {
				*of = append(*of, i)
			}
		}
	}
	if len(s.Queries) == 0 {
		return nil, fmt.Errorf("%w: none of its %d pictures is in the index", retrieval.ErrCaptions, len(files))
	}
	return s, s.readVectors(ctx, st)
}

// fill chooses the labels and makes queries of them.
func (s *Set) fill(entries []entry, list *label.List) {
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.record.ID, b.record.ID) })
	count := make(map[string]int)
	for _, e := range entries {
		for _, n := range unique(e.names) {
			count[n]++
		}
	}
	place := make(map[string]int)
	if list != nil {
		for l := range list.Labels {
			b := &list.Labels[l]
			s.Labels = append(s.Labels, b.Name)
			for _, n := range append([]string{b.Name}, b.Aliases...) {
				place[label.Fold(n)] = l
			}
		}
	} else {
		var names []string
		for n, c := range count {
			if c >= leastPictures && label.CheckText(n, "label", label.MaxNameRunes) == nil {
				names = append(names, n)
			}
		}
		slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
		names = names[:min(len(names), maxClasses)]
		slices.Sort(names)
		for i, n := range names {
			place[n] = i
		}
		s.Labels = names
	}
	most := len(entries)
	if len(s.Labels) > 0 {
		most = max(1, maxPairs/len(s.Labels))
	}
	of := make([][]int, len(s.Labels))
	for _, e := range entries[:min(most, len(entries))] {
		var is []int
		for _, n := range unique(e.names) {
			if l, ok := place[n]; ok && !slices.Contains(is, l) {
				is = append(is, l)
				of[l] = append(of[l], len(s.Pictures))
			}
		}
		s.Pictures, s.True = append(s.Pictures, e.record), append(s.True, is)
	}
	for l, pictures := range of {
		if len(pictures) > 0 {
			s.Queries = append(s.Queries, Query{Text: s.Labels[l], Of: pictures})
		}
	}
}

// unique folds names and drops those that are there twice.
func unique(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = label.Fold(n)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// readVectors fills in the records of the pictures, with their vectors, and leaves out
// those that have gone or lost them.
func (s *Set) readVectors(ctx context.Context, st store.Scanner) error {
	const block = 1024
	found := make(map[string]store.Record, len(s.Pictures))
	ids := make([]string, len(s.Pictures))
	for i := range s.Pictures {
		ids[i] = s.Pictures[i].ID
	}
	for chunk := range slices.Chunk(ids, block) {
		records, err := st.Get(ctx, chunk)
		if err != nil {
			return fmt.Errorf("reading the index: %w", err)
		}
		for _, r := range records {
			if r.Vector != nil {
				found[r.ID] = r
			}
		}
	}
	keep := make([]bool, len(s.Pictures))
	for i := range s.Pictures {
		s.Pictures[i], keep[i] = found[ids[i]], found[ids[i]].ID != ""
	}
	s.Keep(keep)
	if len(s.Queries) == 0 {
		return fmt.Errorf("%w: no picture of the sample has an embedding", ErrTruth)
	}
	return nil
}

// Keep leaves out the pictures that are not to be kept, and the queries that then have no
// answer.
func (s *Set) Keep(keep []bool) {
	now := make([]int, len(keep))
	n := 0
	for i, yes := range keep {
		now[i] = -1
		if yes {
			now[i] = n
			s.Pictures[n], s.True[n] = s.Pictures[i], s.True[i]
			n++
		}
	}
	s.Pictures, s.True = s.Pictures[:n], s.True[:n]
	for q := range s.Queries {
		var of []int
		for _, i := range s.Queries[q].Of {
			if now[i] >= 0 {
				of = append(of, now[i])
			}
		}
		s.Queries[q].Of = of
	}
	s.Queries = slices.DeleteFunc(s.Queries, func(q Query) bool { return len(q.Of) == 0 })
}

// folderNames is the name of a picture's folder, in words: "2024-05 red_deer" is "red deer".
func folderNames(r *store.Record) []string {
	folder := path.Base(path.Dir(r.Path))
	words := strings.FieldsFunc(folder, func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsMark(c) && !unicode.IsDigit(c) && c != '\''
	})
	words = slices.DeleteFunc(words, func(w string) bool { return strings.IndexFunc(w, unicode.IsLetter) < 0 })
	if len(words) == 0 {
		return nil
	}
	return []string{strings.Join(words, " ")}
}

// keywords are the tags of a picture that no run gave.
func keywords(r *store.Record) []string {
	var out []string
	for _, t := range r.Tags {
		if !strings.HasPrefix(t.Source, "run:") {
			out = append(out, t.Label)
		}
	}
	return out
}

// reservoir keeps a sample of what it is offered (Vitter's algorithm R), from a fixed seed.
type reservoir struct {
	size int
	rng  *rand.Rand
	seen int
	kept []entry
}

func newReservoir(size int) *reservoir {
	return &reservoir{size: max(1, size), rng: rand.New(rand.NewPCG(1, 2))}
}

func (r *reservoir) offer(e entry) {
	r.seen++
	if len(r.kept) < r.size {
		r.kept = append(r.kept, e)
	} else if i := r.rng.IntN(r.seen); i < r.size {
		r.kept[i] = e
	}
}

// Vectors are the embeddings of the pictures that the index has.
func (s *Set) Vectors() (vec.Matrix, error) {
	rows := make([][]float32, len(s.Pictures))
	for i := range rows {
		rows[i] = s.Pictures[i].Vector
	}
	return vec.FromRows(rows...)
}

// List is the labels as a list.
func (s *Set) List() (*label.List, error) {
	labels := make([]label.Label, len(s.Labels))
	for i, name := range s.Labels {
		labels[i].Name = name
	}
	return label.NewList("the "+string(s.Truth), labels)
}
