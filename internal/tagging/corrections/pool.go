package corrections

import (
	"math"
	"slices"
)

// Pool is pictures that a person may be asked about, for one label. After each answer it
// relearns, so that the next question is the one that now decides most.
type Pool struct {
	base      []float64 // log odds before anything was learned
	vectors   [][]float32
	asked     []bool
	answers   []Example
	prior     Prior
	threshold float64
	fit       Fit
}

// NewPool returns a pool for a label that is given from a probability on. known are
// corrections from before.
func NewPool(threshold float32, p Prior, known []Example) *Pool {
	t := max(1e-6, min(1-1e-6, float64(threshold)))
	q := &Pool{prior: p, threshold: math.Log(t / (1 - t)), answers: slices.Clone(known)}
	q.fit = Learn(q.answers, p)
	return q
}

// Add takes a picture into the pool and returns its place there. The pool keeps vector.
func (q *Pool) Add(logOdds float64, vector []float32) int {
	q.base, q.vectors, q.asked = append(q.base, logOdds), append(q.vectors, vector), append(q.asked, false)
	return len(q.base) - 1
}

// LogOdds are those of a picture of the pool, with what was learned.
func (q *Pool) LogOdds(i int) float64 { return q.fit.Apply(q.base[i], q.vectors[i]) }

// Distance is how far log odds without what was learned are from the threshold with it, for
// a picture that need not be in the pool.
func (q *Pool) Distance(logOdds float64, vector []float32) float64 {
	return math.Abs(q.fit.Apply(logOdds, vector) - q.threshold)
}

// Fit is what was learned so far.
func (q *Pool) Fit() Fit { return q.fit }

// Next returns the picture whose answer decides most: the one that is nearest to getting
// the label or not. ok is false where all have been asked about.
func (q *Pool) Next() (i int, distance float64, ok bool) {
	distance = math.Inf(1)
	for n := range q.base {
		if d := math.Abs(q.LogOdds(n) - q.threshold); !q.asked[n] && d < distance {
			i, distance, ok = n, d, true
		}
	}
	return i, distance, ok
}

// Skip takes a picture out of the questions.
func (q *Pool) Skip(i int) { q.asked[i] = true }

// Return makes a picture a question again, and forgets the answer if there was one.
func (q *Pool) Return(i int) {
	q.asked[i] = false
	n := len(q.answers)
	q.answers = slices.DeleteFunc(q.answers, func(e Example) bool { return &e.Vector[0] == &q.vectors[i][0] })
	if len(q.answers) < n {
		q.fit = Learn(q.answers, q.prior)
	}
}

// Answer takes what a person says of a picture.
func (q *Pool) Answer(i int, approved bool) {
	q.asked[i] = true
	q.answers = append(q.answers, Example{LogOdds: q.base[i], Vector: q.vectors[i], Approved: approved, Asked: true})
	q.fit = Learn(q.answers, q.prior)
}

// Apply returns log odds with what was learned.
func (f *Fit) Apply(logOdds float64, vector []float32) float64 {
	sum := logOdds + f.Offset
	for i, w := range f.Direction {
		sum += float64(w) * float64(vector[i])
	}
	return sum
}
