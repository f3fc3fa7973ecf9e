package local

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"sync/atomic"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/store"
)

// The codes have a checksum, CRC-32C, for every codeSumRows rows, the last of them perhaps for
// fewer. They are a cacheFile with one field, the number of rows, and the checksums behind
// the header, uint32 each. Codes are used as far as there are checksums for them. A search
// compares each block once, just before it passes over it; what is damaged is scanned in
// float32.
const codeSumRows = 256

type codeSums struct {
	rows    int64
	sums    []uint32
	checked []atomic.Uint32 // per block
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
	path := codeSumFile.path(s)
	if err := checkRegular(path); errors.Is(err, errNotRegular) {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return atomicfile.Write(path, writeParts(codeSumFile.head(h, body, c.rows), body))
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
	if block >= len(c.sums.sums) {
		return true // there is no checksum
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
