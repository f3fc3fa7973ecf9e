package index

import (
	"errors"
	"fmt"
	"testing"

	"github.com/sightline/sightline/internal/store"
)

func TestParseShard(t *testing.T) {
	if s, err := ParseShard("2/4"); err != nil || s != (Shard{2, 4}) {
		t.Errorf("2/4: %v, %v", s, err)
	}
	for _, bad := range []string{"", "2", "/", "0/4", "5/4", "-1/4", "a/b", "1/0", "1/2/3", "1/10001"} {
		if s, err := ParseShard(bad); !errors.Is(err, ErrShard) {
			t.Errorf("%q: %v, %v", bad, s, err)
		}
	}
}

// Every record belongs to exactly one shard, and shards are about equally large.
func TestShardsDivide(t *testing.T) {
	const n, count = 20_000, 7
	var sizes [count]int
	for i := range n {
		id := store.ID("c", fmt.Sprintf("/photos/%d.jpg", i))
		holders := 0
		for k := range count {
			if (Shard{k + 1, count}).holds(id) {
				holders++
				sizes[k]++
			}
		}
		if holders != 1 {
			t.Fatalf("%s has %d holders", id, holders)
		}
		if !(Shard{}).holds(id) {
			t.Fatal("the whole does not hold everything")
		}
	}
	for k, size := range sizes {
		if size < n/count*9/10 || size > n/count*11/10 {
			t.Errorf("shard %d holds %d of %d", k+1, size, n)
		}
	}
}
