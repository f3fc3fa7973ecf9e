package dump

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/sightline/sightline/internal/store"
)

// Write writes an index. Records come in the order of their ids, so that two dumps of one
// state are equal but for the time.
func Write(ctx context.Context, st store.Store, w io.Writer, now time.Time) (Counts, error) {
	d, err := st.Describe(ctx)
	if err != nil {
		return Counts{}, err
	}
	out := &writer{out: bufio.NewWriterSize(w, 1<<20), sum: sha256.New()}
	m := st.Model()
	h := Header{Format: Format, Collection: d.Collection, IDSpace: store.IDSpace(st, d.Collection), Written: now.UTC(), Model: model(m)}
	if err := out.line(line{Dump: &h}); err != nil {
		return out.counts, err
	}
	before, err := st.Count(ctx, nil)
	if err != nil {
		return out.counts, err
	}
	for r, err := range st.Scan(ctx, nil, store.Fields{Vectors: true}) {
		if err != nil {
			return out.counts, err
		}
		out.counts.Records++
		if err := out.line(line{Record: recordOf(r)}); err != nil {
			return out.counts, err
		}
	}
	after, err := st.Count(ctx, nil)
	if err != nil {
		return out.counts, err
	}
	// Somebody may write meanwhile: the smaller count were there all the time.
	out.counts.Without = max(0, min(before, after)-out.counts.Records)
	for f, err := range st.Failures(ctx) {
		if err != nil {
			return out.counts, err
		}
		out.counts.Failures++
		if err := out.line(line{Failure: failureOf(f)}); err != nil {
			return out.counts, err
		}
	}
	if docs, ok := store.As[store.Documents](st); ok {
		if err := out.documents(ctx, docs); err != nil {
			return out.counts, err
		}
	}
	if err := out.line(line{End: &end{out.counts, hex.EncodeToString(out.sum.Sum(nil))}}); err != nil {
		return out.counts, err
	}
	return out.counts, out.out.Flush()
}

type writer struct {
	out    *bufio.Writer
	sum    hash.Hash
	counts Counts
}

func (w *writer) line(l line) error {
	b, err := json.Marshal(l)
	if err != nil {
		return err
	}
	b = append(b, '\n')
	w.sum.Write(b)
	_, err = w.out.Write(b)
	return err
}

func (w *writer) documents(ctx context.Context, docs store.Documents) error {
	names, err := docs.DocumentNames(ctx, "")
	if err != nil {
		return err
	}
	for _, name := range names {
		data, err := docs.Document(ctx, name)
		if errors.Is(err, store.ErrNotFound) {
			continue // removed meanwhile
		}
		if err != nil {
			return err
		}
		w.counts.Documents++
		if err := w.line(line{Document: &document{name, data}}); err != nil {
			return err
		}
	}
	return nil
}

// Check reads a dump to its end and returns what it says of itself. A file that was cut, or
// of which a byte was changed, gives ErrInvalid.
func Check(ctx context.Context, r io.Reader) (Header, Counts, error) {
	var counts Counts
	h, err := read(ctx, r, func(e entry) error {
		counts.add(e)
		return nil
	})
	return h, counts, err
}

// add counts what a line holds.
func (c *Counts) add(e entry) {
	switch {
	case e.record != nil:
		c.Records++
	case e.failure != nil:
		c.Failures++
	case e.document != nil:
		c.Documents++
	}
}

// entry is what a line between the first and the last holds; one field is set.
type entry struct {
	record   *store.Record
	failure  *store.Failure
	document *document
}

// entry checks a line and returns what it holds.
func (l *line) entry(dim int) (e entry, err error) {
	switch {
	case l.Record != nil:
		r, err := l.Record.store(dim)
		return entry{record: &r}, err
	case l.Failure != nil:
		f, err := l.Failure.store()
		return entry{failure: &f}, err
	case l.Document != nil:
		if len(l.Document.Data) > store.MaxDocument {
			return e, fmt.Errorf("document %.120q has %d bytes, at most %d are kept", l.Document.Name, len(l.Document.Data), store.MaxDocument)
		}
		return entry{document: l.Document}, store.CheckDocumentName(l.Document.Name)
	}
	return e, errors.New("it is of no kind that is known")
}

// Load brings what a dump holds into a store, which must have the dump's model. What the
// store has already is replaced. A record that the store cannot keep as it is becomes a
// failure there, and refused counts it.
func Load(ctx context.Context, r io.Reader, st store.Store) (counts Counts, refused int64, err error) {
	l := &loader{st: st, counts: &counts}
	l.documents, _ = store.As[store.Documents](st)
	_, err = read(ctx, r, func(e entry) error { return l.take(ctx, e) })
	if err == nil {
		err = errors.Join(l.flush(ctx), st.Flush(ctx))
	}
	return counts, l.refused, err
}

// loadBatch is how many records or failures are written at once.
const loadBatch = 500

type loader struct {
	st        store.Store
	documents store.Documents
	counts    *Counts
	records   []store.Record
	failures  []store.Failure
	refused   int64
}

func (l *loader) take(ctx context.Context, e entry) error {
	switch {
	case e.record != nil:
		l.counts.Records++
		l.records = append(l.records, *e.record)
	case e.failure != nil:
		l.counts.Failures++
		l.failures = append(l.failures, *e.failure)
	case e.document != nil:
		if l.documents == nil {
			return fmt.Errorf("%w: this kind of store keeps no documents", errors.ErrUnsupported)
		}
		l.counts.Documents++
		return l.documents.PutDocument(ctx, e.document.Name, e.document.Data)
	}
	if len(l.records) >= loadBatch || len(l.failures) >= loadBatch {
		return l.flush(ctx)
	}
	return nil
}

func (l *loader) flush(ctx context.Context) error {
	for len(l.records) > 0 {
		err := l.st.Upsert(ctx, l.records)
		var refused *store.RecordError
		if errors.As(err, &refused) {
			if l.refuse(refused) {
				continue
			}
		}
		if err != nil {
			return err
		}
		l.records = l.records[:0]
	}
	if len(l.failures) > 0 {
		if err := l.st.RecordFailures(ctx, l.failures); err != nil {
			return err
		}
		l.failures = l.failures[:0]
	}
	return nil
}

// refuse makes a failure of a record, and reports whether it was among those in hand.
func (l *loader) refuse(e *store.RecordError) bool {
	for i, r := range l.records {
		if r.ID == e.ID {
			l.refused++
			l.failures = append(l.failures, store.Failure{ID: r.ID, Path: r.Path, Root: r.Root, Size: r.Size, ModTime: r.ModTime, Reason: e.Err.Error(), At: time.Now().UTC()})
			l.records = append(l.records[:i], l.records[i+1:]...)
			return true
		}
	}
	return false
}

// read hands each line between the first and the last to take, and checks both.
func read(ctx context.Context, r io.Reader, take func(entry) error) (h Header, err error) {
	in := bufio.NewReaderSize(r, 1<<20)
	sum := sha256.New()
	var counts Counts
	bad := func(n int, format string, args ...any) error {
		return fmt.Errorf("%w: line %d: %w", ErrInvalid, n, fmt.Errorf(format, args...))
	}
	for n := 1; ; n++ {
		if err := ctx.Err(); err != nil {
			return h, err
		}
		b, err := readLine(in)
		if errors.Is(err, io.EOF) {
			return h, bad(n, "it ends before its last line")
		} else if err != nil {
			return h, bad(n, "%w", err)
		}
		var l line
		d := json.NewDecoder(bytes.NewReader(b))
		if err := d.Decode(&l); err != nil {
			return h, bad(n, "%w", err)
		}
		switch {
		case n == 1 && (l.Dump == nil || l.Dump.Format != Format):
			return h, bad(n, "it does not begin as a dump of format %d", Format)
		case n == 1:
			if h = *l.Dump; h.Model.Dim < 1 || h.Model.Dim > 1<<16 || h.Model.Fingerprint == "" {
				return h, bad(n, "a model of %d dimensions", h.Model.Dim)
			}
		case l.End != nil:
			l.End.Without = 0 // what is left out cannot be counted here
			if got := hex.EncodeToString(sum.Sum(nil)); got != l.End.SHA256 || counts != l.End.Counts {
				return h, bad(n, "its checksum or its counts are not those of the lines before")
			}
			if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
				return h, bad(n, "something comes behind the end")
			}
			return h, nil
		case l.Dump == nil:
			e, err := l.entry(h.Model.Dim)
			if err != nil {
				return h, bad(n, "%w", err)
			}
			counts.add(e)
			sum.Write(b)
			if err := take(e); err != nil {
				return h, fmt.Errorf("line %d: %w", n, err)
			}
			continue
		default:
			return h, bad(n, "the file begins a second time")
		}
		sum.Write(b)
	}
}

// readLine reads a line with its end, of at most MaxLine bytes.
func readLine(in *bufio.Reader) ([]byte, error) {
	var out []byte
	for {
		part, err := in.ReadSlice('\n')
		if len(out)+len(part) > MaxLine {
			return nil, fmt.Errorf("a line of more than %d bytes", MaxLine)
		}
		out = append(out, part...)
		if err == nil {
			return out, nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
	}
}
