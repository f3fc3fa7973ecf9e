package index

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/walk"
)

// few is how many records of one content are read whole for each file that has it. Where
// there are more, a run lists them once: then each further file costs the same, however
// many there are.
const few = 8

// mostSources bounds the contents whose vectors a run keeps at hand, 4 MB of them.
const mostSources = 1024

// families are the contents that many records have, as far as a run came by them.
type families struct {
	contents *contents
	claims   *claims

	mu      sync.Mutex
	of      map[[sha256.Size]byte]*family
	sources map[[sha256.Size]byte][]store.Record
}

func newFamilies(st store.Store) *families {
	return &families{
		contents: newContents(st), claims: newClaims(),
		of: make(map[[sha256.Size]byte]*family), sources: make(map[[sha256.Size]byte][]store.Record),
	}
}

// known returns the family of a content, or nil where none was opened.
func (s *families) known(hash [sha256.Size]byte) *family {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of[hash]
}

// open returns the family of a content. Whoever asks first reads it; others wait.
func (s *families) open(ctx context.Context, hash [sha256.Size]byte) (*family, error) {
	s.mu.Lock()
	f := s.of[hash]
	if f == nil {
		f = &family{}
		s.of[hash] = f
	}
	s.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.read {
		if err := f.list(ctx, s.contents.store, s.claims, hash); err != nil {
			return nil, err
		}
		f.read = true
	}
	return f, nil
}

// vectors returns records with a content whose vectors can be used again, one for each twin
// that vectors of it were made of: see store.About.Twin. They are asked of the store once,
// or again where fresh ones are wanted.
func (s *families) vectors(ctx context.Context, hash [sha256.Size]byte, fresh bool) ([]store.Record, error) {
	s.mu.Lock()
	found, ok := s.sources[hash]
	s.mu.Unlock()
	if ok && !fresh {
		return found, nil
	}
	found, err := s.contents.find(ctx, hash[:], mostTwins)
	if err != nil {
		return nil, err
	}
	met := make(map[string]bool)
	found = slices.DeleteFunc(found, func(r store.Record) bool {
		again := met[r.About.Twin]
		met[r.About.Twin] = true
		return again
	})
	found = slices.Clone(found) // a store may cut all vectors of an answer from one piece
	for i := range found {
		found[i].Vector = slices.Clone(found[i].Vector)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for other := range s.sources {
		if len(s.sources) < mostSources {
			break
		}
		delete(s.sources, other) // any
	}
	if len(found) > 0 {
		s.sources[hash] = found
	}
	return found, nil
}

// mostTwins is how many records of a content are looked at for vectors of different twins.
const mostTwins = 64

// family is what a run must know of the records of one content to tell which of them a file
// has moved from: those whose files were not at their places when it was opened. Records
// that the run made itself cannot be among them.
type family struct {
	mu   sync.Mutex
	read bool
	// aliases are records found under a root that is a link, by where their files lie.
	aliases map[string][]*lost
	gone    byEnd // records whose files are gone, and whose roots are there
	// adrift are records that are gone with their roots, and the same by their paths below
	// those: see sameBelowRoots.
	adrift byEnd
	below  map[string]*byEnd
	left   int // of gone and adrift, that are not taken
}

// lost is a record without its file.
type lost struct {
	id, path, root string
	taken          bool // a file has moved from it
}

// list reads the family from the store.
func (f *family) list(ctx context.Context, st store.Store, c *claims, hash [sha256.Size]byte) error {
	f.aliases, f.below = make(map[string][]*lost), make(map[string]*byEnd)
	resolved := make(map[string]string) // roots
	var gone, adrift []*lost
	for r, err := range st.Scan(ctx, store.WithContent(hash[:]), store.Fields{}) {
		if err != nil {
			return fmt.Errorf("listing the records of one content: %w", err)
		}
		l := &lost{id: r.ID, path: r.Path, root: r.Root}
		switch _, err := os.Lstat(r.Path); {
		case err == nil:
			real, ok := resolved[r.Root]
			if !ok {
				real = walk.Resolve(r.Root)
				resolved[r.Root] = real
			}
			if real != r.Root && below(r.Path, r.Root) {
				path := real + strings.TrimPrefix(r.Path, r.Root)
				f.aliases[path] = append(f.aliases[path], l)
			}
		case !isMissing(err): // it may be there
		case r.Root == r.Path || !c.rootGone(r.Root):
			gone = append(gone, l)
		default:
			adrift = append(adrift, l)
		}
	}
	f.gone, f.adrift, f.left = newByEnd(gone), newByEnd(adrift), len(gone)+len(adrift)
	inside := make(map[string][]*lost)
	for _, l := range adrift {
		path := insideOf(l.path, l.root)
		inside[path] = append(inside[path], l)
	}
	for path, some := range inside {
		b := newByEnd(some)
		f.below[path] = &b
	}
	return nil
}

// movedFrom returns the id of the record that a file has moved from, "" for none: of those
// that movedTo would say so of, the one whose path ends most like the file's. Each is taken
// once. later says that the file shares no name with any of several, so that others should
// choose before it.
func (f *family) movedFrom(e walk.Entry, c *claims, last bool) (id string, later bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		l, common := f.best(e)
		if l == nil {
			return "", false
		}
		if common == 0 && f.left > 1 && !last {
			return "", true
		}
		l.taken = true
		f.left--
		if c.take(l.id) { // else it was before the family was opened
			return l.id, false
		}
	}
}

// best returns the record that a file has moved from, and how much of their paths' ends
// they share.
func (f *family) best(e walk.Entry) (best *lost, most int) {
	for _, l := range f.aliases[e.Path] {
		if !l.taken {
			return l, commonEnd(l.path, e.Path)
		}
	}
	best, most = f.gone.nearest(e.Path)
	l, common := f.adrift.nearest(e.Path)
	if l == nil || common <= most {
		return best, most
	}
	same := func(l *lost) bool { return sameBelowRoots(store.Record{Path: l.path, Root: l.root}, e) }
	if same(l) {
		return l, common
	}
	// Any other that will do lies below its root as the file does, or as the end of its path.
	for start, n := len(e.Path), 0; n < common; n++ {
		start = strings.LastIndexByte(e.Path[:start], '/')
		if b := f.below[e.Path[start+1:]]; b != nil {
			if l, common := b.nearest(e.Path); l != nil && common > most && same(l) {
				best, most = l, common
			}
		}
		if start <= 0 {
			break
		}
	}
	return best, most
}

// byEnd holds records in the order of their paths, read from the end: the one whose path
// ends most like another path is a neighbour of that path's place.
type byEnd struct {
	records     []*lost
	left, right []int32 // for each place, one nearer to the next record that is not taken
}

func newByEnd(records []*lost) byEnd {
	slices.SortFunc(records, func(a, b *lost) int { return compareEnds(a.path, b.path) })
	b := byEnd{records: records, left: make([]int32, len(records)), right: make([]int32, len(records))}
	for i := range records {
		b.left[i], b.right[i] = int32(i), int32(i)
	}
	return b
}

// nearest returns the record, of those that are not taken, whose path has the longest common
// end with another, and how long that is; nil if there are none left.
func (b *byEnd) nearest(path string) (l *lost, common int) {
	at := sort.Search(len(b.records), func(i int) bool { return compareEnds(b.records[i].path, path) >= 0 })
	for _, i := range []int{b.next(b.right, at, 1), b.next(b.left, at-1, -1)} {
		if i < 0 || i >= len(b.records) {
			continue
		}
		if n := commonEnd(b.records[i].path, path); l == nil || n > common {
			l, common = b.records[i], n
		}
	}
	return l, common
}

// next is the first place from at on, in steps, whose record is not taken. It shortens the
// way for those who come after.
func (b *byEnd) next(to []int32, at, step int) int {
	end := at
	for end >= 0 && end < len(to) && b.records[end].taken {
		if int(to[end]) == end {
			end += step
		} else {
			end = int(to[end])
		}
	}
	for at != end {
		next := int(to[at])
		if next == at {
			next += step
		}
		to[at] = int32(end)
		at = next
	}
	return end
}

// compareEnds orders paths by their elements, from the last one on.
func compareEnds(a, b string) int {
	for a != "" && b != "" {
		i, j := strings.LastIndexByte(a, '/'), strings.LastIndexByte(b, '/')
		if c := strings.Compare(a[i+1:], b[j+1:]); c != 0 {
			return c
		}
		a, b = a[:max(i, 0)], b[:max(j, 0)]
	}
	return cmp.Compare(len(a), len(b))
}
