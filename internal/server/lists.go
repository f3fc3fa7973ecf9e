package server

import (
	"container/list"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
)

// lists keeps the order of what was found, so that the pages of an answer fit together
// while the index grows: a picture that is new stands on no later page, and none comes
// twice. An order is ids and scores alone; the records of a page are read again.
type lists struct {
	mu    sync.Mutex
	byID  map[string]*list.Element // of *ranking
	byKey map[string]*ranking      // those of lists without a subject, by their keys
	used  *list.List               // the most recently used first
	items int                      // entries of all rankings
}

const (
	maxRankings = 64
	maxEntries  = 2_000_000 // of all rankings together: some 250 MB
	deepest     = 1_000_000 // how far down a list pages go
	firstMore   = 1_000     // entries that a second page fetches
)

// ranking is the order of one answer, as far as it was asked for. Its lock is held while
// it is made longer.
type ranking struct {
	id, key string
	counted int // entries that lists.items has; guarded by its lock

	mu      sync.Mutex
	entries []entry
	seen    map[string]bool
	answer  query.Answer // of the first page, without hits
	done    bool         // there are no more entries

	of store.Description // the index before it was listed, and when that was
	at time.Time
}

// entry is a hit without its record.
type entry struct {
	id         string
	score      float32
	companions []string
	match      query.Match
}

func newLists() *lists {
	return &lists{byID: make(map[string]*list.Element), byKey: make(map[string]*ranking), used: list.New()}
}

// cursor is where the next page begins. Where the order is not kept any more, Last says
// after which picture.
type cursor struct {
	List   string `json:"l"`
	Key    string `json:"k"`
	Offset int    `json:"o"`
	Last   string `json:"i"`
}

func (c cursor) String() string {
	data, _ := json.Marshal(c) // strings and a number always marshal
	return base64.RawURLEncoding.EncodeToString(data)
}

func badCursor() error {
	return newProblem(http.StatusBadRequest, "usage", "the cursor is not one of this search", "give the next of the page before, with otherwise the same parameters")
}

func parseCursor(s, key string) (cursor, error) {
	var c cursor
	data, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || json.Unmarshal(data, &c) != nil || c.Key != key || c.Offset < 1 {
		return cursor{}, badCursor()
	}
	if c.Offset > deepest {
		return cursor{}, newProblem(http.StatusBadRequest, "usage", fmt.Sprintf("pages go down to the %dth picture", deepest), "narrow the search")
	}
	return c, nil
}

// listKey tells searches apart, whatever the page and its length.
func listKey(kind string, parts ...any) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s", kind)
	for _, p := range parts {
		if o, ok := p.(SearchOptions); ok {
			o.Limit, o.Cursor = 0, ""
			p = o
		}
		fmt.Fprintf(h, "\x00%#v", p)
	}
	return hex.EncodeToString(h.Sum(nil)[:9])
}

type asker func(context.Context, query.Params) (query.Answer, error)

// page returns the page that a cursor stands for, and the cursor of the next one. listed says
// that ask lists pictures, without a subject.
func (l *lists) page(ctx context.Context, x *Index, key, at string, p query.Params, listed bool, ask asker) (query.Answer, string, error) {
	switch {
	case at == "" && listed:
		return l.list(ctx, x, key, p, ask)
	case at == "":
		return l.first(ctx, key, p, ask)
	}
	c, err := parseCursor(at, key)
	if err != nil {
		return query.Answer{}, "", err
	}
	r := l.find(c)
	if r == nil {
		r = &ranking{id: newListID(), key: key, seen: make(map[string]bool)}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.entries) == 0 { // it was forgotten, or made by another process
		if err := r.extend(ctx, c.Offset+p.K, p, ask); err != nil {
			return query.Answer{}, "", err
		}
		if i := slices.IndexFunc(r.entries, func(e entry) bool { return e.id == c.Last }); i >= 0 {
			c.Offset = i + 1
		}
	}
	if err := r.extend(ctx, c.Offset+p.K, p, ask); err != nil {
		return query.Answer{}, "", err
	}
	l.keep(r)
	a, err := r.read(ctx, x, c.Offset, p.K)
	return a, r.next(c.Offset + p.K), err
}

// list returns the first page of a list without a subject, which reads the whole index. The
// order is remembered until the index changes.
func (l *lists) list(ctx context.Context, x *Index, key string, p query.Params, ask asker) (query.Answer, string, error) {
	at := time.Now()
	is, err := x.Store.Describe(ctx)
	if err != nil {
		return query.Answer{}, "", err
	}
	l.mu.Lock()
	r := l.byKey[key]
	l.mu.Unlock()
	if r == nil || !r.holds(is) {
		r = &ranking{id: newListID(), key: key, seen: make(map[string]bool), of: is, at: at}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.entries) == 0 && !r.done {
		want := p
		want.K++ // says whether there is another page
		a, err := ask(ctx, want)
		if err != nil {
			return a, "", err
		}
		r.done = len(a.Hits) < want.K
		r.add(a)
	}
	if err := r.extend(ctx, p.K, p, ask); err != nil {
		return query.Answer{}, "", err
	}
	l.keep(r)
	l.mu.Lock()
	if l.byID[r.id] != nil {
		l.byKey[key] = r
	}
	l.mu.Unlock()
	a, err := r.read(ctx, x, 0, p.K)
	return a, r.next(p.K), err
}

// listLasts bounds how long a list is believed: a store may tell late of a change, and what
// a date such as yesterday means passes.
const listLasts = time.Minute

// holds reports whether the index is as it was when the ranking was made. Times of changes
// are those of whole seconds.
func (r *ranking) holds(now store.Description) bool {
	return r.of.Created.Equal(now.Created) && r.of.Model.Fingerprint == now.Model.Fingerprint && r.of.Updated.Equal(now.Updated) &&
		r.of.Records == now.Records && r.at.Sub(now.Updated) > 2*time.Second && time.Since(r.at) < listLasts
}

// first asks for the first page, whose hits have their records already.
func (l *lists) first(ctx context.Context, key string, p query.Params, ask asker) (query.Answer, string, error) {
	want := p
	want.K++ // says whether there is another page
	a, err := ask(ctx, want)
	if err != nil {
		return a, "", err
	}
	if len(a.Hits) <= p.K {
		return a, "", nil
	}
	r := &ranking{id: newListID(), key: key, seen: make(map[string]bool)}
	r.add(a)
	l.keep(r)
	a.Hits, a.Matches = a.Hits[:p.K], a.Matches[:p.K]
	return a, r.next(p.K), nil
}

// extend makes a ranking at least n entries long and one longer, if there are as many.
// What is asked for doubles, so that all pages together cost little more than the last.
func (r *ranking) extend(ctx context.Context, n int, p query.Params, ask asker) error {
	if r.done || len(r.entries) > n {
		return nil
	}
	p.Offset, p.K = 0, max(firstMore, 2*n)
	a, err := ask(ctx, p)
	if err != nil {
		return err
	}
	r.done = len(a.Hits) < p.K
	r.add(a)
	return nil
}

// add appends what an answer has and the ranking has not. What is better than the last
// entry has come into the index since, and belongs to no later page.
func (r *ranking) add(a query.Answer) {
	from := 0
	if n := len(r.entries); n > 0 {
		last := r.entries[n-1]
		from = 1 + slices.IndexFunc(a.Hits, func(h store.Hit) bool { return h.ID == last.id })
		if from == 0 { // it is gone itself
			for from < len(a.Hits) && a.Hits[from].Score > last.score {
				from++
			}
		}
	} else {
		r.answer = a
		r.answer.Hits, r.answer.Matches = nil, nil
	}
	for i := from; i < len(a.Hits); i++ {
		h := a.Hits[i]
		if r.seen[h.ID] {
			continue
		}
		r.seen[h.ID] = true
		r.entries = append(r.entries, entry{id: h.ID, score: h.Score, companions: h.Companions, match: a.Matches[i]})
	}
}

// read reads the records of a page. Pictures that are gone are left out.
func (r *ranking) read(ctx context.Context, x *Index, offset, k int) (query.Answer, error) {
	part := r.entries[min(offset, len(r.entries)):min(offset+k, len(r.entries))]
	ids := make([]string, len(part))
	at := make(map[string]int, len(part))
	for i, e := range part {
		ids[i], at[e.id] = e.id, i
	}
	records, err := x.Store.Get(ctx, ids)
	if err != nil {
		return query.Answer{}, fmt.Errorf("reading a page: %w", err)
	}
	a := r.answer
	a.Offset = offset
	for _, rec := range records {
		e := part[at[rec.ID]]
		rec.Vector = nil
		a.Hits = append(a.Hits, store.Hit{Record: rec, Score: e.score, Companions: e.companions})
		a.Matches = append(a.Matches, e.match)
	}
	return a, nil
}

// next is the cursor of the page that begins at an offset, "" for none.
func (r *ranking) next(offset int) string {
	if offset >= len(r.entries) {
		return ""
	}
	return cursor{List: r.id, Key: r.key, Offset: offset, Last: r.entries[offset-1].id}.String()
}

func newListID() string { return rand.Text()[:16] }

func (l *lists) find(c cursor) *ranking {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.byID[c.List]
	if e == nil || e.Value.(*ranking).key != c.Key {
		return nil
	}
	l.used.MoveToFront(e)
	return e.Value.(*ranking)
}

// keep remembers a ranking, which its caller alone uses now, and forgets others.
func (l *lists) keep(r *ranking) {
	n := len(r.entries)
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.byID[r.id]; e != nil {
		l.used.MoveToFront(e)
	} else {
		l.byID[r.id], r.counted = l.used.PushFront(r), 0
	}
	l.items += n - r.counted
	r.counted = n
	for l.used.Len() > 1 && (l.used.Len() > maxRankings || l.items > maxEntries) {
		old := l.used.Remove(l.used.Back()).(*ranking)
		delete(l.byID, old.id)
		if l.byKey[old.key] == old {
			delete(l.byKey, old.key)
		}
		l.items -= old.counted
	}
}
