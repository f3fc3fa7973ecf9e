package explore

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/sightline/sightline/internal/explore/layout"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// ErrDamaged says that a stored map cannot be read.
var ErrDamaged = errors.New("the stored map of the index is damaged")

// A map in binary, least byte first:
//
//	magic       8 bytes
//	facts       uint32 length, and JSON: all but centroids and pictures
//	centroids   clusters x dim float32
//	pictures    32 bytes each: id 20, content 4, cluster 2, cosine 2, x 2, y 2
//
// A cosine c is (c+1)*32767 rounded; x and y are parts of the square in which the map lies,
// whose corner and side are facts.
const (
	magic        = "SLEXPL1\n"
	pictureBytes = idBytes + 4 + 2 + 2 + 2 + 2
	mostDim      = 1 << 16
	mostFacts    = 64 << 20
	cosineScale  = 32767
	placeScale   = 65535
)

// facts are what a map is besides vectors and pictures.
type facts struct {
	Model           store.Model   `json:"model"`
	Created         time.Time     `json:"created"`
	Seed            uint64        `json:"seed"`
	Labels          string        `json:"labels,omitempty"`
	Landmarks       int           `json:"landmarks"`
	Trustworthiness float64       `json:"trustworthiness"`
	Tried           []Candidate   `json:"tried,omitempty"`
	Dim             int           `json:"dim"`
	Pictures        int           `json:"pictures"`
	Corner          layout.Point  `json:"corner"`
	Side            float32       `json:"side"`
	Clusters        []clusterFact `json:"clusters"`
}

type clusterFact struct {
	ID              string   `json:"id"`
	Parent          int      `json:"parent"`
	Name            string   `json:"name,omitempty"`
	Probability     float32  `json:"probability,omitempty"`
	Representatives []string `json:"representatives"`
}

// encode writes a map in binary.
func (m *Map) encode() ([]byte, error) {
	f := facts{
		Model: m.Model, Created: m.Created, Seed: m.Seed, Labels: m.Labels, Landmarks: m.Landmarks,
		Trustworthiness: m.Trustworthiness, Tried: m.Tried, Dim: m.dim, Pictures: len(m.rows),
	}
	f.Corner, f.Side = m.square()
	for _, c := range m.Clusters {
		f.Clusters = append(f.Clusters, clusterFact{c.ID, c.Parent, c.Name, c.Probability, c.Representatives})
	}
	text, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(magic)+4+len(text)+4*m.dim*len(m.Clusters)+pictureBytes*len(m.rows))
	out = append(out, magic...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(text)))
	out = append(out, text...)
	for _, c := range m.centroids {
		for _, x := range c {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
		}
	}
	for i := range m.rows {
		r := &m.rows[i]
		out = append(out, r.id[:]...)
		out = binary.LittleEndian.AppendUint32(out, r.content)
		out = binary.LittleEndian.AppendUint16(out, r.cluster)
		out = binary.LittleEndian.AppendUint16(out, uint16(math.Round(float64(max(-1, min(1, r.cosine))+1)*cosineScale)))
		out = binary.LittleEndian.AppendUint16(out, place16(r.at.X-f.Corner.X, f.Side))
		out = binary.LittleEndian.AppendUint16(out, place16(r.at.Y-f.Corner.Y, f.Side))
	}
	return out, nil
}

func place16(x, side float32) uint16 {
	return uint16(math.Round(float64(unitInterval(x/side)) * placeScale))
}

// decode reads what encode writes. Nothing is allocated that the data are not long enough
// for. The error is ErrDamaged.
func decode(data []byte) (*Map, error) {
	bad := func(format string, args ...any) (*Map, error) {
		return nil, fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
	}
	rest, ok := bytes.CutPrefix(data, []byte(magic))
	if !ok || len(rest) < 4 {
		return bad("it does not begin as one, or is of another version")
	}
	length := int64(binary.LittleEndian.Uint32(rest))
	if rest = rest[4:]; length > mostFacts || length > int64(len(rest)) {
		return bad("it is cut off")
	}
	var f facts
	if err := json.Unmarshal(rest[:length], &f); err != nil {
		return bad("%s", err)
	}
	rest = rest[length:]
	if f.Dim < 1 || f.Dim > mostDim || f.Pictures < 0 || len(f.Clusters) == 0 || len(f.Clusters) > math.MaxUint16 ||
		!finite(float64(f.Side)) || f.Side <= 0 || !finite(float64(f.Corner.X)) || !finite(float64(f.Corner.Y)) {
		return bad("its facts are none")
	}
	if int64(f.Pictures) > int64(len(rest)) || int64(len(rest)) != 4*int64(f.Dim)*int64(len(f.Clusters))+pictureBytes*int64(f.Pictures) {
		return bad("it has %d bytes of vectors and pictures, which is not what it says", len(rest))
	}
	m := &Map{
		Model: f.Model, Created: f.Created, Seed: f.Seed, Labels: f.Labels, Landmarks: f.Landmarks,
		Trustworthiness: f.Trustworthiness, Tried: f.Tried, dim: f.Dim,
	}
	parted := make(map[int]bool)
	for i, c := range f.Clusters {
		if c.Parent < -1 || c.Parent >= i {
			return bad("cluster %d is part of %d", i, c.Parent)
		}
		level := 1
		if c.Parent >= 0 {
			parted[c.Parent] = true
			level = m.Clusters[c.Parent].Level + 1
		}
		if level > 2*levels {
			return bad("its clusters are nested too deeply")
		}
		m.Clusters = append(m.Clusters, Cluster{
			ID: c.ID, Parent: c.Parent, Level: level, Name: c.Name, Probability: c.Probability, Representatives: c.Representatives,
		})
		row := make([]float32, f.Dim)
		for j := range row {
			row[j] = math.Float32frombits(binary.LittleEndian.Uint32(rest[4*j:]))
		}
		if rest = rest[4*f.Dim:]; !vec.IsUnit(row) {
			return bad("the centroid of cluster %d is not of length 1", i)
		}
		m.centroids = append(m.centroids, row)
	}
	m.rows = make([]picture, f.Pictures)
	for i := range m.rows {
		r, b := &m.rows[i], rest[i*pictureBytes:]
		copy(r.id[:], b)
		b = b[idBytes:]
		r.content, r.cluster = binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint16(b[4:])
		r.cosine = float32(binary.LittleEndian.Uint16(b[6:]))/cosineScale - 1
		r.at = layout.Point{
			X: f.Corner.X + f.Side*float32(binary.LittleEndian.Uint16(b[8:]))/placeScale,
			Y: f.Corner.Y + f.Side*float32(binary.LittleEndian.Uint16(b[10:]))/placeScale,
		}
		if int(r.cluster) >= len(m.Clusters) || parted[int(r.cluster)] {
			return bad("picture %d is in cluster %d, which has none of its own", i, r.cluster)
		}
	}
	m.settle()
	return m, nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
