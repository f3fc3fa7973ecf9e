package index_test

import (
	"context"
	"fmt"
	"iter"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/imaging/raw/rawtest"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
	"github.com/sightline/sightline/internal/store/milvus/milvustest"
)

// countingStore counts the records that are read from it with their vectors, by content
// and by id, and the listings.
type countingStore struct {
	store.Store
	byContent, byID, listings atomic.Int64
}

func (s *countingStore) FindContent(ctx context.Context, hash []byte, limit int) ([]store.Record, error) {
	found, err := s.Store.FindContent(ctx, hash, limit)
	s.byContent.Add(int64(len(found)))
	return found, err
}

func (s *countingStore) Get(ctx context.Context, ids []string) ([]store.Record, error) {
	s.byID.Add(int64(len(ids)))
	return s.Store.Get(ctx, ids)
}

func (s *countingStore) Scan(ctx context.Context, f store.Filter, fields store.Fields) iter.Seq2[store.Record, error] {
	if _, ok := f.(store.WithContent); ok {
		s.listings.Add(1)
	}
	return s.Store.Scan(ctx, f, fields)
}

// A copy of what the index has many of reads no more of it than a copy of what it has few
// of.
func TestManyCopiesReadNoMore(t *testing.T) {
	const n = 60
	w := newWorld(t)
	for i := range n {
		w.picture(fmt.Sprintf("a/%03d.png", i), 0)
	}
	w.run(w.path("a"))
	s := &countingStore{Store: w.store}
	w.store = s
	for i := range 2 * n {
		w.picture(fmt.Sprintf("b/%03d.png", i), 0)
	}
	w.want(w.run(w.path("b")), counts{Seen: 2 * n, Added: 2 * n})
	// Each of the three workers may ask before one of them has opened the family.
	if most := int64(3 * (8 + 64)); s.byContent.Load() > most || s.byID.Load() != 0 || s.listings.Load() != 1 {
		t.Errorf("%d records read by content, want at most %d; %d by id, %d listings", s.byContent.Load(), most, s.byID.Load(), s.listings.Load())
	}
	w.rename("a", "c")
	s.byID.Store(0)
	w.want(w.run(w.path("c")), counts{Seen: n, Moved: n})
	if got := s.byID.Load(); got != n {
		t.Errorf("%d records read by id for %d that moved", got, n)
	}
}

// Of many equal files each finds its own record, whichever of them moved, went or came.
func TestMovesAmongMany(t *testing.T) {
	const n = 40
	for name, open := range map[string]func(*testing.T, store.Model) store.Store{
		"embedded": nil,
		"server": func(t *testing.T, m store.Model) store.Store {
			s, err := milvus.Open(t.Context(), milvus.Options{Address: milvustest.Start(t).Address, Collection: "c",
				Mode: store.Create, Model: m, Consistency: "strong", CallTimeout: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			return s
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if open != nil {
				w.store = open(t, w.store.Model())
			}
			for i := range n {
				w.picture(fmt.Sprintf("all/%d/%03d.png", i%4, i), 0)
			}
			w.run()
			for _, i := range []int{5, 6, 11} {
				w.tag(fmt.Sprintf("all/%d/%03d.png", i%4, i))
			}
			w.rename("all/1", "all/sub/1")           // 5 moves with its folder
			w.rename("all/2/006.png", "all/new.png") // 6 moves and is renamed; the walk comes by it first
			w.want(w.run(), counts{Seen: n, Unchanged: n - 11, Moved: 11})
			w.picture("all/1/005.png", 0) // one more where one was
			w.want(w.run(), counts{Seen: n + 1, Added: 1, Unchanged: n})
			tags := w.tags()
			for name, was := range map[string]string{"all/sub/1/005.png": "all/1/005.png", "all/new.png": "all/2/006.png", "all/3/011.png": "all/3/011.png"} {
				if got := tags[name]; len(got) != 2 || got[1] != "user "+was {
					t.Errorf("%s has the tags %q", name, got)
				}
			}
			if len(w.names()) != n+1 || len(tags) != 3 {
				t.Errorf("%d records, tags %v", len(w.names()), tags)
			}
			w.want(w.run(), counts{Seen: n + 1, Unchanged: n + 1})
		})
	}
}

// Of a few equal files too, one that shares no name with those that have gone chooses last.
func TestRenameAmongAFew(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"z/1.png", "z/2.png", "z/3.png"} {
		w.picture(name, 0)
		w.picture("other/"+name, 1)
	}
	w.run()
	w.tag("z/1.png")
	w.tag("z/2.png")
	w.rename("z/1.png", "a.png")
	w.rename("z/2.png", "zz/2.png")
	w.want(w.run(), counts{Seen: 6, Unchanged: 4, Moved: 2})
	if tags := w.tags(); len(tags["a.png"]) != 2 || tags["a.png"][1] != "user z/1.png" || len(tags["zz/2.png"]) != 2 {
		t.Errorf("tags %v", tags)
	}
}

// Many equal files under a root that is a link keep their records when the index gets to
// know them by their own paths.
func TestAliasOfMany(t *testing.T) {
	const n = 20
	w := newWorld(t)
	for i := range n {
		w.picture(fmt.Sprintf("real/%03d.png", i), 0)
	}
	if err := os.Symlink("real", w.path("alias")); err != nil {
		t.Skip(err)
	}
	w.run(w.path("real"))
	w.asReadUnder("real", "alias")
	w.tag("alias/007.png")
	w.want(w.run(w.path("real")), counts{Seen: n, Moved: n})
	if got := w.tags()["real/007.png"]; len(got) != 2 || len(w.names()) != n {
		t.Errorf("%d records, tags %v", len(w.names()), w.tags())
	}
}

// Many equal RAW files take the vectors of what lies beside each of them.
func TestTwinsOfMany(t *testing.T) {
	const n = 24
	nef := rawtest.NEF(rawtest.Picture{Width: 90, Height: 60, Preview: shaded(t, 64, 48, 10)})
	w := newWorld(t)
	w.options.Twins = true
	twins := [][]byte{shaded(t, 60, 40, 120), shaded(t, 60, 40, 60), nil}
	for i := range n {
		w.write(fmt.Sprintf("a/%02d.NEF", i), nef)
		if twin := twins[i%len(twins)]; twin != nil {
			w.write(fmt.Sprintf("a/%02d.jpg", i), twin)
		}
	}
	check := func() {
		t.Helper()
		vectors := make(map[string][]float32)
		for r, err := range w.store.Scan(t.Context(), nil, store.Fields{Vectors: true}) {
			if err != nil {
				t.Fatal(err)
			}
			vectors[r.Path[len(w.photos)+3:]] = r.Vector
		}
		for i := range n {
			raw := vectors[fmt.Sprintf("%02d.NEF", i)]
			if beside := vectors[fmt.Sprintf("%02d.jpg", i)]; beside != nil && !equal(raw, beside) {
				t.Errorf("%d is embedded otherwise than the picture beside it", i)
			} else if beside == nil && !equal(raw, vectors["02.NEF"]) {
				t.Errorf("%d is embedded otherwise than others with none beside them", i)
			}
		}
	}
	all := int64(n + n*2/3)
	first := w.run() // how many go through the model depends on when the first of them are stored
	first.Embedded = 0
	w.want(first, counts{Seen: all, Added: all})
	check()
	w.rename("a", "b")
	w.want(w.run(), counts{Seen: all, Moved: all})
	check()
}
