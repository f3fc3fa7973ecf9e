package query_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/query/saved"
	"github.com/sightline/sightline/internal/query/syntax"
	"github.com/sightline/sightline/internal/store"
)

// examples returns the rows of the tables of docs/query.md whose first cell is a query,
// by the head of the table's first column.
func examples(t *testing.T) map[string][][]string {
	data, err := os.ReadFile("../../docs/query.md")
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string][][]string)
	head := ""
	for line := range strings.Lines(string(data)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		code := regexp.MustCompile("^`(.*)`$").FindStringSubmatch(cells[0])
		switch {
		case !strings.HasPrefix(line, "|"):
			head = ""
		case head == "":
			head = cells[0]
		case code != nil:
			out[head] = append(out[head], append([]string{code[1]}, cells[1:]...))
		}
	}
	return out
}

// documented is a service over three pictures, with a file and a saved label as the page
// has them.
func documented(t *testing.T) *query.Service {
	s, photos := fixture(t)
	t.Chdir(photos)
	red, err := os.ReadFile("red.png")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"photo.jpg", "my photo.jpg"} {
		if err := os.WriteFile(name, red, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	labels := saved.Open(filepath.Join(t.TempDir(), "labels"))
	s.SavedLabels(func(context.Context) (*saved.Labels, error) { return labels, nil })
	if _, err := s.SaveLabel(t.Context(), "holiday", query.Examples{Like: []string{"red.png"}, Unlike: []string{"blue.png"}}, saved.Keep, time.Now()); err != nil {
		t.Fatal(err)
	}
	return s
}

// Every example of the page is what the page says: one that parses, means the same in its
// own form, and is answered; or a mistake at a column.
func TestDocumentedQueries(t *testing.T) {
	pages := examples(t)
	s := documented(t)
	n := 0
	// What the clusters of an index are is its own business: here one is every picture.
	clusters := query.FilterOptions{Cluster: func(string) (store.Filter, error) { return store.And{}, nil }}
	for _, row := range pages["query"] {
		n++
		line, err := query.ParseLine(row[0], clusters)
		if err != nil {
			t.Errorf("%s: %v", row[0], err)
			continue
		}
		again, err := syntax.Parse(line.Query.String())
		if err != nil || again.String() != line.Query.String() {
			t.Errorf("%s: its form %s is another query", row[0], line.Query)
		}
		if len(line.Query.Terms) == 0 {
			continue // TestList
		}
		a, err := s.Ask(t.Context(), line, query.Params{K: 3, MinScore: -1, Explain: true})
		if err != nil {
			t.Errorf("%s: %v", row[0], err)
			continue
		}
		for i, h := range a.Hits {
			var sum float32
			for _, p := range a.Matches[i].Parts {
				sum += p.Share
			}
			if d := sum - h.Score; d > 1e-4 || d < -1e-4 {
				t.Errorf("%s: the parts of %s add up to %v, not %v", row[0], h.Path, sum, h.Score)
			}
		}
	}
	if n < 40 {
		t.Errorf("the page has %d examples, want 40", n)
	}
	for _, row := range pages["mistake"] {
		line, err := query.ParseLine(row[0], query.FilterOptions{})
		if err == nil {
			_, err = s.Ask(t.Context(), line, query.Params{K: 3, MinScore: -1})
		}
		var placed *query.LineError
		if !errors.As(err, &placed) || strconv.Itoa(placed.Column) != row[1] || !strings.Contains(err.Error(), row[2]) {
			t.Errorf("%s: %v (%+v), want column %s and %q", row[0], err, placed, row[1], row[2])
		}
	}
	if len(pages["mistake"]) < 5 {
		t.Error("the page shows no mistakes")
	}
}
