package local

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/sightline/sightline/internal/store"
)

// The tag file holds the rows of each tag that many records have, which the catalogue
// takes a quarter of a microsecond each to hand over. Tags of a row change by SetTags
// alone, and the catalogue counts these changes: with the same count the file is true
// for all rows that it covers and that a record still has. It is a cacheFile with four
// fields:
//
//	changes of tags before it was written
//	rows
//	freed rows among them
//	bytes of the directory
//
// The checksum covers the header and the directory. Behind the header lie the directory
// and the rows. The directory has for each tag the length of its folded label as a varint
// and the label, the number of bytes of its rows as a varint, and their CRC-32. The rows
// are a bitmap of little-endian uint64 where that is shorter, and else in ascending order,
// each as the varint of its distance from the one before. The byte before them is 1 for a
// bitmap and 0 for a list.

// A tag is in the file if more than a tagShare-th of the rows have it.
const tagShare = 256

// tagState is what the tag file depends on.
type tagState struct{ changes, rowCount, freed int64 }

// tagChanges is how often the tags of records that were there have been changed.
func (sn *snapshot) tagChanges(ctx context.Context) (n int64, err error) {
	err = sn.tx.QueryRowContext(ctx, "SELECT coalesce((SELECT value FROM meta WHERE key = 'tag changes'), 0)").Scan(&n)
	return n, sqlError(err)
}

// countTagChange is the statement with which each change counts itself.
const countTagChange = "INSERT INTO meta VALUES('tag changes', 1) ON CONFLICT(key) DO UPDATE SET value = value + 1"

// openTagFile is the tag file that was opened.
type openTagFile struct {
	*openCache
	state     tagState // that it is of
	directory []byte
}

// openTags opens the tag file of an index and generation.
func (s *Store) openTags(want header) (*openTagFile, error) {
	c, err := tagFile.open(s, want)
	if err != nil {
		return nil, err
	}
	f := &openTagFile{openCache: c, state: tagState{changes: c.fields[0], rowCount: c.fields[1], freed: c.fields[2]}}
	if err := f.readDirectory(c.fields[3]); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %s: %w", store.ErrDamaged, tagFile.path(s), err), f.Close())
	}
	return f, nil
}

func (f *openTagFile) readDirectory(size int64) error {
	if size > f.size-int64(len(f.head)) {
		return fmt.Errorf("the directory has %d bytes, the file %d", size, f.size)
	}
	f.directory = make([]byte, size)
	if _, err := f.ReadAt(f.directory, int64(len(f.head))); err != nil {
		return fmt.Errorf("the directory: %w", err)
	}
	return tagFile.checkSeal(f.head, f.directory)
}

// errTagsChanged says that a tag file is of another state of the index.
var errTagsChanged = errors.New("tags have been changed since it was written")

// readTag returns the rows of a tag below from, the first that the file does not cover.
// For a tag that is not in it, that is 0.
func (s *Store) readTag(want header, now tagState, folded string) (b *bitmap, from int64, err error) {
	f, err := s.openTags(want)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	st, directory := f.state, f.directory
	// A view that is older than the file may have records that were removed before it was
	// written; rows are only added and freed within a generation.
	if st.changes != now.changes || st.rowCount > now.rowCount || st.freed > now.freed {
		return nil, 0, errTagsChanged
	}
	b = newBitmap(now.rowCount)
	at := int64(tagFile.headSize() + len(directory))
	for len(directory) > 0 {
		var e tagEntry
		if e, directory, err = nextTag(directory); err != nil {
			return nil, 0, err
		}
		if e.label != folded {
			at += e.size
			continue
		}
		if e.size > f.size-at {
			return nil, 0, fmt.Errorf("%w: the rows of a tag", store.ErrDamaged)
		}
		rowSet := make([]byte, e.size)
		if n, _ := f.ReadAt(rowSet, at); int64(n) < e.size || crc32.ChecksumIEEE(rowSet) != e.sum {
			return nil, 0, fmt.Errorf("%w: the rows of a tag", store.ErrDamaged)
		}
		return b, st.rowCount, b.addRowSet(rowSet, st.rowCount)
	}
	return b, 0, nil
}

// verifyTagFile checks all checksums of the tag file.
func (s *Store) verifyTagFile(want header) error {
	f, err := s.openTags(want)
	if err != nil {
		return err
	}
	defer f.Close()
	at := int64(tagFile.headSize() + len(f.directory))
	for rest := f.directory; len(rest) > 0; {
		var e tagEntry
		if e, rest, err = nextTag(rest); err != nil {
			return fmt.Errorf("%w: %w", errSeal, err)
		}
		if e.size > f.size-at {
			return fmt.Errorf("%w: the rows of a tag are cut", errSeal)
		}
		rowSet := make([]byte, e.size)
		if _, err := f.ReadAt(rowSet, at); err != nil {
			return err
		}
		if crc32.ChecksumIEEE(rowSet) != e.sum {
			return fmt.Errorf("%w: the rows of a tag", errSeal)
		}
		at += e.size
	}
	return nil
}

// tagEntry is an entry of the directory.
type tagEntry struct {
	label string
	size  int64
	sum   uint32
}

// nextTag reads the first entry of a directory and returns the rest.
func nextTag(directory []byte) (e tagEntry, rest []byte, err error) {
	bad := fmt.Errorf("%w: the directory of tags", store.ErrDamaged)
	n, size := binary.Uvarint(directory)
	if size <= 0 || n > uint64(len(directory)-size) {
		return e, nil, bad
	}
	e.label, rest = string(directory[size:size+int(n)]), directory[size+int(n):]
	if n, size = binary.Uvarint(rest); size <= 0 || n > 5<<32 || len(rest) < size+4 { // of 2^32 rows at most
		return e, nil, bad
	}
	e.size, e.sum = int64(n), binary.LittleEndian.Uint32(rest[size:])
	return e, rest[size+4:], nil
}

// The byte before the rows of a tag.
const (
	rowList = iota
	rowBits
)

// encodeRowSet returns the rows of a tag as they lie in the file.
func encodeRowSet(b *bitmap) []byte {
	list, last := []byte{rowList}, int64(-1)
	b.each(0, b.n, func(rowID int64) {
		list = binary.AppendUvarint(list, uint64(rowID-last))
		last = rowID
	})
	if len(list) <= 8*len(b.words) {
		return list
	}
	out := append(make([]byte, 0, 1+8*len(b.words)), rowBits)
	for _, w := range b.words {
		out = binary.LittleEndian.AppendUint64(out, w)
	}
	return out
}

// addRowSet adds encoded rows, which are below n, to a set.
func (b *bitmap) addRowSet(rowSet []byte, n int64) error {
	bad := fmt.Errorf("%w: the rows of a tag", store.ErrDamaged)
	if len(rowSet) == 0 {
		return bad
	}
	kind, rowSet := rowSet[0], rowSet[1:]
	if kind == rowBits {
		if int64(len(rowSet)) != (n+63)/64*8 {
			return bad
		}
		for i := range len(rowSet) / 8 {
			b.words[i] |= binary.LittleEndian.Uint64(rowSet[8*i:])
		}
		b.trim()
		return nil
	}
	at := int64(-1)
	for len(rowSet) > 0 {
		step, size := binary.Uvarint(rowSet)
		if size <= 0 || step < 1 || step >= uint64(n-at) {
			return bad
		}
		at += int64(step)
		b.set(at)
		rowSet = rowSet[size:]
	}
	return nil
}

// keepTags writes the file where it is of other tags, or behind by at least the given
// number of rows: see cacheFile.keep.
func (s *Store) keepTags(ctx context.Context, behind int64) {
	tagFile.keep(ctx, s, func(sn *snapshot, h header) (func(io.Writer) error, error) {
		now := tagState{rowCount: sn.rowCount}
		var err error
		if now.changes, err = sn.tagChanges(ctx); err != nil {
			return nil, err
		}
		records, err := sn.records(ctx)
		if err != nil {
			return nil, err
		}
		now.freed = sn.rowCount - records
		if s.tagsAreNear(h, now, behind) {
			return nil, nil
		}
		directory, rowSets, err := sn.encodeTags(ctx)
		if err != nil {
			return nil, err
		}
		head := tagFile.head(h, directory, now.changes, now.rowCount, now.freed, int64(len(directory)))
		return writeParts(head, directory, rowSets), nil
	})
}

// tagsAreNear reports whether the file that is there will do for a state.
func (s *Store) tagsAreNear(h header, now tagState, behind int64) bool {
	st, err := s.tagStateOf(h)
	return err == nil && st.changes == now.changes && st.freed <= now.freed && st.rowCount <= now.rowCount && now.rowCount-st.rowCount < behind
}

// tagStateOf is the state that the file is of.
func (s *Store) tagStateOf(want header) (tagState, error) {
	f, err := s.openTags(want)
	if err != nil {
		return tagState{}, err
	}
	return f.state, f.Close()
}

// encodeTags returns the directory and the rows of the tags that many records have.
func (sn *snapshot) encodeTags(ctx context.Context) (directory, all []byte, err error) {
	labels, err := sn.commonTags(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, label := range labels {
		b := newBitmap(sn.rowCount)
		if err := sn.eachRowID(ctx, condition{"SELECT slot FROM tags WHERE folded = ?", []any{label}}, b.set); err != nil {
			return nil, nil, err
		}
		rowSet := encodeRowSet(b)
		directory = append(binary.AppendUvarint(directory, uint64(len(label))), label...)
		directory = binary.AppendUvarint(directory, uint64(len(rowSet)))
		directory = binary.LittleEndian.AppendUint32(directory, crc32.ChecksumIEEE(rowSet))
		all = append(all, rowSet...)
	}
	return directory, all, nil
}

// commonTags is the tags that many records have, folded.
func (sn *snapshot) commonTags(ctx context.Context) ([]string, error) {
	rows, err := sn.tx.QueryContext(ctx, "SELECT folded FROM tags GROUP BY folded HAVING count(*) > ?", sn.rowCount/tagShare)
	if err != nil {
		return nil, sqlError(err)
	}
	defer rows.Close()
	var labels []string
	for rows.Next() {
		var label string
		if err := rows.Scan(&label); err != nil {
			return nil, sqlError(err)
		}
		labels = append(labels, label)
	}
	return labels, sqlError(rows.Err())
}
