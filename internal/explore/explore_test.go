package explore

import (
	"bytes"
	"context"
	"errors"
	"math"
	"path"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/store"
)

// What was planted is found on both stores, with names, and kept.
func TestRun(t *testing.T) {
	c := classifier(t)
	for name, open := range map[string]func(*testing.T) store.Store{"local": openLocal, "milvus": openMilvus} {
		t.Run(name, func(t *testing.T) {
			st := open(t)
			upsert(t, st, planted(t, c, 0, 180, 0.05))
			told := make(map[Stage]int)
			m, err := Run(t.Context(), st, Options{
				Clusters: len(things), Seed: 3, Names: c, Labels: "test", Now: time.Unix(5, 0).UTC(),
				Progress: func(s Stage, done, total int) { told[s] = done },
			})
			if err != nil {
				t.Fatal(err)
			}
			checkPlanted(t, st, m, 180)
			for _, s := range []Stage{Reading, Clustering, Searching} {
				if told[s] != 180 {
					t.Errorf("%s: %d were reported", s, told[s])
				}
			}
			if m.Landmarks != 180 || m.Trustworthiness < 0.9 {
				t.Errorf("%d landmarks, trustworthiness %v", m.Landmarks, m.Trustworthiness)
			}
			if _, err := Open(t.Context(), st); !errors.Is(err, ErrNone) {
				t.Errorf("before it was kept: %v", err)
			}
			if err := m.Save(t.Context(), st); err != nil {
				t.Fatal(err)
			}
			again, err := Open(t.Context(), st)
			if err != nil || again.Since.Any() {
				t.Fatalf("%v, changes %v", err, again.Since)
			}
			checkPlanted(t, st, again, 180)
			if again.Labels != "test" || !again.Created.Equal(m.Created) || again.Seed != 3 || again.Model != testModel {
				t.Errorf("read back: %+v", again)
			}
			if err := Remove(t.Context(), st); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(t.Context(), st); !errors.Is(err, ErrNone) {
				t.Errorf("after it was removed: %v", err)
			}
		})
	}
}

// checkPlanted holds a map against what was planted: a cluster of the first level for each
// thing, with its name, its pictures and no others.
func checkPlanted(t *testing.T, st store.Store, m *Map, pictures int) {
	t.Helper()
	tops := m.Parts(-1)
	if len(tops) != len(things) || m.Pictures() != pictures {
		t.Fatalf("%d clusters of %d pictures", len(tops), m.Pictures())
	}
	var names []string
	total := 0
	for _, i := range tops {
		cluster := m.Clusters[i]
		names = append(names, cluster.Name)
		members := m.Members(i, 0, pictures)
		total += len(members)
		if len(members) != cluster.Size || cluster.Cohesion < 0.8 || cluster.Probability <= 0 {
			t.Errorf("%s: %d members; %+v", cluster.Label(), len(members), cluster)
		}
		for _, p := range pathsOf(t, t.Context(), st, members) {
			if path.Base(path.Dir(p)) != cluster.Name {
				t.Errorf("%s is in the cluster %s", p, cluster.Name)
			}
		}
		if n := len(cluster.Representatives); n == 0 || n > shown || !slices.Contains(members, cluster.Representatives[0]) {
			t.Errorf("%s: %d pictures stand for it", cluster.Label(), n)
		}
		var parts int
		for _, j := range m.Parts(i) {
			parts += m.Clusters[j].Size
		}
		if len(m.Parts(i)) > 0 && parts != cluster.Size {
			t.Errorf("%s: its parts have %d pictures", cluster.Label(), parts)
		}
		f, err := m.Filter(cluster.ID)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := st.Count(t.Context(), f); err != nil || n != int64(cluster.Size) {
			t.Errorf("%s: its filter matches %d, %v", cluster.Label(), n, err)
		}
	}
	slices.Sort(names)
	if diff := cmp.Diff(things, names); diff != "" || total != pictures {
		t.Errorf("%d pictures in clusters (-want +got):\n%s", total, diff)
	}
	points := m.Points()
	if len(points) != pictures {
		t.Errorf("%d points", len(points))
	}
	for _, p := range points {
		if !(p.X >= 0 && p.X <= 1 && p.Y >= 0 && p.Y <= 1) {
			t.Fatalf("a point outside of the map: %+v", p)
		}
	}
}

// Where there are too many pictures some of them make the clusters and the map, and the
// others are put in.
func TestRunWithLandmarks(t *testing.T) {
	c := classifier(t)
	st := openLocal(t)
	upsert(t, st, planted(t, c, 0, 600, 0.05))
	placed := 0
	m, err := Run(t.Context(), st, Options{
		Clusters: len(things), Seed: 1, Names: c, mostLandmarks: 400, landmarksOfMany: 150,
		Progress: func(s Stage, done, _ int) {
			if s == Placing {
				placed = done
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if m.Landmarks < 100 || m.Landmarks > 200 || placed != 600 {
		t.Errorf("%d landmarks, %d placed", m.Landmarks, placed)
	}
	checkPlanted(t, st, m, 600)
	// What was put in lies among its own.
	if trust := spread(m); trust > 0.35 {
		t.Errorf("pictures lie %v of the map away from the middle of their cluster", trust)
	}
}

// spread is the mean distance of points from the middle of their clusters.
func spread(m *Map) float64 {
	var sum float64
	for _, p := range m.Points() {
		x, y := m.Place(m.Clusters[p.Cluster].At)
		sum += math.Hypot(float64(p.X-x), float64(p.Y-y)) / float64(m.Pictures())
	}
	return sum
}

func TestRunIsDeterministic(t *testing.T) {
	c := classifier(t)
	st := openLocal(t)
	upsert(t, st, planted(t, c, 0, 120, 0.3))
	run := func(seed uint64) []byte {
		m, err := Run(t.Context(), st, Options{Seed: seed, Names: c})
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Tried) == 0 {
			t.Error("no number of clusters was tried")
		}
		data, err := m.encode()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	a := run(1)
	if !bytes.Equal(a, run(1)) {
		t.Error("the same seed gave another map")
	}
	if bytes.Equal(a, run(2)) {
		t.Error("another seed gave the same map")
	}
	// The order in which the pictures came means nothing.
	st = openLocal(t)
	records := planted(t, c, 0, 120, 0.3)
	slices.Reverse(records)
	upsert(t, st, records[:50])
	upsert(t, st, records[50:])
	if !bytes.Equal(a, run(1)) {
		t.Error("pictures that came in another order gave another map")
	}
}

func TestRunRefuses(t *testing.T) {
	c := classifier(t)
	st := openLocal(t)
	if _, err := Run(t.Context(), st, Options{}); !errors.Is(err, ErrFew) {
		t.Errorf("an empty index: %v", err)
	}
	upsert(t, st, planted(t, c, 0, 2, 0.1))
	if _, err := Run(t.Context(), st, Options{}); !errors.Is(err, ErrFew) {
		t.Errorf("two pictures: %v", err)
	}
	upsert(t, st, planted(t, c, 2, 1, 0.1))
	m, err := Run(t.Context(), st, Options{})
	if err != nil || m.Pictures() != 3 || m.Clusters[0].Name != "" {
		t.Errorf("three pictures, without labels: %+v, %v", m, err)
	}
	same := planted(t, c, 0, 60, 0)
	for i := range same {
		same[i].Vector = same[0].Vector
	}
	upsert(t, st, same)
	if m, err = Run(t.Context(), st, Options{Names: c}); err != nil || m.Pictures() != 60 {
		t.Errorf("pictures that are all the same: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, st, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// A cluster all of whose pictures have gone is listed no more, and is there when one comes.
func TestPartsHavePictures(t *testing.T) {
	c := classifier(t)
	st := openLocal(t)
	records := planted(t, c, 0, 60, 0.05)
	upsert(t, st, records)
	m, err := Run(t.Context(), st, Options{Clusters: len(things), Names: c})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Save(t.Context(), st); err != nil {
		t.Fatal(err)
	}
	if n := len(m.Parts(-1)); n != len(things) {
		t.Fatalf("%d clusters", n)
	}
	var gone []string
	for i := 0; i < len(records); i += len(things) {
		gone = append(gone, records[i].ID)
	}
	if err := st.Delete(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	if m, err = Open(t.Context(), st); err != nil || len(m.Parts(-1)) != len(things)-1 {
		t.Fatalf("%v: %d clusters", err, len(m.Parts(-1)))
	}
	for _, i := range m.Parts(-1) {
		if m.Clusters[i].Size == 0 || m.Clusters[i].Name == things[0] {
			t.Errorf("%+v is listed", m.Clusters[i])
		}
	}
	checkRepresentatives(t, m)
	upsert(t, st, planted(t, c, 60, 1, 0))
	if m, err = Open(t.Context(), st); err != nil || len(m.Parts(-1)) != len(things) {
		t.Errorf("%v: %d clusters after one of its pictures came", err, len(m.Parts(-1)))
	}
}

// checkRepresentatives checks that each cluster is stood for by pictures that are in it.
func checkRepresentatives(t *testing.T, m *Map) {
	t.Helper()
	for i, c := range m.Clusters {
		members := m.Members(i, 0, c.Size)
		for _, id := range c.Representatives {
			if !slices.Contains(members, id) {
				t.Errorf("cluster %s of %d pictures is stood for by %s, which is not in it", c.ID, c.Size, id)
			}
		}
		if c.Size > 0 && len(c.Representatives) == 0 {
			t.Errorf("nothing stands for cluster %s of %d pictures", c.ID, c.Size)
		}
	}
}

// Where all that stood for a cluster has gone, others do.
func TestRepresentativesAreReplaced(t *testing.T) {
	c := classifier(t)
	st := openLocal(t)
	upsert(t, st, planted(t, c, 0, 120, 0.05))
	m, err := Run(t.Context(), st, Options{Clusters: len(things), Names: c})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Save(t.Context(), st); err != nil {
		t.Fatal(err)
	}
	if err := st.Delete(t.Context(), m.Clusters[0].Representatives); err != nil {
		t.Fatal(err)
	}
	before := len(m.Clusters[0].Representatives)
	if m, err = Open(t.Context(), st); err != nil || m.Since.Gone != before || before == 0 {
		t.Fatalf("%v: %+v, of %d", err, m.Since, before)
	}
	checkRepresentatives(t, m)
}

// What has changed since is taken in when the map is read.
func TestOpenFollowsTheIndex(t *testing.T) {
	c := classifier(t)
	st := openLocal(t)
	records := planted(t, c, 0, 120, 0.05)
	upsert(t, st, records)
	m, err := Run(t.Context(), st, Options{Clusters: len(things), Names: c})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Save(t.Context(), st); err != nil {
		t.Fatal(err)
	}
	upsert(t, st, planted(t, c, 120, 12, 0.05))
	if err := st.Delete(t.Context(), []string{records[0].ID, records[7].ID, records[8].ID}); err != nil {
		t.Fatal(err)
	}
	changed := records[20] // another picture by the same name
	changed.Vector, changed.ContentHash = records[21].Vector, append([]byte("new!"), make([]byte, 28)...)
	upsert(t, st, []store.Record{changed})
	m, err = Open(t.Context(), st)
	if err != nil || m.Since != (Changes{Came: 12, Changed: 1, Gone: 3}) || m.Since.String() != "12 came, 1 changed, 3 went" {
		t.Fatalf("%v: %+v", err, m.Since)
	}
	if m.Pictures() != 129 {
		t.Errorf("%d pictures", m.Pictures())
	}
	checkRepresentatives(t, m)
	of := m.Of(1)
	for i, want := range map[string]string{changed.ID: things[21%6], planted(t, c, 125, 1, 0)[0].ID: things[125%6]} {
		if got := m.Clusters[of[i]].Name; got != want {
			t.Errorf("%s is in %s, want %s", i, got, want)
		}
	}
	came := 0
	for _, p := range m.Points() {
		if p.New {
			came++
		}
	}
	if came != 13 {
		t.Errorf("%d points are new", came)
	}
}

func TestMembersArePaged(t *testing.T) {
	c := classifier(t)
	st := openLocal(t)
	upsert(t, st, planted(t, c, 0, 300, 0.2))
	m, err := Run(t.Context(), st, Options{Clusters: 6})
	if err != nil {
		t.Fatal(err)
	}
	for i, cluster := range m.Clusters {
		all := m.Members(i, 0, cluster.Size+10)
		var paged []string
		for offset := 0; offset < cluster.Size; offset += 7 {
			paged = append(paged, m.Members(i, offset, 7)...)
		}
		if len(all) != cluster.Size || !slices.Equal(all, paged) {
			t.Errorf("%s: %d and %d members of %d", cluster.ID, len(all), len(paged), cluster.Size)
		}
		if got := len(m.Members(i, cluster.Size+5, 7)) + len(m.Members(i, 0, -1)); got != 0 {
			t.Errorf("%s: %d members beyond its end", cluster.ID, got)
		}
	}
	if m.Levels() < 2 {
		t.Errorf("%d levels", m.Levels())
	}
	if _, err := m.Filter("99.1"); !errors.Is(err, ErrNoCluster) {
		t.Errorf("an unknown cluster: %v", err)
	}
}
