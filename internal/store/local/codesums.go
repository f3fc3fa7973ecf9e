package local

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec/sq8"
)

// The codes have a checksum, CRC-32C, for every codeSumRows rows, the last of them perhaps for
// fewer. They are a cacheFile with one field, the number of rows, and the checksums behind
// the header, uint32 each. Codes are used as far as there are checksums for them. What is
// damaged is scanned in float32.
//
// A writer compares all of them and notes the stamp that the code file then has, in a
// cacheFile without content. While it has that stamp, nobody wrote to it. With another one, a
// search compares each block itself, just before it passes over it, which takes it two to
// three times as long. Disks fail without a trace in stamps: a writer compares again what it
// compared longer ago than a day, and Verify everything.
const codeSumRows = 256

type codeSums struct {
	rows    int64
	sums    []uint32
	checked []atomic.Uint32 // per block
	trusted bool            // all of them, by the stamp
}

// checkedFor is how long a writer relies on an earlier check.
const checkedFor = 24 * time.Hour

// isStamped reports whether a code file was checked and not written to since. now is the
// time for a writer, and zero for a reader, to whom the age of the check is nothing that it
// could change.
func isStamped(f *os.File, dir string, want header, now time.Time) bool {
	fields, _, err := codeStampFile.readIn(dir, want)
	if err != nil {
		return false
	}
	stamp, ok := stampOf(f)
	if age := now.Sub(time.Unix(fields[4], 0)); !now.IsZero() && (age < 0 || age > checkedFor) {
		return false
	}
	return ok && slices.Equal(stamp, fields[:4])
}

// checkCodes compares all codes with their checksums and notes it. It reports whether they
// are sound, and removes those that are not. It is called with s.mu held.
func (s *Store) checkCodes(generation int64) (sound bool, err error) {
	path, h := s.codePath(generation), s.header(generation)
	f, err := openRegular(path, os.O_RDONLY)
	if errors.Is(err, os.ErrNotExist) {
		return true, nil
	} else if err != nil {
		return false, err
	}
	defer f.Close()
	now := time.Now()
	if isStamped(f, s.dir, h, now) {
		return true, nil
	}
	sums, err := readCodeSums(s.dir, h)
	if err != nil {
		return false, err
	}
	size := sq8.CodeSize(h.dim)
	block := make([]byte, codeSumRows*size)
	for i, want := range sums.sums {
		b := block[:min(codeSumRows, int(sums.rows)-i*codeSumRows)*size]
		if _, err := f.ReadAt(b, codeOffset(h.dim, int64(i)*codeSumRows)); err != nil {
			return false, err
		}
		if crc32.Checksum(b, castagnoli) != want {
			s.log.Info("the codes for fast searching are damaged and rebuilt", "file", path)
			return false, errors.Join(removeIfThere(path), removeIfThere(codeSumFile.path(s)))
		}
	}
	stamp, ok := stampOf(f)
	if !ok {
		return true, nil
	}
	return true, s.replaceCache(codeStampFile, writeParts(codeStampFile.head(h, nil, append(stamp, now.Unix())...)))
}

// replaceCache writes a cache, in the place of a link too.
func (s *Store) replaceCache(k cacheFile, content func(io.Writer) error) error {
	if err := checkRegular(k.path(s)); errors.Is(err, errNotRegular) {
		if err := os.Remove(k.path(s)); err != nil {
			return err
		}
	}
	return atomicfile.Write(k.path(s), content)
}

// add appends the codes of rows behind those that are covered.
func (c *codeSums) add(codes []byte, codeSize int) {
	for len(codes) > 0 {
		room := codeSumRows - int(c.rows%codeSumRows)
		part := codes[:min(len(codes), room*codeSize)]
		if room == codeSumRows {
			c.sums = append(c.sums, 0)
		}
		last := &c.sums[len(c.sums)-1]
		*last = crc32.Update(*last, castagnoli, part)
		c.rows += int64(len(part) / codeSize)
		codes = codes[len(part):]
	}
}

// readCodeSums reads the checksums of an index's codes.
func readCodeSums(dir string, want header) (*codeSums, error) {
	fields, body, err := codeSumFile.readIn(dir, want)
	if err != nil {
		return nil, err
	}
	rows := fields[0]
	if rows > (1<<62)/maxDim/4 || int64(len(body)) != (rows+codeSumRows-1)/codeSumRows*4 {
		return nil, fmt.Errorf("%w: %d bytes of checksums for %d rows", store.ErrDamaged, len(body), rows)
	}
	c := &codeSums{rows: rows, sums: make([]uint32, len(body)/4), checked: make([]atomic.Uint32, len(body)/4)}
	for i := range c.sums {
		c.sums[i] = binary.LittleEndian.Uint32(body[4*i:])
	}
	return c, nil
}

func (s *Store) writeCodeSums(h header, c *codeSums) error {
	body := make([]byte, 0, 4*len(c.sums))
	for _, sum := range c.sums {
		body = binary.LittleEndian.AppendUint32(body, sum)
	}
	return s.replaceCache(codeSumFile, writeParts(codeSumFile.head(h, body, c.rows), body))
}

// sound reports whether the codes of rows [from, to) are those that were written.
func (c *codeMapping) sound(from, to int) bool {
	for block := from / codeSumRows; block*codeSumRows < to; block++ {
		if !c.soundBlock(block) {
			return false
		}
	}
	return true
}

// What is known of a block.
const (
	blockUnknown = iota
	blockSound
	blockDamaged
)

func (c *codeMapping) soundBlock(block int) bool {
	if c.sums.trusted || block >= len(c.sums.sums) { // or there is no checksum
		return true
	}
	known := &c.sums.checked[block]
	if n := known.Load(); n != blockUnknown {
		return n == blockSound
	}
	from, to := block*codeSumRows, min((block+1)*codeSumRows, int(c.sums.rows))
	codes := c.memory[headerSize+from*c.CodeSize : headerSize+to*c.CodeSize]
	if crc32.Checksum(codes, castagnoli) != c.sums.sums[block] {
		known.Store(blockDamaged)
		return false
	}
	known.Store(blockSound)
	return true
}
