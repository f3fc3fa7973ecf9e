package milvus

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/service"
)

// A document is a row of the companion. Data that a text field holds lie in the row
// itself. Longer ones are cut into pieces, rows of their own with ids that nobody used
// before; the row of the document, which names them, is written last, so that there is one
// step from the old data to the new. Then the old pieces go. What a process that was
// killed left of them goes with a later write of the same document.

// The kinds of the rows of documents and the ids that they begin with.
const (
	kindDocument = "document"
	kindPiece    = "piece"

	documentPrefix = "document:"
	piecePrefix    = "piece:"
)

// pieceBytes is how many bytes of data a text field holds in base64.
const pieceBytes = maxText / 4 * 3

// pieceLeftAfter is the age from which a piece that no document names is no longer
// being written.
const pieceLeftAfter = time.Hour

// document is the row of a document.
type document struct {
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
	// Version is what the ids of the pieces begin with after piecePrefix; "" where the row
	// holds the data. It begins with when it was written, in 16 hex digits of nanoseconds.
	Version string `json:"version,omitempty"`
	Pieces  int    `json:"pieces,omitempty"`
}

func newVersion(at time.Time) string { return fmt.Sprintf("%016x-%s", at.UnixNano(), rand.Text()) }

func pieceID(version string, i int) string { return fmt.Sprintf("%s%s:%08d", piecePrefix, version, i) }

// PutDocument implements store.Documents.
func (s *Store) PutDocument(ctx context.Context, name string, data []byte) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	if err := store.CheckDocument(name, data); err != nil {
		return err
	}
	// Which pieces there were may be missed: then they go later.
	old, _, _, err := s.readDocument(ctx, name, service.Session)
	if err != nil && !errors.Is(err, store.ErrDamaged) {
		return err
	}
	sum := sha256.Sum256(data)
	d := document{Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:])}
	row := metaRow{id: documentPrefix + name, kind: kindDocument, path: name}
	if len(data) <= pieceBytes {
		row.reason = base64.StdEncoding.EncodeToString(data)
	} else {
		d.Version = newVersion(time.Now())
		if d.Pieces, err = s.writePieces(ctx, name, d.Version, data); err != nil {
			return fmt.Errorf("document %s: %w", name, err)
		}
	}
	row.data = d
	if err := s.writeMeta(ctx, s.physical, row); err != nil {
		return fmt.Errorf("document %s: %w", name, err)
	}
	if old.Version == "" && d.Version == "" {
		return nil
	}
	return s.removePieces(ctx, name, old)
}

// writePieces writes the data as pieces, in messages that are not too large.
func (s *Store) writePieces(ctx context.Context, name, version string, data []byte) (pieces int, err error) {
	atOnce := max(1, s.batch.bytes()/maxText)
	var rows []metaRow
	for piece := range slices.Chunk(data, pieceBytes) {
		rows = append(rows, metaRow{
			id: pieceID(version, pieces), kind: kindPiece, path: name, root: version,
			reason: base64.StdEncoding.EncodeToString(piece), data: struct{}{},
		})
		pieces++
		if len(rows) == atOnce {
			if err := s.writeMeta(ctx, s.physical, rows...); err != nil {
				return pieces, err
			}
			rows = rows[:0]
		}
	}
	if len(rows) == 0 {
		return pieces, nil
	}
	return pieces, s.writeMeta(ctx, s.physical, rows...)
}

// removePieces removes the pieces of a version of a document that is replaced, and those
// that a process left that was killed long ago.
func (s *Store) removePieces(ctx context.Context, name string, old document) error {
	expr := fmt.Sprintf("%s and %s == %s and %s < %s", ofKind(kindPiece), fieldPath, quote(name),
		fieldRoot, quote(fmt.Sprintf("%016x", time.Now().Add(-pieceLeftAfter).UnixNano())))
	// Of two that write at a time the later one wins, and may be the one that wrote its
	// pieces long ago.
	now, _, found, err := s.readDocument(ctx, name, service.Strong)
	if err != nil {
		return err
	}
	if found && now.Version != "" {
		expr += fmt.Sprintf(" and not (%s == %s)", fieldRoot, quote(now.Version))
	}
	if old.Version != "" && old.Version != now.Version {
		gone := fmt.Sprintf("%s and %s == %s and %s == %s", ofKind(kindPiece), fieldPath, quote(name), fieldRoot, quote(old.Version))
		expr = fmt.Sprintf("(%s) or (%s)", expr, gone)
	}
	if err := s.remove(ctx, s.physical+metaSuffix, expr); err != nil {
		return fmt.Errorf("removing old pieces of document %s: %w", name, err)
	}
	return nil
}

// readDocument reads the row of a document, and the data that it holds in base64.
func (s *Store) readDocument(ctx context.Context, name string, level service.Consistency) (d document, text string, found bool, err error) {
	rows, err := s.query(ctx, s.physical+metaSuffix, oneOf([]string{documentPrefix + name}),
		[]string{fieldID, fieldReason, fieldData}, level, 0)
	if err != nil {
		return d, "", false, fmt.Errorf("document %s: %w", name, err)
	}
	if rows.len() == 0 {
		return d, "", false, nil
	}
	text, about := rows.raw(fieldReason, 0), rows.json(fieldData, 0)
	if rows.err != nil {
		return d, "", false, rows.err
	}
	if err := json.Unmarshal(about, &d); err != nil {
		return document{}, "", false, fmt.Errorf("%w: document %s: %w", store.ErrDamaged, name, err)
	}
	return d, text, true, nil
}

// readTries is how often a document is read that is replaced while it is read.
const readTries = 5

// Document implements store.Documents.
func (s *Store) Document(ctx context.Context, name string) ([]byte, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	if err := store.CheckDocumentName(name); err != nil {
		return nil, err
	}
	var last error
	for range readTries {
		d, text, found, err := s.readDocument(ctx, name, service.Strong)
		switch {
		case err != nil:
			return nil, err
		case !found:
			return nil, fmt.Errorf("document %s: %w", name, store.ErrNotFound)
		case d.Size < 0 || d.Size > store.MaxDocument || d.Pieces < 0 || d.Pieces > store.MaxDocument/pieceBytes+1:
			return nil, fmt.Errorf("%w: document %s says that it has %d bytes in %d pieces", store.ErrDamaged, name, d.Size, d.Pieces)
		}
		data := make([]byte, 0, d.Size)
		if d.Version == "" {
			data, err = base64.StdEncoding.AppendDecode(data, []byte(text))
		} else {
			data, err = s.readPieces(ctx, d, data)
		}
		if err == nil {
			if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != d.SHA256 {
				err = errors.New("its data are not those that were written")
			}
		}
		if err == nil {
			return data, nil
		}
		if ctx.Err() != nil || errors.Is(err, store.ErrUnavailable) {
			return nil, fmt.Errorf("document %s: %w", name, err)
		}
		last = err
	}
	return nil, fmt.Errorf("%w: document %s: %w", store.ErrDamaged, name, last)
}

// readPieces appends the pieces of a document to data.
func (s *Store) readPieces(ctx context.Context, d document, data []byte) ([]byte, error) {
	ids := make([]string, d.Pieces)
	for i := range ids {
		ids[i] = pieceID(d.Version, i)
	}
	for chunk := range slices.Chunk(ids, pageBytes/maxText) {
		rows, err := s.query(ctx, s.physical+metaSuffix, oneOf(chunk), []string{fieldID, fieldReason}, service.Strong, 0)
		if err != nil {
			return data, err
		}
		rows.sortByID()
		if rows.err != nil {
			return data, rows.err
		}
		if rows.len() != len(chunk) {
			return data, fmt.Errorf("%d of %d pieces are there", rows.len(), len(chunk))
		}
		for i := range rows.len() {
			if data, err = base64.StdEncoding.AppendDecode(data, []byte(rows.raw(fieldReason, i))); err != nil {
				return data, err
			}
		}
		if int64(len(data)) > d.Size {
			return data, errors.New("its pieces have more data than it")
		}
	}
	return data, nil
}

// DeleteDocument implements store.Documents.
func (s *Store) DeleteDocument(ctx context.Context, name string) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	if err := store.CheckDocumentName(name); err != nil {
		return err
	}
	old, _, found, err := s.readDocument(ctx, name, service.Strong)
	if err != nil && !errors.Is(err, store.ErrDamaged) {
		return err
	}
	if err == nil && !found {
		return nil
	}
	if err := s.remove(ctx, s.physical+metaSuffix, oneOf([]string{documentPrefix + name})); err != nil {
		return fmt.Errorf("removing document %s: %w", name, err)
	}
	if old.Version == "" {
		return nil
	}
	return s.removePieces(ctx, name, old)
}

// DocumentNames implements store.Documents.
func (s *Store) DocumentNames(ctx context.Context, prefix string) ([]string, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	expr := ofKind(kindDocument)
	if prefix != "" {
		// Names are of characters before the brace, which ends the range of those with the prefix.
		expr = fmt.Sprintf("%s and %s >= %s and %s < %s", expr, fieldPath, quote(prefix), fieldPath, quote(prefix+"{"))
	}
	rows, err := s.query(ctx, s.physical+metaSuffix, expr, []string{fieldID, fieldPath}, service.Strong, 0)
	if err != nil {
		return nil, fmt.Errorf("listing the documents: %w", err)
	}
	var out []string
	for i := range rows.len() {
		if name := rows.raw(fieldPath, i); rows.err == nil && store.CheckDocumentName(name) == nil {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), rows.err
}
