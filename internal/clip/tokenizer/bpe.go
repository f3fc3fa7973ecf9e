package tokenizer

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"sync"
)

// bpe is byte-level byte-pair encoding: a word's bytes are its first symbols, and
// the pair of neighbours with the lowest rank is merged until none is left.
// Ranks follow the order of the merges in tokenizer.json (Sennrich et al. 2016;
// GPT-2 and CLIP for bytes).
type bpe struct {
	inner  [256]uint32 // id of a byte inside a word
	last   [256]uint32 // and of one that ends it: with the end-of-word suffix
	merges mergeTable
	cache  wordCache
	pool   sync.Pool // of *bpeScratch
}

// pair is two neighbouring symbols, by id.
type pair struct{ left, right uint32 }

// merge is what a pair becomes and how early.
type merge struct{ rank, id uint32 }

// Two values that are no ids. A byte that the vocabulary lacks is noSymbol in
// bpe.inner and bpe.last where there is no unknown token either: the reference
// drops such bytes. The right half of a merge is dead.
const (
	noSymbol = math.MaxUint32
	dead     = math.MaxUint32 - 1
)

// bpeJSON is the model part of a tokenizer.json.
type bpeJSON struct {
	Vocab                   map[string]uint32 `json:"vocab"`
	Merges                  mergeList         `json:"merges"`
	Dropout                 *float64          `json:"dropout"`
	UnkToken                *string           `json:"unk_token"`
	ContinuingSubwordPrefix string            `json:"continuing_subword_prefix"`
	EndOfWordSuffix         string            `json:"end_of_word_suffix"`
	FuseUnk                 bool              `json:"fuse_unk"`
	ByteFallback            bool              `json:"byte_fallback"`
	IgnoreMerges            bool              `json:"ignore_merges"`
}

// newBPE checks and compiles the model. The vocabulary itself is not kept: only
// the bytes and the merges are needed to encode.
func newBPE(j bpeJSON) (*bpe, error) {
	for _, o := range []struct {
		name string
		set  bool
	}{
		{"dropout", j.Dropout != nil && *j.Dropout != 0},
		{"continuing_subword_prefix", j.ContinuingSubwordPrefix != ""},
		{"fuse_unk", j.FuseUnk},
		{"byte_fallback", j.ByteFallback},
		{"ignore_merges", j.IgnoreMerges},
	} {
		if o.set {
			return nil, unsupported("model option", "BPE with "+o.name, "BPE as CLIP has it")
		}
	}
	unk := uint32(noSymbol)
	if j.UnkToken != nil {
		id, ok := j.Vocab[*j.UnkToken]
		if !ok {
			return nil, fmt.Errorf("model: the unknown token %q is not in the vocabulary", *j.UnkToken)
		}
		unk = id
	}
	b := newBPEMemory()
	for i, r := range byteRunes() {
		b.inner[i] = lookup(j.Vocab, string(r), unk)
		b.last[i] = lookup(j.Vocab, string(r)+j.EndOfWordSuffix, unk)
	}
	pairs, ids := make([]pair, len(j.Merges)), make([]uint32, len(j.Merges))
	for rank, parts := range j.Merges {
		if len(parts) != 2 {
			return nil, fmt.Errorf("model: merge %d has %d parts, want 2", rank, len(parts))
		}
		left, right := parts[0], parts[1]
		l, okLeft := j.Vocab[left]
		r, okRight := j.Vocab[right]
		id, okBoth := j.Vocab[left+right]
		if !okLeft || !okRight || !okBoth {
			return nil, fmt.Errorf("model: merge %d (%q with %q): a part or the result is not in the vocabulary", rank, left, right)
		}
		pairs[rank], ids[rank] = pair{l, r}, id
	}
	b.merges = newMergeTable(pairs, ids)
	return b, nil
}

// newBPEMemory is a model without tables.
func newBPEMemory() *bpe {
	b := &bpe{}
	b.pool.New = func() any { return new(bpeScratch) }
	return b
}

func lookup(vocab map[string]uint32, token string, unk uint32) uint32 {
	if id, ok := vocab[token]; ok {
		return id
	}
	return unk
}

// mergeList is the merges by rank, each in two parts. It reads both forms that
// tokenizer.json has had: "a b" and ["a", "b"].
type mergeList [][]string

// UnmarshalJSON decodes the list as a whole: a decoder for each of the 50,000
// merges would double the time to load.
func (l *mergeList) UnmarshalJSON(data []byte) error {
	var pairs [][]string
	pairErr := json.Unmarshal(data, &pairs)
	if pairErr == nil {
		*l = pairs
		return nil
	}
	var joined []string
	if err := json.Unmarshal(data, &joined); err != nil {
		return fmt.Errorf("merges are neither strings nor pairs: %w", pairErr)
	}
	*l = make(mergeList, len(joined))
	for i, s := range joined {
		(*l)[i] = strings.Split(s, " ")
	}
	return nil
}

// byteRunes is GPT-2's table of a printable character for every byte, the
// alphabet that byte-level vocabularies are written in: printable Latin-1 stands
// for itself, the rest for the characters from U+0100 on.
func byteRunes() [256]rune {
	var t [256]rune
	next := rune(0x100)
	for b := range rune(256) {
		if '!' <= b && b <= '~' || '¡' <= b && b <= '¬' || '®' <= b && b <= 'ÿ' {
			t[b] = b
			continue
		}
		t[b] = next
		next++
	}
	return t
}

// bpeScratch is the memory of one word's encoding, reused between words.
type bpeScratch struct {
	symbols []symbol
	queue   mergeQueue
}

// symbol is a piece of the word, linked to its neighbours by index.
type symbol struct {
	id         uint32
	prev, next int32
}

func (b *bpe) appendIDs(ids []int64, word string) []int64 {
	if cached, ok := b.cache.get(word); ok {
		return append(ids, cached...)
	}
	old := len(ids)
	ids = b.encode(ids, word)
	b.cache.put(word, ids[old:])
	return ids
}

func (b *bpe) encode(ids []int64, word string) []int64 {
	s := b.pool.Get().(*bpeScratch)
	defer b.pool.Put(s)
	s.symbols, s.queue = s.symbols[:0], s.queue[:0]

	for i := range len(word) {
		id := b.inner[word[i]]
		if i == len(word)-1 {
			id = b.last[word[i]]
		}
		if n := int32(len(s.symbols)); id != noSymbol {
			s.symbols = append(s.symbols, symbol{id, n - 1, n + 1})
		}
	}
	for i := range len(s.symbols) - 1 {
		b.offer(s, int32(i))
	}
	for len(s.queue) > 0 {
		b.apply(s, s.queue.pop())
	}
	for _, sym := range s.symbols {
		if sym.id != dead {
			ids = append(ids, int64(sym.id))
		}
	}
	return ids
}

// offer queues the pair that begins at symbol i, if it merges.
func (b *bpe) offer(s *bpeScratch, i int32) {
	next := s.symbols[i].next
	if int(next) >= len(s.symbols) {
		return
	}
	p := pair{s.symbols[i].id, s.symbols[next].id}
	if m, ok := b.merges.find(p); ok {
		s.queue.push(candidate{m, i, p})
	}
}

// apply makes the merge c, unless an earlier one has changed its symbols.
func (b *bpe) apply(s *bpeScratch, c candidate) {
	left := &s.symbols[c.pos]
	if left.id != c.pair.left || int(left.next) >= len(s.symbols) {
		return
	}
	right := &s.symbols[left.next]
	if right.id != c.pair.right {
		return
	}
	left.id, left.next, right.id = c.id, right.next, dead
	if int(left.next) < len(s.symbols) {
		s.symbols[left.next].prev = c.pos
	}
	if left.prev >= 0 {
		b.offer(s, left.prev)
	}
	b.offer(s, c.pos)
}

// candidate is a merge that was possible when it was queued.
type candidate struct {
	merge
	pos  int32
	pair pair
}

func (c candidate) less(d candidate) bool {
	return c.rank < d.rank || c.rank == d.rank && c.pos < d.pos
}

// mergeQueue is a binary heap, lowest rank first and leftmost among equals. It
// keeps a word of a million letters at n log n; container/heap would allocate for
// each push.
type mergeQueue []candidate

func (q *mergeQueue) push(c candidate) {
	h := append(*q, c)
	i := len(h) - 1
	for parent := (i - 1) / 2; i > 0 && h[i].less(h[parent]); parent = (i - 1) / 2 {
		h[i], h[parent] = h[parent], h[i]
		i = parent
	}
	*q = h
}

func (q *mergeQueue) pop() candidate {
	h := *q
	top, n := h[0], len(h)-1
	h[0] = h[n]
	h = h[:n]
	for i := 0; ; {
		child := 2*i + 1
		if child >= n {
			break
		}
		if child+1 < n && h[child+1].less(h[child]) {
			child++
		}
		if !h[child].less(h[i]) {
			break
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
	*q = h
	return top
}
