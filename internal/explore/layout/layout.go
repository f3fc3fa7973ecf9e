package layout

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/sightline/sightline/internal/vec"
)

// Point is a place in the plane. Distances mean something, the axes nothing.
type Point struct{ X, Y float32 }

// Options say how points are laid out. Zero fields mean the defaults.
type Options struct {
	Seed   uint64
	Engine vec.Engine // nil for one on all cores
	Epochs int        // 0 for 500 of up to 10,000 points and 200 of more
	// Progress is told how far the drawing is, from 0 to 1; nil for nobody.
	Progress func(part float64)
}

const (
	fewPoints  = 10_000
	fewEpochs  = 500
	manyEpochs = 200
	// negatives is how many points each pull of an edge pushes away, and rate the first
	// step's size; both are UMAP's.
	negatives = 5
	rate      = 1.0
	// curveA and curveB shape the nearness of two points, 1/(1 + a*d^(2b)): what UMAP fits
	// for a least distance of 0.1 and a spread of 1.
	curveA, curveB = 1.576943, 0.8950609
	// longest bounds each coordinate of a step.
	longest = 4
	// startHalf and startNoise are the half width of the start and the noise on it.
	startHalf, startNoise = 10, 1e-2
)

// Draw lays out the rows of a matrix, unit vectors, by their neighbours: neighbours[i] are
// the nearest of row i, nearest first, without itself.
func Draw(ctx context.Context, rows vec.Matrix, neighbours [][]Neighbour, o Options) ([]Point, error) {
	if len(neighbours) != rows.Rows {
		return nil, fmt.Errorf("%d rows have %d lists of neighbours", rows.Rows, len(neighbours))
	}
	if o.Engine == nil {
		o.Engine = vec.NewParallel(0)
	}
	if o.Epochs <= 0 {
		o.Epochs = fewEpochs
		if rows.Rows > fewPoints {
			o.Epochs = manyEpochs
		}
	}
	if o.Progress == nil {
		o.Progress = func(float64) {}
	}
	if rows.Rows == 0 {
		return []Point{}, nil
	}
	r := rand.New(rand.NewPCG(o.Seed, 0))
	points, err := principal(ctx, rows, r, o.Engine)
	if err != nil {
		return nil, fmt.Errorf("laying out: %w", err)
	}
	spreadOut(points, startHalf, startNoise, r)
	if err := descend(ctx, points, fuzzyGraph(neighbours), o, r); err != nil {
		return nil, fmt.Errorf("laying out: %w", err)
	}
	return points, nil
}

// schedule is an edge with the epochs at which it is used next: heavier ones more often.
type schedule struct {
	edge
	every float64 // epochs
	next  float64
}

func descend(ctx context.Context, points []Point, edges []edge, o Options, r *rand.Rand) error {
	heaviest := float32(0)
	for _, e := range edges {
		heaviest = max(heaviest, e.weight)
	}
	plan := make([]schedule, 0, len(edges))
	for _, e := range edges {
		// What would be used less than once is left out.
		if e.weight > heaviest/float32(o.Epochs) {
			every := float64(heaviest / e.weight)
			plan = append(plan, schedule{e, every, every})
		}
	}
	for epoch := range o.Epochs {
		if err := ctx.Err(); err != nil {
			return err
		}
		step := rate * (1 - float64(epoch)/float64(o.Epochs))
		for i := range plan {
			s := &plan[i]
			if s.next > float64(epoch) {
				continue
			}
			s.next += s.every
			// Both ends are drawn, as if each edge went both ways.
			pull(points, s.from, s.to, step)
			push(points, s.from, step, r)
			pull(points, s.to, s.from, step)
			push(points, s.to, step, r)
		}
		o.Progress(float64(epoch+1) / float64(o.Epochs))
	}
	return nil
}

// pull moves two points towards each other.
func pull(points []Point, a, b int32, step float64) {
	p, q := points[a], points[b]
	dx, dy := float64(p.X-q.X), float64(p.Y-q.Y)
	d2 := dx*dx + dy*dy
	if d2 == 0 {
		return
	}
	power := math.Pow(d2, curveB)
	g := -2 * curveA * curveB * power / d2 / (1 + curveA*power)
	mx, my := float32(clip(g*dx)*step), float32(clip(g*dy)*step)
	points[a] = Point{p.X + mx, p.Y + my}
	points[b] = Point{q.X - mx, q.Y - my}
}

// push moves a point away from a few that are drawn.
func push(points []Point, a int32, step float64, r *rand.Rand) {
	for range negatives {
		b := int32(r.IntN(len(points)))
		if b == a {
			continue
		}
		p, q := points[a], points[b]
		dx, dy := float64(p.X-q.X), float64(p.Y-q.Y)
		d2 := dx*dx + dy*dy
		if d2 == 0 {
			continue
		}
		g := 2 * curveB / ((0.001 + d2) * (1 + curveA*math.Pow(d2, curveB)))
		points[a] = Point{p.X + float32(clip(g*dx)*step), p.Y + float32(clip(g*dy)*step)}
	}
}

func clip(x float64) float64 { return max(-longest, min(longest, x)) }
