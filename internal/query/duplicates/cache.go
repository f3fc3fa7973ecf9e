package duplicates

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// Cache keeps what pictures show in a folder that belongs to an index on this machine, by
// the content of their files: a file that changes has another content. It can be removed
// at any time, and what is damaged in it counts as not there.
//
// A file of the folder, a bucket, holds the contents that begin with the hex digits of its
// name, of which there are none to three: all.looks, a.looks, a3.looks, a3f.looks. One that
// has grown is split by the next digit, so that a small collection makes few files and none
// of a large one is long. A bucket is records of one size, little-endian:
//
//	0     32 bytes    SHA-256 of the picture's file
//	32    byte        version of this layout
//	33    byte        1: in colour, 2: moving
//	34    3 views     uint64 hash, float32 scale, 1024 int8 points
//	      uint32      CRC-32 (IEEE) of what came before
//
// It is safe for concurrent use by one process, and harmless by several: two that add to
// one bucket at once, or of which one splits it, may lose each other's records. A nil *Cache
// keeps nothing.
type Cache struct {
	dir    string
	adding sync.Mutex
}

const (
	cacheVersion = 1
	viewBytes    = 8 + 4 + lookSide*lookSide
	recordBytes  = 32 + 2 + len(zooms)*viewBytes + 4
	// deepest is how many digits the name of a bucket has at most.
	deepest = 3
	// splitAt is how many records a bucket has when it is split: few, because all their
	// contents are read to find one.
	splitAt = 64
	// mostBucket bounds a bucket that cannot be split: more is not added.
	mostBucket = 64 << 20
)

const (
	flagColour = 1 << iota
	flagMoving
)

// OpenCache returns the cache in a folder, which is made when something is first kept.
func OpenCache(dir string) *Cache { return &Cache{dir: dir} }

// bucket is the file of the contents that begin as one does, up to so many hex digits.
func (c *Cache) bucket(hash []byte, digits int) string {
	if digits == 0 {
		return filepath.Join(c.dir, "all.looks")
	}
	return filepath.Join(c.dir, hex.EncodeToString(hash[:2])[:digits]+".looks")
}

// Get returns what a picture with that content shows, if it is known.
func (c *Cache) Get(hash []byte) (*Look, bool) {
	if c == nil || len(hash) != 32 {
		return nil, false
	}
	for digits := deepest; digits >= 0; digits-- { // a split that was cut short leaves two
		if l, ok := lookIn(c.bucket(hash, digits), hash); ok {
			return l, true
		}
	}
	return nil, false
}

func lookIn(bucket string, hash []byte) (*Look, bool) {
	f, err := os.Open(bucket)
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
	if err := c.put(hash, record); err != nil {
		return fmt.Errorf("keeping what a picture shows: %w", err)
	}
	return nil
}

// put adds a record to the longest-named of its buckets that are there.
func (c *Cache) put(hash, record []byte) error {
	for digits := deepest; digits > 0; digits-- {
		f, err := os.OpenFile(c.bucket(hash, digits), os.O_RDWR, 0)
		if err == nil {
			return c.addAndClose(f, digits, record)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	const first = os.O_RDWR | os.O_CREATE
	f, err := os.OpenFile(c.bucket(hash, 0), first, 0o644)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(c.dir, 0o755); err == nil {
			f, err = os.OpenFile(c.bucket(hash, 0), first, 0o644)
		}
	}
	if err != nil {
		return err
	}
	return c.addAndClose(f, 0, record)
}

func (c *Cache) addAndClose(f *os.File, digits int, record []byte) error {
	err := c.add(f, digits, record)
	return errors.Join(err, f.Close())
}

func (c *Cache) add(f *os.File, digits int, record []byte) error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return fmt.Errorf("%s: %w", f.Name(), fs.ErrInvalid)
	}
	end := st.Size() / int64(recordBytes) * int64(recordBytes) // a torn end is overwritten
	switch {
	case digits < deepest && end >= splitAt*int64(recordBytes):
		return c.split(f, digits, end, record)
	case end >= mostBucket:
		return nil
	}
	_, err = f.WriteAt(record, end)
	return err
}

// split moves the records of a bucket, and another, into those with one digit more.
func (c *Cache) split(f *os.File, digits int, size int64, record []byte) error {
	size = min(size, 2*splitAt*int64(recordBytes)) // nothing of ours is longer
	records := make([]byte, size, size+int64(len(record)))
	if _, err := f.ReadAt(records, 0); err != nil {
		return err
	}
	children := make(map[string][]byte)
	for r := range slices.Chunk(append(records, record...), recordBytes) {
		name := c.bucket(r, digits+1)
		children[name] = append(children[name], r...)
	}
	for name, records := range children {
		child, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		if err != nil {
			return err
		}
		_, err = child.Write(records)
		if err := errors.Join(err, child.Close()); err != nil {
			return err
		}
	}
	return os.Remove(f.Name())
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
		scale := float32(0)
		if most > 0 {
			scale = 127 / most
		}
		b = binary.LittleEndian.AppendUint64(b, v.hash)
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(most/127))
		for _, p := range v.points {
			b = append(b, byte(roundInt8(p*scale)))
		}
	}
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

// roundInt8 rounds a number of at most 127 to the nearest whole one.
func roundInt8(x float32) int8 {
	if x < 0 {
		return int8(max(x-0.5, -127))
	}
	return int8(min(x+0.5, 127))
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
