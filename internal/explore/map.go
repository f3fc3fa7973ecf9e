package explore

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/explore/layout"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// ErrNoCluster says that a map has no cluster of an id.
var ErrNoCluster = errors.New("there is no cluster of that id")

// Map is an index as it was explored. It does not change once it is opened, and is safe
// for concurrent use.
type Map struct {
	Model   store.Model
	Created time.Time
	Seed    uint64
	Labels  string // where the names come from, for people
	// Landmarks is how many pictures made the clusters and the layout; the others were put
	// into them.
	Landmarks int
	// Trustworthiness of the layout: see layout.Trustworthiness; -1 where there are too few
	// pictures to tell.
	Trustworthiness float64
	// Tried has the numbers of clusters that were tried for the first level; none where the
	// number was given.
	Tried []Candidate
	// Clusters come with parents before their parts.
	Clusters []Cluster
	// Since says what has changed in the index since it was explored. What came has been
	// put into the nearest clusters, and what is gone is left out.
	Since Changes

	dim       int
	centroids [][]float32 // of Clusters
	rows      []picture   // by cluster, and in it the nearest to its centroid first
}

// Changes is what has changed in an index since it was explored.
type Changes struct{ Came, Changed, Gone int }

// Any reports whether there is a change.
func (c Changes) Any() bool { return c != Changes{} }

// String says it for people.
func (c Changes) String() string {
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{c.Came, "came"}, {c.Changed, "changed"}, {c.Gone, "went"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	return strings.Join(parts, ", ")
}

// Cluster is pictures that are alike.
type Cluster struct {
	// ID is the places of the cluster and those that it is part of, from 1, the largest of
	// each first: 3, 3.1. It means something to one exploration alone.
	ID     string
	Parent int    // place in Map.Clusters; -1 for one of the first level
	Level  int    // from 1
	Name   string // "" where none fits
	// Probability is the mean one of the name over the pictures of the cluster.
	Probability float32
	Size        int
	// Cohesion is the mean cosine of the pictures with the centroids of the smallest
	// clusters that they are in.
	Cohesion float32
	At       layout.Point // the middle of its pictures
	// Representatives are the ids of pictures near to the centroid, no two of them the same
	// or nearly.
	Representatives []string

	first, last int // of Map.rows
}

// Title is what people know a cluster by: its name, or its id where it has none.
func (c *Cluster) Title() string { return cmp.Or(c.Name, "cluster "+c.ID) }

// Label is the id of a cluster with its name, where it has one.
func (c *Cluster) Label() string { return strings.TrimSpace(c.ID + " " + c.Name) }

// Point is a picture on the map.
type Point struct {
	ID      string
	X, Y    float32 // 0 to 1
	Cluster int     // place in Map.Clusters of the smallest cluster that it is in
	New     bool    // it came since, and lies in the middle of its cluster
}

// picture is a row of a map.
type picture struct {
	id      [idBytes]byte
	content uint32
	cluster uint16 // one without parts
	cosine  float32
	at      layout.Point
	came    bool
}

// idBytes is the length of an id: 40 hex digits, see store.ID.
const idBytes = 20

// checkID reports an id that is not one of store.ID.
func checkID(id string) error {
	var b [idBytes]byte
	if n, err := hex.Decode(b[:], []byte(id[:min(len(id), 2*idBytes)])); err != nil || n != idBytes || len(id) != 2*idBytes {
		return fmt.Errorf("%w: %.60q is not an id", store.ErrDamaged, id)
	}
	return nil
}

// binaryID is a checked id in binary.
func binaryID(id string) (b [idBytes]byte) {
	_, _ = hex.Decode(b[:], []byte(id))
	return b
}

func (p *picture) hexID() string { return hex.EncodeToString(p.id[:]) }

// Pictures is how many pictures the map has.
func (m *Map) Pictures() int { return len(m.rows) }

// Levels is how many levels of clusters there are.
func (m *Map) Levels() int {
	most := 0
	for _, c := range m.Clusters {
		most = max(most, c.Level)
	}
	return most
}

// Find returns the place of the cluster of an id. The error is ErrNoCluster.
func (m *Map) Find(id string) (int, error) {
	for i, c := range m.Clusters {
		if c.ID == id {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%w: %.40q", ErrNoCluster, id)
}

// Parts returns the places of the clusters that one is divided into, and those of the
// first level for -1. Clusters all of whose pictures have gone are left out.
func (m *Map) Parts(parent int) []int {
	var out []int
	for i, c := range m.Clusters {
		if c.Parent == parent && c.Size > 0 {
			out = append(out, i)
		}
	}
	return out
}

// Of returns, for each picture, the place of its cluster of a level, or of the smallest
// one above it where it is in none of that level.
func (m *Map) Of(level int) map[string]int {
	out := make(map[string]int, len(m.rows))
	for i := range m.rows {
		out[m.rows[i].hexID()] = m.above(int(m.rows[i].cluster), level)
	}
	return out
}

// above goes up from a cluster to a level.
func (m *Map) above(place, level int) int {
	for m.Clusters[place].Level > level {
		place = m.Clusters[place].Parent
	}
	return place
}

// Members returns the ids of a cluster's pictures from a place on, at most so many: those
// of its first part first, and in one without parts the nearest to its centroid.
func (m *Map) Members(place, offset, limit int) []string {
	c := &m.Clusters[place]
	first := min(c.first+max(offset, 0), c.last)
	rows := m.rows[first:min(c.last, first+max(limit, 0))]
	out := make([]string, len(rows))
	for i := range rows {
		out[i] = rows[i].hexID()
	}
	return out
}

// Filter matches the pictures of a cluster.
func (m *Map) Filter(id string) (store.Filter, error) {
	place, err := m.Find(id)
	if err != nil {
		return nil, err
	}
	return store.NewWithID(m.Members(place, 0, m.Clusters[place].Size)), nil
}

// Points returns the pictures of the map, those of a cluster beside each other.
func (m *Map) Points() []Point {
	corner, side := m.square()
	out := make([]Point, len(m.rows))
	for i := range m.rows {
		r := &m.rows[i]
		out[i] = Point{
			ID: r.hexID(), Cluster: int(r.cluster), New: r.came,
			X: unitInterval((r.at.X - corner.X) / side), Y: unitInterval((r.at.Y - corner.Y) / side),
		}
	}
	return out
}

// Place is where a point of the layout, such as Cluster.At, lies on the map that Points is.
func (m *Map) Place(at layout.Point) (x, y float32) {
	corner, side := m.square()
	return unitInterval((at.X - corner.X) / side), unitInterval((at.Y - corner.Y) / side)
}

// square is the square in which the pictures lie, in the middle of it: one scale for both
// axes, so that distances stay what they are.
func (m *Map) square() (corner layout.Point, side float32) {
	if len(m.rows) == 0 {
		return layout.Point{}, 1
	}
	low, high := m.rows[0].at, m.rows[0].at
	for i := range m.rows {
		at := m.rows[i].at
		low = layout.Point{X: min(low.X, at.X), Y: min(low.Y, at.Y)}
		high = layout.Point{X: max(high.X, at.X), Y: max(high.Y, at.Y)}
	}
	side = max(high.X-low.X, high.Y-low.Y, 1e-6)
	return layout.Point{X: low.X - (side-(high.X-low.X))/2, Y: low.Y - (side-(high.Y-low.Y))/2}, side
}

func unitInterval(x float32) float32 { return max(0, min(1, x)) }

// nearest finds the smallest cluster that a vector belongs into, from the first level
// down.
func (m *Map) nearest(v []float32, parts map[int][]int) (place int, cosine float32) {
	place = -1
	for {
		below := parts[place]
		if len(below) == 0 {
			return place, cosine
		}
		cosine = float32(math.Inf(-1))
		for _, p := range below {
			if c := vec.Dot(m.centroids[p], v); c > cosine {
				place, cosine = p, c
			}
		}
	}
}

// partsOf are the parts of all clusters by their places, for nearest.
func (m *Map) partsOf() map[int][]int {
	out := make(map[int][]int)
	for i, c := range m.Clusters {
		out[c.Parent] = append(out[c.Parent], i)
	}
	return out
}

// settle puts the rows into their order, and counts what follows from them.
func (m *Map) settle() {
	slices.SortStableFunc(m.rows, func(a, b picture) int {
		return cmp.Or(cmp.Compare(a.cluster, b.cluster), cmp.Compare(b.cosine, a.cosine), slices.Compare(a.id[:], b.id[:]))
	})
	for i := range m.Clusters {
		c := &m.Clusters[i]
		c.Size, c.Cohesion, c.At = 0, 0, layout.Point{}
		c.first, c.last = len(m.rows), 0
	}
	for i := range m.rows {
		r := &m.rows[i]
		for place := int(r.cluster); place >= 0; place = m.Clusters[place].Parent {
			c := &m.Clusters[place]
			c.Size++
			n := float32(c.Size)
			c.Cohesion += (r.cosine - c.Cohesion) / n
			c.At.X += (r.at.X - c.At.X) / n
			c.At.Y += (r.at.Y - c.At.Y) / n
			c.first, c.last = min(c.first, i), max(c.last, i+1)
		}
	}
	for i := range m.Clusters {
		if c := &m.Clusters[i]; c.Size == 0 {
			c.first, c.last = 0, 0
		}
	}
}
