package milvus_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
	"github.com/sightline/sightline/internal/store/milvus/milvustest"
)

// logged returns options whose warnings go to a buffer.
func logged(o milvus.Options) (milvus.Options, *bytes.Buffer) {
	var b bytes.Buffer
	o.Log = slog.New(slog.NewTextHandler(&b, nil))
	return o, &b
}

const physical = "default_0123456789ab"

// spoil writes a row that is n's but for some fields, as another client would.
func spoil(fake *milvustest.Server, n int, fields milvustest.Row) string {
	id := record(n).ID
	r := fake.Row(physical, id)
	if other, ok := fields["id"].(string); ok {
		id = other
	}
	for k, v := range fields {
		r[k] = v
	}
	fake.Put(physical, r)
	return id
}

func scanAll(t *testing.T, s store.Store) map[string]store.Record {
	t.Helper()
	out := make(map[string]store.Record)
	for r, err := range s.Scan(t.Context(), nil, store.Fields{Vectors: true}) {
		if err != nil {
			t.Fatal(err)
		}
		out[r.ID] = r
	}
	return out
}

func TestForeignRows(t *testing.T) {
	for _, test := range []struct {
		name   string
		fields milvustest.Row
		shown  bool
		warns  string
		check  func(r store.Record) bool
	}{
		{"path not escaped", milvustest.Row{"path": "/p/100% dog.png"}, true, "100% dog.png",
			func(r store.Record) bool { return r.Path == "/p/100% dog.png" }},
		{"no path", milvustest.Row{"path": ""}, false, "not a path", nil},
		{"tags as a label", milvustest.Row{"extra": []byte(`{"tags":"dog"}`)}, true, "",
			func(r store.Record) bool {
				return len(r.Tags) == 1 && r.Tags[0] == store.Tag{Label: "dog", Source: "client"}
			}},
		{"tags as labels", milvustest.Row{"extra": []byte(`{"tags":["dog",7,"100% cat"]}`)}, true, "not all of extra.tags",
			func(r store.Record) bool { return len(r.Tags) == 2 && r.Tags[1].Label == "100% cat" }},
		{"tags without a source", milvustest.Row{"extra": []byte(`{"tags":[{"label":"dog"}]}`)}, true, "no source",
			func(r store.Record) bool { return len(r.Tags) == 0 }},
		{"extra is a list", milvustest.Row{"extra": []byte(`[1]`)}, true, "no JSON object", nil},
		{"extra is nothing", milvustest.Row{"extra": []byte(``)}, true, "no JSON object", nil},
		{"about is a number", milvustest.Row{"extra": []byte(`{"about":3,"tags":[{"label":"dog","source":"user"}]}`)}, true, "extra.about",
			func(r store.Record) bool { return len(r.Tags) == 1 }},
		{"foreign key", milvustest.Row{"extra": []byte(`{"rating":5}`)}, true, "", nil},
		{"hash is a word", milvustest.Row{"content_hash": "none"}, true, "no SHA-256",
			func(r store.Record) bool { return r.ContentHash == nil }},
		{"long vector", milvustest.Row{"vector": []float32{3, 0, 4, 0}}, true, "not of length 1",
			func(r store.Record) bool { return r.Vector[0] == 0.6 && r.Vector[2] == 0.8 }},
		{"zero vector", milvustest.Row{"vector": []float32{0, 0, 0, 0}}, false, "length 1", nil},
		{"id of another kind", milvustest.Row{"id": "img1"}, false, "its id", nil},
		{"id that needs quoting", milvustest.Row{"id": `a"b`}, false, "its id", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			fake := milvustest.Start(t)
			o, warnings := logged(options(fake))
			s := open(t, o)
			upsert(t, s, records(10)...)
			id := spoil(fake, 3, test.fields)

			all := scanAll(t, s)
			r, shown := all[id]
			if shown != test.shown {
				t.Fatalf("a scan shows it: %v; warnings: %s", shown, warnings)
			}
			if shown && test.check != nil && !test.check(r) {
				t.Errorf("it is read as %+v", r)
			}
			if test.warns != "" && (!strings.Contains(warnings.String(), test.warns) ||
				!strings.Contains(warnings.String(), fmt.Sprintf("%q", id)[1:len(id)+1]) && !strings.Contains(warnings.String(), `a\`)) {
				t.Errorf("the warnings are %q", warnings)
			}
			warned := warnings.Len()
			scanAll(t, s)
			if warnings.Len() != warned {
				t.Errorf("a second scan warns again: %q", warnings)
			}
			q := queries(5)
			q.K = 9
			if hits, err := s.Search(t.Context(), q); err != nil || len(hits[4]) != 9 || hits[4][0].ID != record(4).ID {
				t.Errorf("Search = %d hits, %v", len(hits[4]), err)
			}
			if err := s.SetTags(t.Context(), "user", map[string][]store.Tag{record(5).ID: {{Label: "x"}}}); err != nil {
				t.Errorf("SetTags = %v", err)
			}
			if test.warns != "" {
				var problems []string
				warned = warnings.Len()
				err := s.Verify(t.Context(), func(p string) { problems = append(problems, p) })
				if err != nil || len(problems) > 0 || !strings.Contains(warnings.String()[warned:], test.warns) {
					t.Errorf("Verify = %q, %v, and warns %q", problems, err, warnings.String()[warned:])
				}
			}
		})
	}
}

func TestTaggingKeepsForeignKeys(t *testing.T) {
	fake := milvustest.Start(t)
	s := open(t, options(fake))
	upsert(t, s, records(3)...)
	for name, extra := range map[string]string{
		`"rating":5`:        `{"rating":5,"tags":[{"label":"sea","source":"run:1"}]}`,
		`"more":{"a":[1]}`:  `{"more":{"a":[1]}}`,
		`"unread":{"about"`: `{"about":"a dog"}`,
		`"unread":[1,2]`:    `[1,2]`,
	} {
		id := spoil(fake, 1, milvustest.Row{"extra": []byte(extra)})
		for range 2 { // and again, which must not nest what is kept
			if err := s.SetTags(t.Context(), "user", map[string][]store.Tag{id: {{Label: "dog"}}}); err != nil {
				t.Fatal(err)
			}
		}
		kept := string(fake.Row(physical, id)["extra"].([]byte))
		if !strings.Contains(kept, name) || !strings.Contains(kept, `"dog"`) || !json.Valid([]byte(kept)) {
			t.Errorf("%s became %s", extra, kept)
		}
	}
	long := fmt.Sprintf(`{"mine":%q}`, strings.Repeat("x", 65500))
	id := spoil(fake, 1, milvustest.Row{"extra": []byte(long)})
	err := s.SetTags(t.Context(), "user", map[string][]store.Tag{id: {{Label: "dog"}}})
	if err == nil || !strings.Contains(err.Error(), id) {
		t.Errorf("tagging a full record = %v", err)
	}
}

// A vector of another length scores by its length, on every kind of index.
func TestForeignVectorsDoNotWin(t *testing.T) {
	for _, kind := range []string{"HNSW", "IVF_SQ8"} {
		fake := milvustest.Start(t)
		o := options(fake)
		o.Index.Type = kind
		s := open(t, o)
		upsert(t, s, records(40)...)
		for n := 20; n < 30; n++ {
			v := record(n).Vector
			for i := range v {
				v[i] *= 50
			}
			spoil(fake, n, milvustest.Row{"vector": v})
		}
		q := queries(40)
		got, err := s.Search(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		want, err := s.SearchExact(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			for j := range want[i] {
				if got[i][j].ID != want[i][j].ID || got[i][j].Score > want[i][j].Score+1e-5 || got[i][j].Score < want[i][j].Score-1e-5 {
					t.Fatalf("%s: query %d: hit %d is %s at %v, should be %s at %v", kind, i, j,
						got[i][j].Path, got[i][j].Score, want[i][j].Path, want[i][j].Score)
				}
			}
		}
	}
}
