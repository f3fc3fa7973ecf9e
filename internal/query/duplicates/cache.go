package duplicates

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sync"
)

// Cache keeps what pictures show in a folder that belongs to an index on this machine, by
// the content of their files: a file that changes has another content. It can be removed
// at any time, and what is damaged in it counts as not there.
//
// The folder has a file for each three hex digits that contents begin with. A file is
// records of one size, little-endian:
//
//	0     32 bytes    SHA-256 of the picture's file
//	32    byte        version of this layout
//	33    byte        1: in colour, 2: moving
//	34    3 views     uint64 hash, float32 scale, 1024 int8 points
//	      uint32      CRC-32 (IEEE) of what came before
//
// It is safe for concurrent use by one process, and harmless by several: two that add to
// one file at once may overwrite each other's record. A nil *Cache keeps nothing.
type Cache struct {
	dir    string
	adding sync.Mutex
}

const (
	cacheVersion = 1
	viewBytes    = 8 + 4 + lookSide*lookSide
	recordBytes  = 32 + 2 + len(zooms)*viewBytes + 4
	// mostBucket bounds a file of the cache: more is not added.
	mostBucket = 64 << 20
)

const (
	flagColour = 1 << iota
	flagMoving
)

// OpenCache returns the cache in a folder, which is made when something is first kept.
func OpenCache(dir string) *Cache { return &Cache{dir: dir} }

func (c *Cache) path(hash []byte) string {
	return filepath.Join(c.dir, fmt.Sprintf("%02x%x.looks", hash[0], hash[1]>>4))
}

// Get returns what a picture with that content shows, if it is known.
func (c *Cache) Get(hash []byte) (*Look, bool) {
	if c == nil || len(hash) != 32 {
		return nil, false
	}
	f, err := os.Open(c.path(hash))
	if err != nil {
		return nil, false
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() || st.Size() > mostBucket+int64(recordBytes) {
		return nil, false
	}
	var key [32]byte
	for at := int64(0); at+int64(recordBytes) <= st.Size(); at += int64(recordBytes) {
		if _, err := f.ReadAt(key[:], at); err != nil || !bytes.Equal(key[:], hash) {
			continue
		}
		record := make([]byte, recordBytes)
		if _, err := f.ReadAt(record, at); err != nil {
			return nil, false
		}
		if l, err := decodeRecord(record); err == nil {
			return l, true
		}
	}
	return nil, false
}

// Put keeps what a picture with that content shows. One that is known is added again and
// does no harm.
func (c *Cache) Put(hash []byte, l *Look) error {
	if c == nil || len(hash) != 32 {
		return nil
	}
	record := encodeRecord(hash, l)
	c.adding.Lock()
	defer c.adding.Unlock()
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return fmt.Errorf("keeping what a picture shows: %w", err)
	}
	f, err := os.OpenFile(c.path(hash), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("keeping what a picture shows: %w", err)
	}
	err = c.add(f, record)
	return errors.Join(err, f.Close())
}

func (c *Cache) add(f *os.File, record []byte) error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return fmt.Errorf("%s: %w", f.Name(), fs.ErrInvalid)
	}
	end := st.Size() / int64(recordBytes) * int64(recordBytes) // a torn end is overwritten
	if end >= mostBucket {
		return nil
	}
	_, err = f.WriteAt(record, end)
	return err
}

func encodeRecord(hash []byte, l *Look) []byte {
	b := make([]byte, 0, recordBytes)
	b = append(b, hash...)
	var flags byte
	if l.Colour {
		flags |= flagColour
	}
	if l.Moving {
		flags |= flagMoving
	}
	b = append(b, cacheVersion, flags)
	for i := range l.views {
		v := &l.views[i]
		var most float32
		for _, p := range v.points {
			most = max(most, p, -p)
		}
		b = binary.LittleEndian.AppendUint64(b, v.hash)
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(most/127))
		for _, p := range v.points {
			if most > 0 {
				p = p / most * 127
			}
			b = append(b, byte(int8(math.Round(float64(p)))))
		}
	}
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

func decodeRecord(b []byte) (*Look, error) {
	body := b[:len(b)-4]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(b[len(b)-4:]) || body[32] != cacheVersion {
		return nil, errors.New("the record is damaged, or of another version")
	}
	l := &Look{Colour: body[33]&flagColour != 0, Moving: body[33]&flagMoving != 0}
	body = body[34:]
	for i := range l.views {
		v := &l.views[i]
		v.hash = binary.LittleEndian.Uint64(body)
		scale := math.Float32frombits(binary.LittleEndian.Uint32(body[8:]))
		var length float64
		for n := range v.points {
			p := float32(int8(body[12+n])) * scale
			v.points[n] = p
			length += float64(p) * float64(p)
		}
		if length = math.Sqrt(length); length > 0 && !math.IsInf(length, 0) && !math.IsNaN(length) { // rounding has changed it
			for n := range v.points {
				v.points[n] = float32(float64(v.points[n]) / length)
			}
		}
		body = body[viewBytes:]
	}
	return l, nil
}
