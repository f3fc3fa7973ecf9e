package local

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/vec/sq8"
)

// A code file holds 8-bit codes of the vectors of one generation, row by row, for
// the first pass of a search; see sq8.Codes. It is a cache: what is missing in it is
// scanned in float32, and a file that is damaged is ignored and rebuilt by the next
// writer. The header, little-endian and in a page of its own, is
//
//	0   8 bytes   magic
//	8   uint32    version of this layout
//	12  uint32    dim
//	16  uint64    generation
//	24  16 bytes  identity of the index
//	40  uint64    rows, from row 0 on; written when they are durable
//	48  uint32    CRC-32 (IEEE) of bytes 0 to 47
//
// Codes of rows below that number are never written again, as committed rows are not. Their
// checksums are in a file of their own; see codesums.go.
const (
	codeVersion    = 1
	codeHeaderUsed = 52

	codePrefix = "codes-"
	codeSuffix = ".u8"
)

const codeMagic = "SIGHTCOD"

// cachesFrom is the number of rows from which an index has codes and the other caches:
// fewer are scanned in float32, or read from the catalogue, in a few milliseconds.
const cachesFrom = 20_000

// How far caches stay behind the vectors, as shares of cachesFrom: while writing, so
// that a batch does not pay for them, and after closing.
const (
	codesStep   = 3
	codesBehind = 5 // a fifth
)

func (s *Store) codePath(generation int64) string {
	return filepath.Join(s.dir, fmt.Sprintf("%s%06d%s", codePrefix, generation, codeSuffix))
}

// codeGeneration is the generation in the name of a code file.
func codeGeneration(name string) (int64, bool) {
	return generationIn(name, codePrefix, codeSuffix)
}

func codeOffset(dim int, rowID int64) int64 {
	return headerSize + rowID*int64(sq8.CodeSize(dim))
}

func encodeCodeHeader(h header, rows int64) []byte { return h.page(codeMagic, codeVersion, rows) }

// readCodeHeader returns how many rows a code file of the given size has. It is an
// error if the file is not whole or not of this index and generation.
func readCodeHeader(f io.ReaderAt, size int64, want header) (rows int64, err error) {
	b := make([]byte, headerSize)
	if n, err := f.ReadAt(b, 0); n < len(b) {
		return 0, fmt.Errorf("%w: the header has %d of %d bytes: %w", store.ErrDamaged, n, len(b), err)
	}
	rows = int64(binary.LittleEndian.Uint64(b[40:]))
	if !bytes.Equal(b[:codeHeaderUsed], encodeCodeHeader(want, rows)[:codeHeaderUsed]) {
		return 0, fmt.Errorf("%w: the header is not that of this index, generation %d", store.ErrDamaged, want.generation)
	}
	if rows < 0 || rows > (1<<62)/maxDim/4 || size < codeOffset(want.dim, rows) {
		return 0, fmt.Errorf("%w: %d bytes are too few for %d rows", store.ErrDamaged, size, rows)
	}
	return rows, nil
}

// keepCodesNear extends the codes, and the attributes, when they have fallen far behind a
// state.
func (s *Store) keepCodesNear(ctx context.Context, st state) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.coded.rows
	if s.coded.generation != st.generation {
		known = 0
	}
	if s.isOpen() == nil && st.rowCount >= s.cachesFrom && st.rowCount-known >= codesStep*s.cachesFrom {
		s.extendCodes(ctx, codesStep*s.cachesFrom)
		s.keepAttributes(ctx, codesStep*s.cachesFrom)
	}
}

// extendCodes brings the code file up to the committed rows where it is behind by
// at least the given number. It is called with s.mu held. A failure costs only speed.
func (s *Store) extendCodes(ctx context.Context, behind int64) {
	err := s.tryExtendCodes(ctx, behind)
	if err == nil && s.coded.rows >= s.cachesFrom {
		var sound bool
		if sound, err = s.checkCodes(s.coded.generation); err == nil && !sound {
			err = s.tryExtendCodes(ctx, 0)
		}
	}
	if err != nil {
		s.log.Warn("the codes for fast searching could not be written", "index", s.dir, "error", err)
	}
}

func (s *Store) tryExtendCodes(ctx context.Context, behind int64) (err error) {
	sn, err := s.snapshot(ctx, withVectors)
	if err != nil {
		return err
	}
	defer sn.release()
	s.coded.generation, s.coded.rows = sn.generation, sn.rowCount // not asked again, even if it fails
	if sn.rowCount < s.cachesFrom {
		return nil
	}
	h := s.header(sn.generation)
	f, rows, err := s.openCodes(s.codePath(sn.generation), h)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if rows > sn.rowCount { // of a later state than this one, which an older copy replaced
		rows = 0
	}
	sums, err := readCodeSums(s.dir, h)
	if err != nil || sums.rows > rows {
		// Without them the codes are not used, so that they are as good as missing.
		sums, rows = &codeSums{}, 0
	}
	rows = min(rows, sums.rows)
	s.coded.rows = rows
	if sn.rowCount == rows || sn.rowCount-rows < behind {
		return nil
	}
	s.coded.rows = sn.rowCount
	if err := sn.writeCodes(ctx, f, sums, rows); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := writeFull(f, encodeCodeHeader(h, sn.rowCount), 0); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return s.writeCodeSums(h, sums)
}

// openCodes opens a code file for writing, and makes it if it is missing or damaged.
func (s *Store) openCodes(path string, h header) (file, int64, error) {
	if f, rows, err := s.openSoundCodes(path, h); err == nil {
		return f, rows, nil
	} else if !errors.Is(err, os.ErrNotExist) {
		s.log.Info("the codes for fast searching are rebuilt", "file", path, "reason", err)
	}
	// A reader may have the old file mapped, so that it is replaced and not cut. A link goes.
	if err := removeIfThere(path); err != nil {
		return nil, 0, err
	}
	f, err := s.files.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return nil, 0, err
	}
	if err := errors.Join(writeFull(f, encodeCodeHeader(h, 0), 0), s.files.SyncDir(filepath.Dir(path))); err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, 0, nil
}

// openSoundCodes opens a code file that is as it should be.
func (s *Store) openSoundCodes(path string, h header) (file, int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	f, err := s.files.OpenFile(path, os.O_RDWR)
	if err != nil {
		return nil, 0, err
	}
	rows, err := readCodeHeader(f, info.Size(), h)
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, rows, nil
}

// writeCodes encodes the rows from the given one on, and adds their checksums. A row whose
// vector is damaged gets the codes that say nothing.
func (sn *snapshot) writeCodes(ctx context.Context, f io.WriterAt, sums *codeSums, from int64) error {
	return sn.vectors.explainFault(vec.CatchFault(func() error { return sn.encodeRows(ctx, f, sums, from) }))
}

func (sn *snapshot) encodeRows(ctx context.Context, f io.WriterAt, sums *codeSums, from int64) error {
	check := sn.rowChecker(ctx)
	unknown := slices.Repeat([]float32{float32(math.NaN())}, int(sn.vectors.dim))
	const step = 4096
	var buf []float32
	var out []byte
	for ; from < sn.rowCount; from += step {
		if err := ctx.Err(); err != nil {
			return err
		}
		rows, err := sn.vectors.rows(from, min(from+step, sn.rowCount), &buf)
		if err != nil {
			return err
		}
		width := sq8.CodeSize(rows.Cols)
		if out == nil {
			out = make([]byte, step*width)
		}
		for i := range rows.Rows {
			v := rows.Row(i)
			if sound, err := check.sound(from+int64(i), v); err != nil {
				return err
			} else if !sound {
				v = unknown
			}
			sq8.Encode(out[i*width:(i+1)*width], v)
		}
		sums.add(out[:rows.Rows*width], width)
		if err := writeFull(f, out[:rows.Rows*width], codeOffset(rows.Cols, from)); err != nil {
			return err
		}
	}
	return nil
}

// codeMapping is the part of a code file that a search uses.
type codeMapping struct {
	sq8.Codes
	file   *os.File // to look at its size
	memory []byte
	sums   *codeSums
}

// mapCodes maps the codes that there are for at most the given number of rows. It
// returns nil where there are none.
func mapCodes(path string, want header, rowCount int64) (c *codeMapping, err error) {
	f, err := openRegular(path, os.O_RDONLY)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer func() {
		if c == nil {
			f.Close()
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	rows, err := readCodeHeader(f, info.Size(), want)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	sums, err := readCodeSums(filepath.Dir(path), want)
	switch {
	case errors.Is(err, os.ErrNotExist): // from before there were any: the next writer adds them
		sums = &codeSums{rows: rows}
	case err != nil:
		return nil, fmt.Errorf("the checksums of the codes: %w", err)
	}
	if sums.rows > rows {
		return nil, fmt.Errorf("%w: %d rows of codes have checksums, there are %d", store.ErrDamaged, sums.rows, rows)
	}
	rows = min(rowCount, sums.rows) / 64 * 64 // bitmaps are read in words
	if rows == 0 {
		return nil, nil
	}
	sums.trusted = isStamped(f, filepath.Dir(path), want, time.Time{})
	// The last block is mapped to its end, for its checksum.
	end := min((rows+codeSumRows-1)/codeSumRows*codeSumRows, sums.rows)
	memory, err := mapFile(f, codeOffset(want.dim, end))
	if err != nil {
		return nil, err
	}
	size := sq8.CodeSize(want.dim)
	codes := sq8.Codes{Data: memory[headerSize:][:int(rows)*size], Rows: int(rows), CodeSize: size}
	return &codeMapping{Codes: codes, file: f, memory: memory, sums: sums}, nil
}

func (c *codeMapping) check() error {
	if c == nil {
		return nil
	}
	return checkLength(c.file, int64(len(c.memory)))
}

func (c *codeMapping) close() {
	if c != nil {
		unmapFile(c.memory)
		c.file.Close()
		c.memory, c.Data = nil, nil
	}
}

// covered is the number of rows that have codes.
func (c *codeMapping) covered() int64 {
	if c == nil {
		return 0
	}
	return int64(c.Rows)
}
