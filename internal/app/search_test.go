package app

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
)

// A search opens the store once.
func TestOpenSearch(t *testing.T) {
	onEachStore(t, func(t *testing.T, cfg config.Config) {
		e, n := newEnv(t)
		if _, err := e.OpenSearch(t.Context(), cfg); !errors.Is(err, store.ErrNoIndex) {
			t.Errorf("without an index: %v", err)
		}
		dir := photos(t, 3)
		indexed(t, e, cfg, IndexRequest{Paths: []string{dir}})
		*n = counted{}
		s, err := e.OpenSearch(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for _, q := range []query.Question{query.Text("red"), query.ImageFile(filepath.Join(dir, "a.png"))} {
			if a, err := s.Ask(t.Context(), q, query.Params{K: 5, MinScore: -1}); err != nil || len(a.Hits) != 3 {
				t.Errorf("%T: %d hits, %v", q, len(a.Hits), err)
			}
		}
		if n.opens != 1 || n.scans != 0 {
			t.Errorf("%d opens, %d scans", n.opens, n.scans)
		}
	})
}
