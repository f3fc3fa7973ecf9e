// Package review lets a person correct the labels of an index, with as few questions as
// possible: it asks about the pictures whose answer decides most, and says what a
// correction changes before it is kept. The command line and the web use the same code.
package review

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/tagging/corrections"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/zeroshot"
)

// Service corrects the labels of one list over one index.
type Service struct {
	store   store.Store
	base    *zeroshot.Classifier // without what was learned
	docs    store.Documents
	desk    *corrections.Desk
	minimum float32
}

// New returns a Service. The store must be open for writing if anything is to be kept.
// minimum is the least probability of labels without a threshold.
func New(st store.Store, base *zeroshot.Classifier, docs store.Documents, desk *corrections.Desk, minimum float32) *Service {
	return &Service{store: st, base: base, docs: docs, desk: desk, minimum: minimum}
}

// Options say what a session asks about.
type Options struct {
	Labels   []int // places in the list; nil for all of which something can be learned
	PerLabel int   // questions that each label gets at most, at least 1
}

// Question asks whether a picture shows a label.
type Question struct {
	Label       string
	Picture     store.Record // Vector is nil
	Probability float32      // of the label, with what was learned until now
	Asked       int          // questions of this label that were answered in this session
}

// Session is a walk through the uncertain pictures. It is not safe for concurrent use.
type Session struct {
	service *Service
	labels  []*asked
	current place
	history []place
	options Options
	passed  []string
}

// ErrGrouped says that labels belong to groups whose labels exclude one another. They have
// no threshold of their own, so that nothing can be learned of them.
var ErrGrouped = errors.New("nothing can be learned of a label in a group whose labels exclude one another")

// Passed lists the labels that are not asked about because of ErrGrouped.
func (x *Session) Passed() []string { return x.passed }

// asked is a label with the pictures that may be asked about.
type asked struct {
	label    int
	name     string
	known    *corrections.Label
	pool     *corrections.Pool
	records  []store.Record
	answered int
}

// place is a picture of a label.
type place struct {
	label   *asked
	picture int
	verdict corrections.Verdict // that was given; "" where it was passed over
}

const (
	// poolSize is how many pictures of a label may be asked about, and poolTotal how many
	// of all labels: their embeddings are in memory, 2 KB each.
	poolSize, poolTotal, leastPool = 300, 20_000, 20
	// farthest is how far from the threshold, in log odds, a picture is worth a question.
	farthest = 4
)

// Start reads the index and returns a session. What was corrected before is not asked
// again: a session that was ended goes on.
func (s *Service) Start(ctx context.Context, o Options) (*Session, error) {
	if o.PerLabel < 1 {
		return nil, fmt.Errorf("%d questions a label were asked for, at least 1 is needed", o.PerLabel)
	}
	out := &Session{service: s, options: o}
	if o.Labels == nil {
		for l, found := range s.base.List().Labels {
			if s.base.IsOpen(l) {
				o.Labels = append(o.Labels, l)
			} else {
				out.passed = append(out.passed, found.Name)
			}
		}
		if len(o.Labels) == 0 {
			return nil, fmt.Errorf("%w, as all of %s are", ErrGrouped, s.base.List().Source)
		}
	}
	learned, err := tagging.Learn(ctx, s.store, s.base, s.desk.Book, s.minimum)
	if err != nil {
		return nil, err
	}
	for _, l := range o.Labels {
		name := s.base.List().Labels[l].Name
		if !s.base.IsOpen(l) {
			return nil, fmt.Errorf("%w: %q", ErrGrouped, name)
		}
		a := &asked{label: l, name: name}
		if a.known, err = s.desk.Of(ctx, name); err != nil {
			return nil, err
		}
		examples, err := tagging.Examples(ctx, s.store, s.base, l, a.known)
		if err != nil {
			return nil, err
		}
		a.pool = corrections.NewPool(learned.Threshold(l, s.minimum), corrections.DefaultPrior, examples)
		out.labels = append(out.labels, a)
	}
	return out, out.fill(ctx)
}

// fill reads the index once and takes the pictures that are nearest to the threshold of
// each label.
func (x *Session) fill(ctx context.Context) error {
	size := max(leastPool, min(poolSize, poolTotal/len(x.labels)))
	nearest := make([]near, len(x.labels))
	for i := range nearest {
		nearest[i] = near{size: size, seen: make(map[string]bool)}
	}
	labels := make([]int, len(x.labels))
	for i, a := range x.labels {
		labels[i] = a.label
	}
	err := x.service.eachBlock(ctx, func(records []store.Record, vectors vec.Matrix) error {
		odds, err := x.service.base.LogOddsOf(ctx, labels, vectors)
		if err != nil {
			return err
		}
		for i := range records {
			key := corrections.KeyOf(&records[i])
			for n, a := range x.labels {
				if a.known.Find(key) != nil {
					continue
				}
				nearest[n].offer(candidate{&records[i], key, odds[n][i], vectors.Row(i), a.pool.Distance(odds[n][i], vectors.Row(i))})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for n, a := range x.labels {
		for _, c := range nearest[n].sorted() {
			a.pool.Add(c.odds, c.vector)
			a.records = append(a.records, *c.record)
		}
	}
	return nil
}

// eachBlock reads the index in blocks. The records have no vectors; f may keep neither.
func (s *Service) eachBlock(ctx context.Context, f func([]store.Record, vec.Matrix) error) error {
	size := min(s.base.BlockSize(), 1024)
	vectors := vec.NewMatrix(size, s.base.Labels().Cols)
	var records []store.Record
	flush := func() error {
		if len(records) == 0 {
			return nil
		}
		err := f(records, vectors.Slice(0, len(records)))
		records = records[:0]
		return err
	}
	for r, err := range s.store.Scan(ctx, nil, store.Fields{Vectors: true, AnyOrder: true}) {
		if err != nil {
			return fmt.Errorf("reading the index: %w", err)
		}
		if r.Vector == nil {
			continue
		}
		copy(vectors.Row(len(records)), r.Vector)
		r.Vector = nil
		if records = append(records, r); len(records) == size {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// candidate is a picture that may be asked about.
type candidate struct {
	record   *store.Record
	key      string
	odds     float64
	vector   []float32
	distance float64
}

// near keeps the candidates of least distance, one of each content.
type near struct {
	size int
	kept []candidate
	most float64
	seen map[string]bool
}

func (n *near) offer(c candidate) {
	if n.seen[c.key] || c.distance > farthest || len(n.kept) == n.size && c.distance >= n.most {
		return
	}
	n.seen[c.key] = true
	record := *c.record
	c.record, c.vector = &record, slices.Clone(c.vector)
	if len(n.kept) < n.size {
		n.kept = append(n.kept, c)
	} else {
		worst := 0
		for i := range n.kept {
			if n.kept[i].distance > n.kept[worst].distance {
				worst = i
			}
		}
		delete(n.seen, n.kept[worst].key)
		n.kept[worst] = c
	}
	n.most = 0
	for i := range n.kept {
		n.most = max(n.most, n.kept[i].distance)
	}
}

// sorted are the candidates in the order of their ids, so that the questions are the same
// whatever the order of the scan.
func (n *near) sorted() []candidate {
	slices.SortFunc(n.kept, func(a, b candidate) int {
		if a.record.ID < b.record.ID {
			return -1
		}
		return 1
	})
	return n.kept
}

// Next returns the question whose answer decides most: of the labels with the fewest
// answers the picture that is nearest to getting the label or not. ok is false where
// nothing uncertain is left.
func (x *Session) Next() (q Question, ok bool) {
	var best place
	least, distance := math.MaxInt, math.Inf(1)
	for _, a := range x.labels {
		if a.answered >= x.options.PerLabel {
			continue
		}
		i, d, some := a.pool.Next()
		if !some || d > farthest {
			continue
		}
		if a.answered < least || a.answered == least && d < distance {
			best, least, distance = place{label: a, picture: i}, a.answered, d
		}
	}
	x.current = best
	if best.label == nil {
		return Question{}, false
	}
	return x.question(best), true
}

func (x *Session) question(p place) Question {
	return Question{
		Label: p.label.name, Picture: p.label.records[p.picture], Asked: p.label.answered,
		Probability: float32(1 / (1 + math.Exp(-p.label.pool.LogOdds(p.picture)))),
	}
}

// errNoQuestion says that there is nothing to answer.
var errNoQuestion = errors.New("no question was asked")

// Answer keeps what a person says of the last question: durable when it returns.
func (x *Session) Answer(ctx context.Context, v corrections.Verdict) (corrections.Outcome, error) {
	p := x.current
	if p.label == nil {
		return corrections.Outcome{}, errNoQuestion
	}
	out, err := x.service.desk.Asking().Say(ctx, p.label.name, &p.label.records[p.picture], v)
	if err != nil {
		return out, err
	}
	p.verdict = v
	p.label.pool.Answer(p.picture, v == corrections.Approved)
	p.label.answered++
	x.history, x.current = append(x.history, p), place{}
	return out, nil
}

// Skip passes the last question over, for this session.
func (x *Session) Skip() error {
	if x.current.label == nil {
		return errNoQuestion
	}
	x.current.label.pool.Skip(x.current.picture)
	x.history, x.current = append(x.history, x.current), place{}
	return nil
}

// Undo takes back the last answer or skip, and asks again. ok is false where there is none.
func (x *Session) Undo(ctx context.Context) (q Question, ok bool, err error) {
	if len(x.history) == 0 {
		return Question{}, false, nil
	}
	p := x.history[len(x.history)-1]
	if p.verdict != "" {
		if _, err := x.service.desk.Say(ctx, p.label.name, &p.label.records[p.picture], ""); err != nil {
			return Question{}, false, err
		}
		p.label.answered--
		p.verdict = ""
	}
	p.label.pool.Return(p.picture)
	x.history, x.current = x.history[:len(x.history)-1], p
	return x.question(p), true, nil
}

// Answered lists the labels that got an answer in this session.
func (x *Session) Answered() []string {
	var out []string
	for _, a := range x.labels {
		if a.answered > 0 {
			out = append(out, a.name)
		}
	}
	return out
}
