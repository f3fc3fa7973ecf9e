package server

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/index"
)

// indexing is a house whose index runs can be started.
type indexing struct{ *house }

// Index implements Indexer.
func (h indexing) Index(_ context.Context, retry bool, o index.Observer) (any, error) {
	if retry {
		return nil, errors.New("the disk is away")
	}
	o.Planned(1)
	h.index()
	o.Embedded(1)
	o.Failed("/photos/broken.jpg", "it is cut short")
	return index.Report{Added: 1}, nil
}

func TestIndexRuns(t *testing.T) {
	h := newHouse(t)
	s := h.serve(func(o *Options) { o.Opener, o.AllowIndex = indexing{h}, true })
	h.write("new.png", paint(t, 20, 20, blue, green))
	p := ask[Progress](t, s, "POST", Prefix+"/index", IndexRequest{}, 202)
	events := request(t, s, "GET", Prefix+"/runs/"+p.ID+"/events", nil).Body.String()
	for _, want := range []string{`"kind":"index","state":"finished"`, `"planned":1,"done":1,"failed":1`, "broken.jpg: it is cut short", `"Added":1`} {
		if !strings.Contains(events, want) {
			t.Errorf("events lack %s: %s", want, events)
		}
	}
	if n := ask[Status](t, s, "GET", Prefix+"/status", nil, 200).Records; n != 6 {
		t.Errorf("%d records", n)
	}
	p = ask[Progress](t, s, "POST", Prefix+"/index", IndexRequest{Retry: true}, 202)
	if events := request(t, s, "GET", Prefix+"/runs/"+p.ID+"/events", nil).Body.String(); !strings.Contains(events, `"state":"failed"`) || !strings.Contains(events, "the disk is away") {
		t.Errorf("a failed run: %s", events)
	}
	shut := h.serve(func(o *Options) { o.Opener = indexing{h} })
	if p := ask[Problem](t, shut, "POST", Prefix+"/index", IndexRequest{}, 403); !strings.Contains(p.Hint, "--allow-index") {
		t.Errorf("where it is not allowed: %+v", p)
	}
}

// explored is a house that was explored.
type explored struct{ *house }

// Open implements Opener.
func (h explored) Open(ctx context.Context) (*Index, error) {
	x, err := h.house.Open(ctx)
	if err == nil {
		x.Explored = func(context.Context) (*Explored, error) {
			return &Explored{
				Clusters: []Cluster{{ID: "1", Parent: -1, Level: 1, Name: "red", Size: 2, Representatives: []string{h.id("red.png")}}},
				Map:      PictureMap{IDs: []string{h.id("red.png")}, X: []float32{0.5}, Y: []float32{0.25}, Cluster: []int{0}},
			}, nil
		}
	}
	return x, err
}

func TestExplored(t *testing.T) {
	h := newHouse(t)
	s := h.serve(func(o *Options) { o.Opener = explored{h} })
	c := ask[struct{ Clusters []Cluster }](t, s, "GET", Prefix+"/clusters", nil, 200).Clusters
	if len(c) != 1 || c[0].Name != "red" || c[0].Parent != -1 || c[0].Representatives[0] != h.id("red.png") {
		t.Errorf("clusters %+v", c)
	}
	if m := ask[PictureMap](t, s, "GET", Prefix+"/map", nil, 200); len(m.IDs) != 1 || m.X[0] != 0.5 || m.Y[0] != 0.25 || m.Cluster[0] != 0 {
		t.Errorf("map %+v", m)
	}
}
