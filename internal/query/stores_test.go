package query_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
	"github.com/sightline/sightline/internal/store/milvus/milvustest"
)

// Both stores give the same answers to the same lines, whatever the store can filter by
// itself.
func TestStoresAgree(t *testing.T) {
	enc := cliptest.New(32)
	spec := enc.Spec()
	remote, err := milvus.Open(t.Context(), milvus.Options{
		Address: milvustest.Start(t).Address, Collection: "c", Mode: store.Create, Consistency: "strong", CallTimeout: time.Minute,
		Model: store.Model{Fingerprint: spec.Fingerprint, Name: spec.Name, Dim: spec.Dim},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer remote.Close()
	local := openStore(t)
	var records []store.Record
	for i := range 120 {
		text := fmt.Sprintf("%s car%d", []string{"red", "blue", "green"}[i%3], i/2*2) // some by twos
		v, err := enc.EncodeTexts(t.Context(), []string{text})
		if err != nil {
			t.Fatal(err)
		}
		r := store.Record{
			Path: fmt.Sprintf("/p/%d/IMG_%d.jpg", i%4, i), Root: "/p", Vector: v.Row(0), Width: 10 * i, Height: 1000 - i, Format: "jpeg",
			ModTime: time.Unix(int64(i), 0).UTC(), ContentHash: make([]byte, 32),
			About: store.About{Rating: i % 6, Make: []string{"FUJIFILM", "Canon"}[i%2], Caption: fmt.Sprintf("Birthday %d", i%7)},
		}
		copy(r.ContentHash, text)
		if i%5 == 0 {
			r.Tags = []store.Tag{{Label: "Sea", Source: "user"}}
			r.About.Position = store.Position{Latitude: 35, Longitude: 135 + float64(i)/100}
		}
		r.ID = store.ID("c", r.Path)
		records = append(records, r)
	}
	for _, st := range []store.Store{local, remote} {
		if err := st.Upsert(t.Context(), records); err != nil {
			t.Fatal(err)
		}
		if err := st.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	a, b := query.New(local, enc, "c", imaging.Limits{}), query.New(remote, enc, "c", imaging.Limits{})
	for _, q := range []string{
		"red", "red - blue", "red NOT blue >=0.5", "red >=0.3 + green", "2*red + 0.5*@/p/1/IMG_1.jpg",
		"red width>=300 height<950", "red under:/p/2 OR under:/p/3", "red tag:sea", "red -tag:sea", "blue name:img_1?.jpg",
		"red rating>=3", "red rating=0", "red camera:fuji caption:\"birthday 3\"", "red -camera:fuji", "red has:gps", "red has:tag -has:camera",
		"green (has:gps OR name:*7*) width>200", "red near:\"35,135.5,20km\"", "red NOT (rating>2 tag:sea)",
	} {
		l := line(t, q)
		for _, p := range []query.Params{{K: 10}, {K: 7, Offset: 5}, {K: 10, Unfolded: true}, {K: 10, Cutoff: query.Cutoff{Kind: query.CutAuto}}} {
			x, y := ask(t, a, l, p), ask(t, b, l, p)
			if diff := cmp.Diff(outline(x), outline(y)); diff != "" {
				t.Errorf("%s, %+v (-local +milvus):\n%s", q, p, diff)
			}
		}
	}
}

// outline is an answer as lines. Equal scores may stand in any order where an index is
// approximate, so that scores stand for the pictures.
func outline(a query.Answer) []string {
	out := []string{fmt.Sprintf("confidence %d", a.Confidence)}
	for i, h := range a.Hits {
		out = append(out, fmt.Sprintf("%.4f +%d", h.Score, a.Matches[i].Copies))
	}
	return out
}
