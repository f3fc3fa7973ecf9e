package storetest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// source makes random records; the same seed makes the same ones.
type source struct{ *rand.Rand }

func newSource(seed uint64) source {
	return source{rand.New(rand.NewPCG(seed, 0))}
}

func (s source) unit() []float32 {
	v := make([]float32, dim)
	for i := range v {
		v[i] = float32(s.NormFloat64())
	}
	if err := vec.Normalize(v); err != nil {
		panic(err) // a random vector is not zero
	}
	return v
}

func (s source) hash() []byte {
	h := make([]byte, 32)
	for i := range h {
		h[i] = byte(s.Uint32())
	}
	return h
}

var (
	folders = []string{"/", "/a", "/a/b", "/a/b c", "/a/bc", "/ab", "/a/b/c", "/A", "/a/b%", "/a/b_", "/a/b*"}
	labels  = []string{"dog", "Dog", "DOG", "golden retriever", "Straße", "STRASSE", "été", "e\u0301te\u0301",
		"it's", `"quoted"`, "100%", "a_b", "emoji 🐕", `back\slash`, "ΣΊΣΥΦΟΣ", "σίσυφος"}
	formats = []string{"jpeg", "png", "webp", "heic", `o'dd"`}
	sources = []string{"file", "user", "run:1", "run:2"}
)

func (s source) pick(from []string) string { return from[s.IntN(len(from))] }

// place is a path in one of the folders; few enough for collisions.
func (s source) place() string {
	folder := s.pick(folders)
	if folder == "/" {
		folder = ""
	}
	return fmt.Sprintf("%s/%d.jpg", folder, s.IntN(100))
}

func (s source) time() time.Time {
	return time.Unix(1.5e9+s.Int64N(1e8), s.Int64N(1e3)*1e6).UTC()
}

func (s source) tags() []store.Tag {
	var out []store.Tag
	for range s.IntN(4) {
		out = append(out, s.tag(s.pick(sources)))
	}
	return out
}

// tag makes a tag with a label that hardly any other tag of its source has: equal tags
// would have no order to compare.
func (s source) tag(from string) store.Tag {
	return store.Tag{
		Label:  s.pick(labels) + fmt.Sprint(s.IntN(1000)),
		Source: from, Score: s.Float32(), Probability: s.Float32(),
	}
}

func (s source) record() store.Record { return s.recordAt(s.place()) }

func (s source) recordAt(path string) store.Record {
	r := store.Record{
		ID: store.ID("test", path), Path: path, Root: "/", Size: s.Int64N(1 << 40), ModTime: s.time(),
		ContentHash: s.hash(), Width: s.IntN(10000), Height: s.IntN(10000), Format: s.pick(formats),
		Vector: s.unit(), Tags: s.tags(),
	}
	if s.IntN(2) == 0 {
		r.TakenAt = s.time()
		r.About.Date, r.About.DateKind = r.TakenAt.Format("2006-01-02"), "original"
	}
	if s.IntN(3) == 0 {
		r.MetadataStamp = s.Uint32()
		r.About.Title, r.About.Caption = s.pick(labels), s.pick(labels)+"\nit's \"100%\""
		r.About.Rating, r.About.Make = s.IntN(7)-1, s.pick(labels)
		r.About.Position = store.Position{Latitude: s.Float64() * 90, Longitude: -s.Float64()}
	}
	if s.IntN(3) == 0 && len(r.Tags) > 0 {
		r.Tags[0].Label = s.pick(labels)
	}
	return r
}

// records makes n records with different ids.
func (s source) records(n int) []store.Record {
	out := make([]store.Record, n)
	for i := range out {
		out[i] = s.recordAt(fmt.Sprintf("%s/%d.jpg", s.pick(folders[1:]), i))
	}
	return out
}

func (s source) failure() store.Failure {
	path := s.place()
	return store.Failure{
		ID: store.ID("test", path), Path: path, Root: "/", Size: s.Int64N(1 << 40), ModTime: s.time(),
		Reason: "it's \"truncated\" after 100%\nof it", At: s.time(), Attempts: s.IntN(9),
	}
}

// filter makes a tree of at most the given depth.
func (s source) filter(depth int) store.Filter {
	if depth > 0 && s.IntN(3) > 0 {
		switch s.IntN(3) {
		case 0:
			return store.Not{Part: s.filter(depth - 1)}
		case 1:
			return store.And(s.filters(depth - 1))
		default:
			return store.Or(s.filters(depth - 1))
		}
	}
	switch s.IntN(8) {
	case 7:
		side, pixels := store.Side(s.IntN(2)), s.Float64()*11000-500
		if s.IntN(2) == 0 {
			return store.SideAtLeast{Side: side, Pixels: pixels}
		}
		return store.SideAtMost{Side: side, Pixels: pixels}
	case 6:
		return store.Dated{}
	case 0:
		return store.Under(s.pick(folders))
	case 1:
		return store.Under(s.place())
	case 2:
		return store.Since(s.time())
	case 3:
		return store.Until(s.time())
	case 4:
		return store.HasTag(s.pick(labels))
	default:
		return store.FormatIs(s.pick(formats))
	}
}

func (s source) filters(depth int) []store.Filter {
	out := make([]store.Filter, s.IntN(4))
	for i := range out {
		out[i] = s.filter(depth)
	}
	return out
}
