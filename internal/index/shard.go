package index

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/sightline/sightline/internal/store"
)

// Shard is one of Count parts that the files of a collection are divided into by the
// hash of their paths. Indexers of different shards never touch the same record, so
// that they can fill one collection side by side without knowing of each other. The
// zero value is the only part.
type Shard struct {
	Number int // 1 to Count
	Count  int
}

// ErrShard says that a text names no shard.
var ErrShard = errors.New("write a shard as N/COUNT, such as 1/4 to 4/4")

// maxShards bounds Count: the parts of more would be empty in most collections.
const maxShards = 10_000

// ParseShard reads "2/4", the second of four.
func ParseShard(text string) (Shard, error) {
	number, count, ok := strings.Cut(text, "/")
	n, errN := strconv.Atoi(number)
	c, errC := strconv.Atoi(count)
	if !ok || errN != nil || errC != nil || n < 1 || c < n || c > maxShards {
		return Shard{}, fmt.Errorf("%q: %w", text, ErrShard)
	}
	return Shard{Number: n, Count: c}, nil
}

// holds reports whether the record with an id belongs to the shard. An id is a hash of
// its path.
func (s Shard) holds(id string) bool {
	return s.Count <= 1 || s.holdsKey(store.FileKey(id))
}

// holdsKey is holds, by the store.FileKey of an id.
func (s Shard) holdsKey(key uint64) bool {
	return s.Count <= 1 || key%uint64(s.Count) == uint64(s.Number-1)
}
