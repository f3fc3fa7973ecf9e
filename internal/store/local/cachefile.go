package local

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/store"
)

// cacheFile is a kind of file that repeats what the catalogue says in a form that is
// read in one go. It is written when an index is closed, replaced whole, and valid for
// one generation. A file that is missing, damaged, or of another index or generation is
// not used: what it would say is then read from the catalogue, which takes longer. The
// header, little-endian, is
//
//	0   8 bytes   magic
//	8   uint32    version of this layout
//	12  uint32    CRC-32 (IEEE) of the rest of the header and what the kind says
//	16  16 bytes  identity of the index
//	32  uint64    generation
//	40  uint64s   fields, which each kind has its own of
type cacheFile struct {
	name    string // in the index's folder
	magic   string // 8 bytes
	version uint32
	fields  int    // number of them
	what    string // what messages call it
}

// The caches of an index but for the codes, which are extended in place.
var (
	fileStateFile = cacheFile{name: "roster.bin", magic: "SIGHTROS", version: 2, fields: 0, what: "the file-state table"}
	attributeFile = cacheFile{name: "attributes.bin", magic: "SIGHTATT", version: 2, fields: 2, what: "the attributes for fast filters"}
	tagFile       = cacheFile{name: "tags.bin", magic: "SIGHTTAG", version: 1, fields: 4, what: "the rows of tags for fast filters"}
)

// cacheFiles lists them.
var cacheFiles = []cacheFile{fileStateFile, attributeFile, tagFile}

func (k cacheFile) path(s *Store) string { return filepath.Join(s.dir, k.name) }

// headSize is the size of the header.
func (k cacheFile) headSize() int { return 40 + 8*k.fields }

// head returns the header of a file. sealed is what the checksum covers behind it.
func (k cacheFile) head(h header, sealed []byte, fields ...int64) []byte {
	b := make([]byte, k.headSize())
	copy(b, k.magic)
	binary.LittleEndian.PutUint32(b[8:], k.version)
	copy(b[16:16+identitySize], h.identity)
	binary.LittleEndian.PutUint64(b[32:], uint64(h.generation))
	for i, n := range fields {
		binary.LittleEndian.PutUint64(b[40+8*i:], uint64(n))
	}
	binary.LittleEndian.PutUint32(b[12:], checksumOf(b, sealed))
	return b
}

func checksumOf(head, sealed []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE(head[16:]), crc32.IEEETable, sealed)
}

// decodeHead returns the fields of a header. It is an error if the file is not of the
// index and generation. Whether the checksum is right is for checkSeal to say.
func (k cacheFile) decodeHead(b []byte, want header) (fields []int64, err error) {
	if len(b) < k.headSize() {
		return nil, fmt.Errorf("%w: the header has %d of %d bytes", store.ErrDamaged, len(b), k.headSize())
	}
	if expected := k.head(want, nil); !bytes.Equal(b[:12], expected[:12]) || !bytes.Equal(b[16:40], expected[16:40]) {
		return nil, fmt.Errorf("%w: the file is not of this index, generation %d", store.ErrDamaged, want.generation)
	}
	fields = make([]int64, k.fields)
	for i := range fields {
		if fields[i] = int64(binary.LittleEndian.Uint64(b[40+8*i:])); fields[i] < 0 {
			return nil, fmt.Errorf("%w: the header is out of range", store.ErrDamaged)
		}
	}
	return fields, nil
}

// checkSeal checks the checksum of a header and of what it covers behind it.
func (k cacheFile) checkSeal(head, sealed []byte) error {
	if binary.LittleEndian.Uint32(head[12:]) != checksumOf(head[:k.headSize()], sealed) {
		return fmt.Errorf("%w: the checksum is wrong", store.ErrDamaged)
	}
	return nil
}

// decode returns the fields of a whole file, all of which the checksum covers, and what
// lies behind the header.
func (k cacheFile) decode(b []byte, want header) (fields []int64, body []byte, err error) {
	if fields, err = k.decodeHead(b, want); err != nil {
		return nil, nil, err
	}
	body = b[k.headSize():]
	return fields, body, k.checkSeal(b, body)
}

// read reads a whole file: see decode.
func (k cacheFile) read(s *Store, want header) (fields []int64, body []byte, err error) {
	b, err := os.ReadFile(k.path(s))
	if err != nil {
		return nil, nil, err
	}
	if fields, body, err = k.decode(b, want); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", k.path(s), err)
	}
	return fields, body, nil
}

// openCache is a cache file that was opened, with what its header says.
type openCache struct {
	*os.File
	head   []byte
	fields []int64
	size   int64 // of the file
}

// open opens a file of the index and generation.
func (k cacheFile) open(s *Store, want header) (*openCache, error) {
	f, err := os.Open(k.path(s))
	if err != nil {
		return nil, err
	}
	c := &openCache{File: f, head: make([]byte, k.headSize())}
	if err := c.readHead(k, want); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", k.path(s), err), f.Close())
	}
	return c, nil
}

func (c *openCache) readHead(k cacheFile, want header) error {
	info, err := c.Stat()
	if err != nil {
		return err
	}
	c.size = info.Size()
	n, err := c.ReadAt(c.head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	c.fields, err = k.decodeHead(c.head[:n], want)
	return err
}

// keep replaces a file by what write returns for the committed state, unless that is
// nil: then the file that is there will do. It is called with s.mu held. A failure costs
// only speed.
func (k cacheFile) keep(ctx context.Context, s *Store, write func(sn *snapshot, h header) (func(io.Writer) error, error)) {
	if err := k.tryKeep(ctx, s, write); err != nil {
		s.log.Warn(k.what+" could not be written", "index", s.dir, "error", err)
	}
}

func (k cacheFile) tryKeep(ctx context.Context, s *Store, write func(sn *snapshot, h header) (func(io.Writer) error, error)) error {
	sn, err := s.snapshot(ctx, catalogueOnly)
	if err != nil {
		return err
	}
	defer sn.release()
	if sn.rowCount < s.cachesFrom {
		return nil
	}
	content, err := write(sn, s.header(sn.generation))
	if err != nil || content == nil {
		return err
	}
	return atomicfile.Write(k.path(s), content)
}

// keepCaches brings the caches up to the committed state where they are behind by at
// least the given number of rows. It is called with s.mu held.
func (s *Store) keepCaches(ctx context.Context, behind int64) {
	s.extendCodes(ctx, behind)
	s.keepFileStates(ctx, behind)
	s.keepAttributes(ctx, behind)
	s.keepTags(ctx, behind)
}

// writeParts returns a function that writes the parts one after the other.
func writeParts(parts ...[]byte) func(io.Writer) error {
	return func(w io.Writer) error {
		for _, part := range parts {
			if _, err := w.Write(part); err != nil {
				return err
			}
		}
		return nil
	}
}
