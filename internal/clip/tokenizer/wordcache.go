package tokenizer

import (
	"slices"
	"strings"
	"sync"
)

// The bounds of a wordCache: captions and label lists use a few thousand words
// over and over, and longer words than this are rarely words. Full, it holds
// about 1 MB.
const (
	cacheWords   = 8192
	cacheWordLen = 32 // bytes
)

// wordCache remembers the ids of words. The zero value is ready; it is safe for
// concurrent use.
type wordCache struct {
	mu    sync.RWMutex
	words map[string][]int64
}

func (c *wordCache) get(word string) ([]int64, bool) {
	if len(word) > cacheWordLen {
		return nil, false
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	ids, ok := c.words[word]
	return ids, ok
}

// put keeps copies of word and ids. A full cache is emptied: what is in use comes
// back soon, and no bookkeeping slows down get.
func (c *wordCache) put(word string, ids []int64) {
	if len(word) > cacheWordLen {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.words == nil {
		c.words = make(map[string][]int64)
	}
	if len(c.words) >= cacheWords {
		clear(c.words)
	}
	c.words[strings.Clone(word)] = slices.Clone(ids)
}
