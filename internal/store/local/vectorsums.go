package local

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"sync/atomic"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// Each vector has a checksum in the catalogue, which is committed together with its
// record: CRC-32C of the row's id and the vector's bytes, so that a vector in the place of
// another is found too. A block of the table sums holds those of sumRows rows, little-endian.
// 0 stands for no checksum. Rows of an index from before there were any have none until the
// next writer closes it.
//
// A version that knows nothing of them leaves rows without, and begins generations without:
// a block counts for its own generation alone.
const sumRows = 512

const sumTable = `CREATE TABLE IF NOT EXISTS sums(
	block      INTEGER PRIMARY KEY,
	generation INTEGER NOT NULL,
	sums       BLOB    NOT NULL
)`

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sum returns the checksum of a vector in a row.
func (s *summer) sum(rowID int64, v []float32) uint32 {
	var id [8]byte
	binary.LittleEndian.PutUint64(id[:], uint64(rowID))
	return max(1, crc32.Update(crc32.Checksum(id[:], castagnoli), castagnoli, s.bytesOf(v)))
}

// badSum is the checksum that is kept for a row whose vector is known to be damaged.
func (s *summer) badSum(rowID int64, v []float32) uint32 { return max(1, ^s.sum(rowID, v)) }

// putSums stores the checksums of consecutive rows from the given one on.
func putSums(ctx context.Context, tx *sql.Tx, generation, from int64, sums []uint32) error {
	for len(sums) > 0 {
		block := from / sumRows
		n := int(min(int64(len(sums)), (block+1)*sumRows-from))
		old, err := sumBlock(ctx, tx, generation, block)
		if err != nil {
			return err
		}
		start := int(from-block*sumRows) * 4
		b := append(old, make([]byte, max(0, start+4*n-len(old)))...)
		for i, sum := range sums[:n] {
			binary.LittleEndian.PutUint32(b[start+4*i:], sum)
		}
		if _, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO sums VALUES(?,?,?)", block, generation, b); err != nil {
			return sqlError(err)
		}
		sums, from = sums[n:], from+int64(n)
	}
	return nil
}

func sumBlock(ctx context.Context, tx *sql.Tx, generation, block int64) ([]byte, error) {
	var b []byte
	err := tx.QueryRowContext(ctx, "SELECT sums FROM sums WHERE block = ? AND generation = ?", block, generation).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if len(b) > 4*sumRows {
		b = b[:4*sumRows]
	}
	return b, sqlError(err)
}

// sumBlocks are the checksums that a mapping has read so far, by block.
type sumBlocks map[int64]loadedSums

// loadedSums is a block as it was when an index had a number of rows.
type loadedSums struct {
	sums     []uint32
	rowCount int64
}

// loadSums reads the blocks that are not at hand.
func (sn *snapshot) loadSums(ctx context.Context, blocks []int64) error {
	m := sn.vectors
	m.sumsMu.Lock()
	defer m.sumsMu.Unlock()
	if m.sums == nil {
		m.sums = sumBlocks{}
	}
	var missing []int64
	for _, block := range blocks {
		if have, ok := m.sums[block]; !ok || have.rowCount < min(sn.rowCount, (block+1)*sumRows) {
			missing = append(missing, block)
			m.sums[block] = loadedSums{rowCount: sn.rowCount} // where the catalogue has none
		}
	}
	if len(missing) == 0 {
		return nil
	}
	var tables int
	if err := sn.tx.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE name = 'sums'").Scan(&tables); err != nil {
		m.sums = nil
		return sqlError(err)
	}
	if tables == 0 { // from before there were any
		return nil
	}
	for chunk := range chunks(missing) {
		if err := sn.readSums(ctx, chunk); err != nil {
			m.sums = nil
			return err
		}
	}
	return nil
}

// readSums reads blocks into the mapping, whose lock is held.
func (sn *snapshot) readSums(ctx context.Context, blocks []any) error {
	rows, err := sn.tx.QueryContext(ctx, "SELECT block, sums FROM sums WHERE block IN "+list(len(blocks))+" AND generation = ?",
		append(blocks, sn.generation)...)
	if err != nil {
		return sqlError(err)
	}
	defer rows.Close()
	for rows.Next() {
		var block int64
		var b sql.RawBytes
		if err := rows.Scan(&block, &b); err != nil {
			return sqlError(err)
		}
		sums := make([]uint32, min(sumRows, len(b)/4))
		for i := range sums {
			sums[i] = binary.LittleEndian.Uint32(b[4*i:])
		}
		sn.vectors.sums[block] = loadedSums{sums: sums, rowCount: sn.rowCount}
	}
	return sqlError(rows.Err())
}

// rowChecker compares vectors with their checksums. One is for one goroutine.
type rowChecker struct {
	summer
	ctx   context.Context // of the one search or scan
	sn    *snapshot
	block int64 // whose checksums are at hand, -1 for none
	sums  []uint32
}

func (sn *snapshot) rowChecker(ctx context.Context) *rowChecker {
	return &rowChecker{ctx: ctx, sn: sn, block: -1}
}

// want returns the checksum of a row, 0 where it has none.
func (c *rowChecker) want(rowID int64) (uint32, error) {
	block := rowID / sumRows
	if block != c.block {
		if err := c.sn.loadSums(c.ctx, []int64{block}); err != nil {
			return 0, err
		}
		m := c.sn.vectors
		m.sumsMu.Lock()
		c.block, c.sums = block, m.sums[block].sums
		m.sumsMu.Unlock()
	}
	if at := rowID % sumRows; at < int64(len(c.sums)) {
		return c.sums[at], nil
	}
	return 0, nil
}

// sound reports whether the vector of a row is the one that was written. One without a
// checksum is taken as it is.
func (c *rowChecker) sound(rowID int64, v []float32) (bool, error) {
	want, err := c.want(rowID)
	return want == 0 || want == c.sum(rowID, v), err
}

// soundOnce is sound for a row that need not be compared again once it was found to be.
func (c *rowChecker) soundOnce(checked checkedRows, rowID int64, v []float32) (bool, error) {
	if checked.has(rowID) {
		return true, nil
	}
	sound, err := c.sound(rowID, v)
	if sound && err == nil {
		checked.set(rowID)
	}
	return sound, err
}

// expect reads the checksums of rows that will be asked for, in one go.
func (sn *snapshot) expect(ctx context.Context, rowIDs []int64) error {
	var blocks []int64
	for _, rowID := range rowIDs {
		blocks = append(blocks, rowID/sumRows)
	}
	slices.Sort(blocks)
	return sn.loadSums(ctx, slices.Compact(blocks))
}

// expectAll is expect for the rows [from, to).
func (sn *snapshot) expectAll(ctx context.Context, from, to int64) error {
	var blocks []int64
	for block := from / sumRows; block*sumRows < to; block++ {
		blocks = append(blocks, block)
	}
	return sn.loadSums(ctx, blocks)
}

// damagedRows are the rows whose vectors were found to be damaged. They are not searched.
func (m *mapping) damagedRows() []int64 {
	m.sumsMu.Lock()
	defer m.sumsMu.Unlock()
	return slices.Clone(m.damaged)
}

// addDamaged reports whether one of the rows was not known to be damaged before.
func (m *mapping) addDamaged(rowIDs []int64) bool {
	m.sumsMu.Lock()
	defer m.sumsMu.Unlock()
	found := false
	for _, rowID := range rowIDs {
		if !slices.Contains(m.damaged, rowID) {
			m.damaged, found = append(m.damaged, rowID), true
		}
	}
	return found
}

// checkedRows is the set of rows that have been compared with their checksums since the file
// was mapped. Goroutines share it; one that misses what another has just noted compares a row
// again.
type checkedRows []atomic.Uint64

func (c checkedRows) has(rowID int64) bool { return c[rowID/64].Load()&(1<<(rowID%64)) != 0 }
func (c checkedRows) set(rowID int64)      { c[rowID/64].Or(1 << (rowID % 64)) }

// checkedRows returns the set, with room for a number of rows.
func (m *mapping) checkedRows(rowCount int64) checkedRows {
	m.sumsMu.Lock()
	defer m.sumsMu.Unlock()
	if words := int((rowCount + 63) / 64); words > len(m.checked) {
		grown := make(checkedRows, words)
		for i := range m.checked {
			grown[i].Store(m.checked[i].Load())
		}
		m.checked = grown
	}
	return m.checked
}

// pathsOf names the pictures in rows, as many as a message can hold.
func (sn *snapshot) pathsOf(ctx context.Context, rowIDs []int64) ([]string, error) {
	const most = 5
	var out []string
	for _, rowID := range rowIDs[:min(most, len(rowIDs))] {
		path, err := sn.pathOf(ctx, rowID)
		if err != nil {
			return nil, err
		}
		if path != "" {
			out = append(out, path)
		}
	}
	return out, nil
}

// pathOf is the path of the picture in a row, "" where there is none.
func (sn *snapshot) pathOf(ctx context.Context, rowID int64) (string, error) {
	var path []byte
	err := sn.tx.QueryRowContext(ctx, "SELECT path FROM records WHERE slot = ?", rowID).Scan(&path)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return string(path), sqlError(err)
}

// adoptSums gives a checksum to the rows that have none, as the writer of an index from
// before there were checksums does. A vector that cannot be one is marked as damaged. It is
// called with s.mu held.
func (s *Store) adoptSums(ctx context.Context) error {
	sn, err := s.snapshot(ctx, withVectors)
	if err != nil {
		return err
	}
	defer sn.release()
	all, err := sn.allSums(ctx)
	if err != nil || !slices.Contains(all, 0) {
		return err
	}
	return s.changeLocked(ctx, func(tx *sql.Tx, st *state) error {
		if _, err := tx.ExecContext(ctx, sumTable); err != nil {
			return sqlError(err)
		}
		var c summer
		var buf []float32
		for from := int64(0); from < sn.rowCount; from += sumRows {
			to := min(from+sumRows, sn.rowCount)
			block := all[from:to]
			if !slices.Contains(block, 0) {
				continue
			}
			rows, err := sn.vectors.rows(from, to, &buf)
			if err != nil {
				return err
			}
			for i := range block {
				switch v := rows.Row(i); {
				case block[i] != 0:
				case vec.IsUnit(v) || isWithdrawn(v):
					block[i] = c.sum(from+int64(i), v)
				default:
					block[i] = c.badSum(from+int64(i), v)
				}
			}
			if err := putSums(ctx, tx, st.generation, from, block); err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		return nil
	})
}

// allSums returns the checksums of all rows.
func (sn *snapshot) allSums(ctx context.Context) ([]uint32, error) {
	if err := sn.expectAll(ctx, 0, sn.rowCount); err != nil {
		return nil, err
	}
	check := sn.rowChecker(ctx)
	all := make([]uint32, sn.rowCount)
	for rowID := range sn.rowCount {
		var err error
		if all[rowID], err = check.want(rowID); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// isWithdrawn reports whether a vector stands for one that was lost: all of it is NaN.
// Nothing is found by it, and its picture is read again by the next run.
func isWithdrawn(v []float32) bool {
	for _, x := range v {
		if x == x {
			return false
		}
	}
	return true
}

// damagedVector is the error of a picture whose vector is damaged.
func damagedVector(path string) error {
	return fmt.Errorf("%w: the vector of %q is not the one that was written", store.ErrDamaged, path)
}
