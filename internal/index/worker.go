package index

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/imaging/metadata"
	"github.com/sightline/sightline/internal/store"
)

// worker reads files and puts their pixels into batches. Each has scratch memory
// of its own; what is shared is safe for concurrent use.
type worker struct {
	x        *Indexer
	t        *tally
	loader   *loader
	commits  *committer
	memory   *memory
	families *families
	prepare  *clip.Preparer
	buf      []byte
	later    []candidate // those that choose last what they have moved from
}

// errLater says that a file should be looked at again when all others have been.
var errLater = errors.New("to be looked at later")

// handle brings one file into a batch, or records why it cannot. The error is
// about the run, never about the file.
func (w *worker) handle(ctx context.Context, c candidate) error {
	err := w.index(ctx, c)
	var bad *fileError
	var unread *unreadError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errVanished):
		w.t.vanished.Add(1)
		return nil
	case errors.Is(err, errLater):
		c.last = true
		w.later = append(w.later, c)
		return nil
	case errors.As(err, &unread) && exhausted(err):
		return fmt.Errorf("reading pictures: %w", unread.err)
	case errors.As(err, &unread):
		return w.leaveUnread(ctx, c, unread.err)
	case errors.As(err, &bad):
		return w.fail(ctx, c, bad.err)
	default:
		return err
	}
}

// fileError marks an error as the file's own.
type fileError struct{ err error }

func (e *fileError) Error() string { return e.err.Error() }
func (e *fileError) Unwrap() error { return e.err }

func (w *worker) index(ctx context.Context, c candidate) error {
	limits := w.x.options.Limits.WithDefaults()
	limit := min(limits.MaxBytes, limits.MaxMemory) // all of a file is read
	if c.entry.Size > keepBuffer {
		if err := w.memory.large.Acquire(ctx, 1); err != nil {
			return err
		}
		defer w.memory.large.Release(1)
	}
	reading := begin(&w.t.times.read)
	f, err := readFile(ctx, w.x.open, c.entry.Path, limit, w.buf)
	reading.end()
	if errors.Is(err, errVanished) || ctx.Err() != nil {
		return err
	} else if err != nil {
		return &fileError{err}
	}
	w.buf = f.data[:cap(f.data)]
	if cap(w.buf) > keepBuffer {
		w.buf = nil
	}

	reused, err := w.reuse(ctx, c, f)
	if reused || err != nil {
		return err
	}
	return w.decode(ctx, c, f)
}

// keepBuffer is the largest file buffer that a worker keeps for the next file.
const keepBuffer = 64 << 20

// asKnown reports whether a file is as its record says, in content too, and its sidecar.
func (w *worker) asKnown(c candidate, f file) bool {
	return !c.added() && c.known.Size == f.size && c.known.ModTime.Equal(f.modTime) &&
		stampMatches(c.known.MetadataStamp, c.entry) && bytes.Equal(c.known.ContentHash, f.hash[:])
}

// match is what the index has of the content of a file.
type match struct {
	was   store.Record // of the file, of where it was moved from, or any with the content
	again bool         // it is the file's own
	moved bool
	// vectors are records whose vectors may be used again: all of a few, or of many those
	// that families.vectors gives.
	vectors []store.Record
	many    bool
}

// findContent looks for the content of a file in the index: for the record of the file
// itself, else for that of a file that it was moved from, else for any. There are no
// vectors in the match where the picture must be decoded.
func (w *worker) findContent(ctx context.Context, c candidate, f file) (m match, err error) {
	defer begin(&w.t.times.store).end()
	if !c.added() && bytes.Equal(c.known.ContentHash, f.hash[:]) {
		if err := w.get(ctx, &m.was, &m.again, c.id, f); err != nil {
			return m, err
		}
		// One without a vector was damaged, and a RAW file may need the vector of another.
		if m.again && len(m.was.Vector) > 0 && !imaging.Format(m.was.Format).IsRAW() {
			m.vectors = []store.Record{m.was}
			return m, nil
		}
	}
	all := w.families.known(f.hash)
	if all == nil {
		m.vectors, err = w.families.contents.find(ctx, f.hash[:], few)
		if err != nil {
			return m, fmt.Errorf("looking for the content of %s: %w", c.entry.Path, err)
		}
		m.many = len(m.vectors) == few
	} else {
		m.many = true
	}
	if m.many {
		if all, err = w.families.open(ctx, f.hash); err != nil {
			return m, err
		}
		if m.vectors, err = w.families.vectors(ctx, f.hash, false); err != nil {
			return m, fmt.Errorf("looking for the content of %s: %w", c.entry.Path, err)
		}
	}
	switch {
	case len(m.vectors) == 0 || m.again:
		return m, nil
	case m.many:
		id, later := all.movedFrom(c.entry, w.families.claims, c.last)
		if later {
			return m, errLater
		}
		if id != "" {
			if err := w.get(ctx, &m.was, &m.moved, id, f); err != nil || m.moved {
				return m, err
			}
		}
	default:
		if i := slices.IndexFunc(m.vectors, func(r store.Record) bool { return r.ID == c.id }); i >= 0 {
			m.was, m.again = m.vectors[i], true
			return m, nil
		}
		i, later := w.families.claims.movedFrom(m.vectors, c.entry, c.last)
		if later {
			return m, errLater
		}
		if i >= 0 {
			m.was, m.moved = m.vectors[i], true
			return m, nil
		}
	}
	m.was = m.vectors[0]
	return m, nil
}

// get reads the record of an id and notes whether it is there with the content of a file.
func (w *worker) get(ctx context.Context, r *store.Record, found *bool, id string, f file) error {
	got, err := w.x.store.Get(ctx, []string{id})
	if err != nil {
		return fmt.Errorf("looking up %s: %w", id, err)
	}
	if len(got) == 1 && bytes.Equal(got[0].ContentHash, f.hash[:]) {
		*r, *found = got[0], true
	}
	return nil
}

// reuse copies the embedding of a record with the same content, if there is one:
// the file was touched, moved, or is a copy.
func (w *worker) reuse(ctx context.Context, c candidate, f file) (bool, error) {
	if w.asKnown(c, f) {
		w.t.unchanged.Add(1)
		w.x.observer.Embedded(1)
		return true, nil
	}
	m, err := w.findContent(ctx, c, f)
	if err != nil {
		return false, err
	}
	if len(m.vectors) == 0 {
		return false, nil
	}
	was, again := m.was, m.again
	var count func()
	var remove string
	switch {
	case again:
	case m.moved:
		if w.x.options.Shard.holds(was.ID) { // otherwise the indexer of its shard prunes it
			remove = was.ID
		}
		count = func() { w.t.moved.Add(1) }
	default:
		was.Tags = tagsFrom(was.Tags, "file") // a copy has not been looked at by anyone
		count = func() { w.t.countNew(picture{record: was, added: c.added()}) }
	}
	if !again { // what has a record of its own is judged at the end: see strict.go
		if err := w.checkDamage(was.About.Damage); err != nil {
			return false, &fileError{err}
		}
	}
	source := m.vectors[0]
	if imaging.Format(was.Format).IsRAW() {
		same, err := w.sameSource(ctx, c, f, m)
		if err != nil {
			return false, err
		}
		if len(same) == 0 { // its twin came, went, or is another one
			if m.moved {
				c.from, c.remove = &was, remove
			}
			return true, w.decode(ctx, c, f)
		}
		source = same[0]
	}
	if len(was.Vector) == 0 || was.About.Twin != source.About.Twin {
		was.Vector, was.About = source.Vector, source.About
	}
	old := was
	was.ID, was.Path, was.Root, was.Size, was.ModTime = c.id, c.entry.Path, c.entry.Root, f.size, f.modTime
	// A sidecar is another one at another place, and may be all that changed here.
	w.describe(&was, metadata.Read(f.data), c)
	was.About.Damage, was.About.Twin = old.About.Damage, old.About.Twin // of the same content
	if again {
		count = func() { w.t.unchanged.Add(1) } // only a time changed
		if !sameDescription(old, was) && w.checkDamage(was.About.Damage) == nil {
			count = func() { w.t.countNew(picture{record: was}) }
		}
	}
	return true, w.commits.send(ctx, change{record: &was, remove: remove, count: func() {
		w.t.reused.Add(1)
		count()
	}})
}

func tagsFrom(tags []store.Tag, source string) []store.Tag {
	var out []store.Tag
	for _, t := range tags {
		if t.Source == source {
			out = append(out, t)
		}
	}
	return out
}

// decode puts the picture into a batch. The memory that its pixels will take is
// reserved before they exist.
func (w *worker) decode(ctx context.Context, c candidate, f file) error {
	opened, err := imaging.Open(f.data, w.x.options.Limits)
	info := opened.Info
	var beside *twin
	if info.Format.IsRAW() {
		beside = w.openTwin(ctx, c.entry)
	}
	if beside != nil && errors.Is(err, imaging.ErrUnsupported) { // a RAW file without a preview of its own
		info, err = beside.Info, nil
		info.Format = opened.Info.Format
	}
	if err != nil {
		return &fileError{err}
	}
	pre := w.x.embedder.Spec().Preprocess
	options := imaging.Options{Mode: pre.Mode, Colour: pre.Colour, ShortSide: pre.ShortSide()}
	need := decodeBytes(opened, beside, options)
	if size := int64(len(f.data)); size > keepBuffer {
		need += size
		if limit := w.x.options.Limits.WithDefaults().MaxMemory; need > limit {
			return &fileError{fmt.Errorf("%w: file and decoding take about %d MiB of memory, limit %d MiB",
				imaging.ErrTooLarge, need>>20, limit>>20)}
		}
	}
	release, err := w.memory.acquire(ctx, need)
	if err != nil {
		return err
	}
	defer release()

	decoding := begin(&w.t.times.decode)
	img, err := pixelsOf(ctx, opened, beside, options)
	decoding.end()
	if err == nil {
		err = w.checkDamage(img.damage)
	}
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &fileError{err}
	}
	if shown := w.x.options.Shown; shown != nil && img.twin == "" && img.damage == "" {
		resizing := begin(&w.t.times.resize)
		shown(f.hash[:], img.RGB, f.data)
		resizing.end()
	}
	rec := store.Record{
		ID: c.id, Path: c.entry.Path, Root: c.entry.Root, Size: f.size, ModTime: f.modTime, ContentHash: f.hash[:],
		Width: info.Width, Height: info.Height, Format: string(info.Format),
	}
	w.describe(&rec, info.Metadata, c)
	rec.About.Damage, rec.About.Twin = img.damage, img.twin
	switch {
	case c.from != nil:
		rec.Tags = append(rec.Tags, tagsFrom(c.from.Tags, "user")...)
	case !c.added():
		if rec.Tags, err = w.keepTags(ctx, rec); err != nil {
			return err
		}
	}
	p := picture{record: rec, added: c.added(), moved: c.from != nil, remove: c.remove}
	return w.loader.put(ctx, p, func(slot []float32) error {
		defer begin(&w.t.times.resize).end()
		if err := w.prepare.Into(img.RGB, slot); err != nil {
			return fmt.Errorf("preparing %s: %w", c.entry.Path, err)
		}
		return nil
	})
}

// checkDamage makes an error of damage where the options ask for it.
func (w *worker) checkDamage(damage string) error {
	if damage == "" || !w.x.options.Strict {
		return nil
	}
	return fmt.Errorf("%w: %s", imaging.ErrCorrupt, damage)
}

// keepTags adds to a changed picture's tags those that a person gave it. Those of
// tagging runs went with the old content.
func (w *worker) keepTags(ctx context.Context, rec store.Record) ([]store.Tag, error) {
	old, err := w.x.store.Get(ctx, []string{rec.ID})
	if err != nil {
		return nil, fmt.Errorf("looking up %s: %w", rec.Path, err)
	}
	for _, r := range old {
		rec.Tags = append(rec.Tags, tagsFrom(r.Tags, "user")...)
	}
	return rec.Tags, nil
}
