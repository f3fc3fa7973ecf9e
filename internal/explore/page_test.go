package explore

import (
	"context"
	"errors"
	"image"
	"regexp"
	"strings"
	"testing"
)

func TestWritePage(t *testing.T) {
	_, m := explored(t)
	m.Clusters[0].Name = `<script>alert(1)</script> & "sons"`
	m.Labels = `</p><img src=x onerror=alert(1)>`
	asked := 0
	var b strings.Builder
	err := m.WritePage(t.Context(), &b, func(_ context.Context, ids []string) (map[string]Picture, error) {
		out := make(map[string]Picture)
		for _, id := range ids {
			asked++
			p := Picture{Path: `/p/"><b onload='x'>` + id + ".png", Image: image.NewGray(image.Rect(0, 0, 8, 6))}
			if asked%3 == 0 {
				p.Image = nil // it is gone
			}
			out[id] = p
		}
		return out, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, want := range []string{"<!doctype html>", "default-src 'none'", "data:image/jpeg;base64,", "not there", "90 pictures in 6 clusters", "&lt;script&gt;", `id="c1"`, `href="#c1"`, "cluster:1"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
	for _, bad := range []string{"<script", "<b onload", "onerror=alert(1)>", "http://", "https://", "ZgotmplZ", "<no value>", "javascript:"} {
		if strings.Contains(page, bad) {
			t.Errorf("%q is in the page", bad)
		}
	}
	if n := len(regexp.MustCompile(`M[0-9.]+ [0-9.]+h0`).FindAllString(page, -1)); n != 90 {
		t.Errorf("the map has %d dots", n)
	}
	if asked == 0 || asked > mostThumbs {
		t.Errorf("%d pictures were asked for", asked)
	}
	broken := errors.New("the disk is on fire")
	if err := m.WritePage(t.Context(), &b, func(context.Context, []string) (map[string]Picture, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("pictures that cannot be read: %v", err)
	}
}
