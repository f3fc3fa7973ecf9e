package evaluate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/measure/bootstrap"
	"github.com/sightline/sightline/internal/measure/labeling"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/zeroshot"
)

// Side is a model with settings, to be measured on a set.
type Side struct {
	Name       string // what people call it
	Encoder    clip.Encoder
	Vectors    vec.Matrix // of the set's pictures, unit rows by that model
	Templates  []string   // that queries are put into; nil for queries as they are
	Classifier *zeroshot.Classifier
	Minimum    float32 // least probability of labels without a threshold
}

// Result is how well a side does on a set.
type Result struct {
	Name      string    `json:"name"`
	Retrieval Retrieval `json:"retrieval"`
	// Labelling is nil where the truth names no labels.
	Labelling *labeling.Quality `json:"labelling,omitempty"`

	queries, pictures [][]float64 // what each query and each picture adds to the figures
	misses            Misses
}

// Retrieval is how well texts find their pictures, in per cent. A picture is found among
// the first k where any picture of the query is there.
type Retrieval struct {
	Queries  int     `json:"queries"`
	Pictures int     `json:"pictures"`
	Recall1  float64 `json:"recall@1"`
	Recall5  float64 `json:"recall@5"`
	Recall10 float64 `json:"recall@10"`
	MRR      float64 `json:"mrr"`
	// MAP is the mean, over the queries, of the average precision of the ranking of all
	// pictures of the set.
	MAP       float64                       `json:"map"`
	Intervals map[string]bootstrap.Interval `json:"intervals"`
}

// retrievalFigures are the figures of Retrieval, in order.
var retrievalFigures = []string{"recall@1", "recall@5", "recall@10", "mrr", "map"}

// labelFigures are the figures of labelling that two sides are compared by.
var labelFigures = []string{"precision", "recall", "f1", "accuracy"}

// Misses are the worst mistakes of a side.
type Misses struct {
	Queries []QueryMiss `json:"queries"`
	// Wrong are labels that were given wrongly, the surest first, and Missing those that
	// were not given, the least probable first.
	Wrong   []LabelMiss `json:"wrong,omitempty"`
	Missing []LabelMiss `json:"missing,omitempty"`
}

// QueryMiss is a query whose pictures are far down.
type QueryMiss struct {
	Query string `json:"query"`
	Rank  int    `json:"rank"` // of its best picture
	// First are the places of the pictures that came first, and Wanted that of its best picture.
	First  []int `json:"-"`
	Wanted int   `json:"-"`
}

// LabelMiss is a label of a picture that the classifier is wrong about.
type LabelMiss struct {
	Label       string  `json:"label"`
	Path        string  `json:"path"`
	Picture     int     `json:"-"`
	Probability float32 `json:"probability"`
}

// shownMisses is how many mistakes of a kind are kept, and shownFirst how many pictures of
// a query.
const shownMisses, shownFirst = 24, 4

// Misses are the worst mistakes.
func (r *Result) Misses() Misses { return r.misses }

// Measure measures a side.
func (s *Set) Measure(ctx context.Context, side Side) (*Result, error) {
	if side.Vectors.Rows != len(s.Pictures) {
		return nil, fmt.Errorf("there are %d embeddings of %d pictures", side.Vectors.Rows, len(s.Pictures))
	}
	r := &Result{Name: side.Name}
	if err := s.search(ctx, side, r); err != nil {
		return nil, err
	}
	if side.Classifier == nil || len(s.Labels) == 0 {
		return r, nil
	}
	return r, s.label(ctx, side, r)
}

// search ranks the pictures for every query.
func (s *Set) search(ctx context.Context, side Side, r *Result) error {
	for q := range s.Queries {
		if err := ctx.Err(); err != nil {
			return err
		}
		v, err := embed(ctx, side, s.Queries[q].Text)
		if err != nil {
			return fmt.Errorf("embedding a query: %w", err)
		}
		values, miss := s.rank(&s.Queries[q], v, side.Vectors)
		r.queries = append(r.queries, values)
		if miss.Rank > 1 {
			r.misses.Queries = append(r.misses.Queries, miss)
		}
	}
	slices.SortStableFunc(r.misses.Queries, func(a, b QueryMiss) int { return cmp.Compare(b.Rank, a.Rank) })
	r.misses.Queries = r.misses.Queries[:min(len(r.misses.Queries), shownMisses)]
	figures := make([]float64, len(retrievalFigures))
	meansOf(sumOf(r.queries, nil), len(r.queries), figures)
	x := &r.Retrieval
	x.Queries, x.Pictures = len(s.Queries), len(s.Pictures)
	x.Recall1, x.Recall5, x.Recall10, x.MRR, x.MAP = figures[0], figures[1], figures[2], figures[3], figures[4]
	x.Intervals = make(map[string]bootstrap.Interval)
	in := bootstrap.Intervals(len(r.queries), len(figures), func(drawn []int, out []float64) {
		meansOf(sumOf(r.queries, drawn), len(drawn), out)
	})
	for i, name := range retrievalFigures {
		x.Intervals[name] = in[i]
	}
	return nil
}

// embed is the embedding of a query, in the side's templates where it has any.
func embed(ctx context.Context, side Side, text string) ([]float32, error) {
	texts := []string{text}
	if len(side.Templates) > 0 {
		texts = texts[:0]
		for _, t := range side.Templates {
			texts = append(texts, strings.ReplaceAll(t, "{}", text))
		}
	}
	m, err := side.Encoder.EncodeTexts(ctx, texts)
	if err != nil || m.Rows == 1 {
		return m.Row(0), err
	}
	sum := make([]float32, m.Cols)
	for i := range m.Rows {
		for j, x := range m.Row(i) {
			sum[j] += x
		}
	}
	return sum, vec.Normalize(sum)
}

// rank returns what a query adds to the figures, and what is worth showing of it. Of equal
// scores the pictures that are no answer come first: nothing is found by luck.
func (s *Set) rank(q *Query, v []float32, vectors vec.Matrix) ([]float64, QueryMiss) {
	wanted := make(map[int]bool, len(q.Of))
	for _, i := range q.Of {
		wanted[i] = true
	}
	type scored struct {
		picture int
		score   float32
	}
	all := make([]scored, vectors.Rows)
	for i := range all {
		all[i] = scored{i, vec.Dot(v, vectors.Row(i))}
	}
	slices.SortFunc(all, func(a, b scored) int {
		if c := cmp.Compare(b.score, a.score); c != 0 {
			return c
		}
		if wanted[a.picture] != wanted[b.picture] {
			if wanted[a.picture] {
				return 1
			}
			return -1
		}
		return cmp.Compare(a.picture, b.picture)
	})
	miss := QueryMiss{Query: q.Text}
	values := make([]float64, len(retrievalFigures))
	found := 0
	for i, x := range all {
		if i < shownFirst {
			miss.First = append(miss.First, x.picture)
		}
		if !wanted[x.picture] {
			continue
		}
		found++
		values[4] += float64(found) / float64(i+1) / float64(len(q.Of))
		if found == 1 {
			miss.Rank, miss.Wanted = i+1, x.picture
			values[3] = 1 / float64(i+1)
			for n, k := range []int{1, 5, 10} {
				if i < k {
					values[n] = 1
				}
			}
		}
	}
	return values, miss
}

// sumOf adds up the values of the samples at some places, of all where places is nil.
func sumOf(values [][]float64, places []int) []float64 {
	if len(values) == 0 {
		return nil
	}
	sum := make([]float64, len(values[0]))
	add := func(row []float64) {
		for i, x := range row {
			sum[i] += x
		}
	}
	if places == nil {
		for _, row := range values {
			add(row)
		}
	}
	for _, i := range places {
		add(values[i])
	}
	return sum
}

// meansOf sets figures that are means of what the queries add, in per cent.
func meansOf(sum []float64, n int, figures []float64) {
	for i, x := range sum {
		figures[i] = 100 * x / float64(max(1, n))
	}
}

// What each picture adds to the figures of labelling.
const (
	right     = iota // labels that are given and true
	given            // labels that are given
	positives        // labels that are true
	best             // 1 where the only true label is the most probable
	single           // 1 where one label is true
	tallies
)

// ratesOf sets precision, recall, F1 and accuracy, in per cent.
func ratesOf(sum []float64, _ int, figures []float64) {
	ratio := func(a, b float64) float64 {
		if b == 0 {
			return 0
		}
		return 100 * a / b
	}
	figures[0], figures[1] = ratio(sum[right], sum[given]), ratio(sum[right], sum[positives])
	figures[2], figures[3] = ratio(2*sum[right], sum[given]+sum[positives]), ratio(sum[best], sum[single])
}

// label measures labelling.
func (s *Set) label(ctx context.Context, side Side, r *Result) error {
	q, err := labeling.Measure(ctx, side.Classifier, side.Vectors, s.True, side.Minimum)
	if err != nil {
		return err
	}
	r.Labelling = &q
	labels := side.Classifier.List().Labels
	const block = 256
	for from := 0; from < side.Vectors.Rows; from += block {
		scores, err := side.Classifier.Score(ctx, side.Vectors.Slice(from, min(from+block, side.Vectors.Rows)))
		if err != nil {
			return err
		}
		for i, all := range scores {
			is := s.True[from+i]
			t := make([]float64, tallies)
			t[positives] = float64(len(is))
			if len(is) == 1 {
				t[single] = 1
				if all[0].Label == is[0] {
					t[best] = 1
				}
			}
			for _, x := range all {
				yes := x.Probability >= cmp.Or(labels[x.Label].Threshold, side.Minimum)
				isTrue := slices.Contains(is, x.Label)
				miss := LabelMiss{Label: labels[x.Label].Name, Path: s.Pictures[from+i].Path, Picture: from + i, Probability: x.Probability}
				switch {
				case yes && isTrue:
					t[right]++
				case yes:
					r.misses.Wrong = append(r.misses.Wrong, miss)
				case isTrue:
					r.misses.Missing = append(r.misses.Missing, miss)
				}
				if yes {
					t[given]++
				}
			}
			r.pictures = append(r.pictures, t)
		}
		r.misses.cut()
	}
	return nil
}

// cut keeps the worst mistakes alone.
func (m *Misses) cut() {
	slices.SortStableFunc(m.Wrong, func(a, b LabelMiss) int { return cmp.Compare(b.Probability, a.Probability) })
	slices.SortStableFunc(m.Missing, func(a, b LabelMiss) int { return cmp.Compare(a.Probability, b.Probability) })
	m.Wrong, m.Missing = m.Wrong[:min(len(m.Wrong), shownMisses)], m.Missing[:min(len(m.Missing), shownMisses)]
}

// Difference is how two sides differ in a figure, in per cent.
type Difference struct {
	Figure string `json:"figure"`
	bootstrap.Difference
}

// Compare says how another side, measured on the same set, differs from r: over resamples
// of the queries for searching, and of the pictures for labelling.
func (r *Result) Compare(other *Result) (searching, labelling []Difference) {
	for i, d := range bootstrap.Paired(r.queries, other.queries, len(retrievalFigures), meansOf) {
		searching = append(searching, Difference{retrievalFigures[i], d})
	}
	if r.Labelling == nil || other.Labelling == nil {
		return searching, nil
	}
	for i, d := range bootstrap.Paired(r.pictures, other.pictures, len(labelFigures), ratesOf) {
		labelling = append(labelling, Difference{labelFigures[i], d})
	}
	return searching, labelling
}
