package milvus_test

import (
	"strings"
	"testing"

	"github.com/milvus-io/milvus-sdk-go/v2/client"
	"github.com/milvus-io/milvus-sdk-go/v2/entity"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
)

func TestForeignRowsOnStandalone(t *testing.T) { testForeignRows(t, standalone) }

func TestForeignRowsOnLite(t *testing.T) { testForeignRows(t, lite) }

// testForeignRows writes rows with the bare SDK into a collection of a real server.
func testForeignRows(t *testing.T, server server) {
	t.Parallel()
	address := server.address(t)
	name := uniqueName(t, address) + "foreign"
	o, warnings := logged(milvus.Options{
		Address: address, Collection: name, Mode: store.Create, Model: model, Consistency: "strong",
	})
	s := open(t, o)
	upsert(t, s, records(30)...)
	bare := connect(t, address)
	ids := []string{record(100).ID, record(101).ID, "img1"}
	texts := func(name string, v ...string) entity.Column { return entity.NewColumnVarChar(name, v) }
	columns := []entity.Column{
		texts("id", ids...), texts("path", "/p/100% dog.png", "/p/b.png", "/p/c.png"), texts("root", "", "", ""),
		texts("content_hash", "x", "", ""), texts("format", "png", "png", "png"),
		entity.NewColumnVarCharArray("tags", [][][]byte{{[]byte("dog")}, {}, {}}),
		entity.NewColumnJSONBytes("extra", [][]byte{[]byte(`{"tags":"dog"}`), []byte(`{"rating":5}`), []byte(`{}`)}),
		entity.NewColumnFloatVector("vector", dim, [][]float32{{0, 0, 1, 0}, {30, 30, 0, 0}, {0, 0, 0, 1}}),
	}
	for _, f := range []string{"size", "mtime", "mtime_ns", "width", "height", "taken_at", "taken_ns", "shown_at", "shown_ns"} {
		columns = append(columns, entity.NewColumnInt64(f, []int64{1, 1, 1}))
	}
	if _, err := bare.Upsert(t.Context(), name+"_0123456789ab", "", columns...); err != nil {
		t.Fatal(err)
	}
	all := scanAll(t, s)
	if len(all) != 32 || all[ids[0]].Path != "/p/100% dog.png" || all[ids[0]].Tags[0].Label != "dog" {
		t.Errorf("a scan gives %d records, %+v", len(all), all[ids[0]])
	}
	for _, want := range []string{ids[0], ids[1], "img1", "not of length 1"} {
		if !strings.Contains(warnings.String(), want) {
			t.Errorf("no warning names %s: %s", want, warnings)
		}
	}
	q := queries(30)
	q.K = 10
	got, err := s.Search(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	want, err := s.SearchExact(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if got[i][0].ID != want[i][0].ID || got[i][0].Score > 1 {
			t.Errorf("query %d: first is %s at %v, should be %s at %v", i, got[i][0].Path, got[i][0].Score, want[i][0].Path, want[i][0].Score)
		}
	}
	if err := s.SetTags(t.Context(), "user", map[string][]store.Tag{ids[1]: {{Label: "cat"}}}); err != nil {
		t.Fatal(err)
	}
	set, err := bare.Query(t.Context(), name+"_0123456789ab", nil, `id == "`+ids[1]+`"`, []string{"extra"},
		client.WithSearchQueryConsistencyLevel(entity.ClStrong))
	if err != nil {
		t.Fatal(err)
	}
	extra := string(set.GetColumn("extra").(*entity.ColumnJSONBytes).Data()[0])
	if !strings.Contains(extra, `"rating"`) || !strings.Contains(extra, `"cat"`) {
		t.Errorf("a tagged foreign row has %s", extra)
	}
	if err := s.Verify(t.Context(), func(p string) { t.Errorf("verify: %s", p) }); err != nil {
		t.Error(err)
	}
}
