package query

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// ErrCutoff says that a cut-off cannot be used.
var ErrCutoff = errors.New("the cut-off is not usable")

// CutKind is where an answer ends.
type CutKind int

// The kinds of cut-offs.
const (
	CutDefault     CutKind = iota // nowhere, but Answer.Confidence says whether anything matches
	CutNone                       // nowhere, and nothing is judged
	CutAuto                       // nothing where nothing matches; else far below the best
	CutScore                      // below a cosine
	CutProbability                // below a probability that the picture shows what was asked for
)

// Cutoff is where an answer ends.
type Cutoff struct {
	Kind  CutKind
	Value float64 // of CutScore, -1 to 1, and CutProbability, 0 to 1
}

// Confidence says whether anything matches a question.
type Confidence int

// The degrees of confidence.
const (
	NotJudged Confidence = iota // the question is no text, or was not to be judged
	Confident
	NotConfident // the hits are only the nearest
)

const (
	// leastBest is the probability that the best hit must have for anything to match, and
	// leastRatio the part of the best cosine that a hit must have beside it. Both are
	// chosen on one half of the queries in testdata; quality_test.go has what they come to
	// on the other. The odds of the best in place of its cosine, or a cut at the largest
	// gap, are no better there.
	leastBest  = 0.2
	leastRatio = 0.86
)

// ParseCutoff reads "auto", "none", a cosine such as 0.25, or a probability such as p0.3.
// "" is CutDefault.
func ParseCutoff(s string) (Cutoff, error) {
	switch s {
	case "":
		return Cutoff{}, nil
	case "auto":
		return Cutoff{Kind: CutAuto}, nil
	case "none":
		return Cutoff{Kind: CutNone}, nil
	}
	c, least := Cutoff{Kind: CutScore}, -1.0
	number, isProbability := strings.CutPrefix(s, "p")
	if isProbability {
		c.Kind, least = CutProbability, 0
	}
	var err error
	if c.Value, err = strconv.ParseFloat(number, 64); err != nil || math.IsNaN(c.Value) || c.Value < least || c.Value > 1 {
		return c, fmt.Errorf("%w: %q is none of auto, none, a cosine such as 0.25 and a probability such as p0.3", ErrCutoff, s)
	}
	return c, nil
}

// confidence judges the nearest pictures, whatever page is shown.
func (j *judgement) confidence(ctx context.Context, found []candidate) (Confidence, float32, error) {
	kind := j.params.Cutoff.Kind
	if j.plan.subject == nil || kind != CutDefault && kind != CutAuto || len(found) == 0 {
		return NotJudged, 0, nil
	}
	var hits []store.Hit
	for _, c := range found[:min(gateHits, len(found))] {
		hits = append(hits, c.Hit)
	}
	vectors, _, err := j.s.vectorsOf(ctx, hits)
	if err != nil || vectors.Rows == 0 {
		return NotJudged, 0, err
	}
	return judgeConfidence(ctx, j.judge, j.plan.subject, vectors)
}

func judgeConfidence(ctx context.Context, judge Judge, subject []float32, vectors vec.Matrix) (Confidence, float32, error) {
	probabilities, err := judge.Probabilities(ctx, subject, vectors)
	if err != nil {
		return NotJudged, 0, err
	}
	var best float32
	for _, p := range probabilities {
		best = max(best, p)
	}
	if best < leastBest {
		return NotConfident, best, nil
	}
	return Confident, best, nil
}

// cutAuto ends an answer where it is far below its best hit, and at once where nothing
// matches.
func cutAuto(found []candidate, c Confidence) []candidate {
	if c == NotConfident || len(found) == 0 {
		return nil
	}
	n := 1
	for n < len(found) && found[n].Score >= leastRatio*found[0].Score {
		n++
	}
	return found[:n]
}
