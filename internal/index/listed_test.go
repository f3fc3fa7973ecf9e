package index_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/sightline/sightline/internal/index"
)

// The shards of a list look at its parts: each file once, and a folder whole by one of them.
func TestListed(t *testing.T) {
	w := newWorld(t)
	var list []string
	// So many that no shard stays empty, whatever the temporary folder is called:
	// a shard follows from the whole path.
	const folders = 40
	const all = 2*folders + 2
	for i := range folders {
		w.picture(fmt.Sprintf("d%02d/a.png", i), i)
		w.picture(fmt.Sprintf("d%02d/sub/b.png", i), 100+i)
		list = append(list, w.path(fmt.Sprintf("d%02d", i)))
	}
	w.picture("single.png", 300)
	w.picture("unlisted.png", 301)
	list = append(list, w.path("single.png"), w.path("gone.png"))
	listed := func(yield func(string, error) bool) {
		for _, p := range list {
			if !yield(p, nil) {
				return
			}
		}
	}
	for range 2 { // the second time all is there
		var seen, known int64
		for n := 1; n <= 3; n++ {
			w.options.Shard = index.Shard{Number: n, Count: 3}
			r, err := w.indexer().RunListed(t.Context(), []string{w.photos}, listed)
			if err != nil {
				t.Fatal(err)
			}
			if r.Seen == 0 || r.Seen == all || r.Failed != 0 || r.Pruned != 0 {
				t.Errorf("shard %d: %+v", n, countsOf(r))
			}
			seen, known = seen+r.Seen, known+r.Unchanged
		}
		if seen != all || known != 0 && known != all-1 { // what is gone counts as vanished
			t.Errorf("seen %d, unchanged %d", seen, known)
		}
	}
	names := w.names()
	if len(names) != all-1 || slices.Contains(names, "unlisted.png") || !slices.Contains(names, "d03/sub/b.png") {
		t.Errorf("%d records: %v", len(names), names)
	}
	// Later runs over everything go on from there.
	w.options.Shard = index.Shard{}
	w.want(w.run(), counts{Seen: all, Added: 1, Unchanged: all - 1, Embedded: 1})
}
