package local

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sightline/sightline/internal/store"
)

// A vector file is a header of headerSize bytes followed by rows of dim
// little-endian float32 values. The header, in little-endian too:
//
//	0   8 bytes   magic
//	8   uint32    version of this layout
//	12  uint32    dim
//	16  uint64    generation
//	24  16 bytes  identity of the index, the same in the catalogue
//	40  uint32    CRC-32 (IEEE) of bytes 0 to 39
//
// The rest of the header is zero. It is a page long so that rows are aligned for
// vector instructions in a mapping.
const (
	headerSize    = 4096
	headerUsed    = 44
	vectorVersion = 1
	identitySize  = 16
	// maxDim is far above any embedding's and keeps sizes computed from a damaged
	// header or catalogue from overflowing.
	maxDim = 1 << 16

	vectorPrefix = "vectors-"
	vectorSuffix = ".f32"
)

const vectorMagic = "SIGHTVEC"

type header struct {
	dim        int
	generation int64
	identity   []byte
}

// encode returns the header of a vector file.
func (h header) encode() []byte { return h.page(vectorMagic, vectorVersion) }

// page returns a header that vector files and code files have in common: a page with
// fields from byte 40 on, and behind them the checksum of what is before it.
func (h header) page(magic string, version uint32, fields ...int64) []byte {
	b := make([]byte, headerSize)
	copy(b, magic)
	binary.LittleEndian.PutUint32(b[8:], version)
	binary.LittleEndian.PutUint32(b[12:], uint32(h.dim))
	binary.LittleEndian.PutUint64(b[16:], uint64(h.generation))
	copy(b[24:24+identitySize], h.identity)
	end := 40
	for _, n := range fields {
		binary.LittleEndian.PutUint64(b[end:], uint64(n))
		end += 8
	}
	binary.LittleEndian.PutUint32(b[end:], crc32.ChecksumIEEE(b[:end]))
	return b
}

// generationIn returns the generation in the name of a file, between a prefix and a
// suffix.
func generationIn(name, prefix, suffix string) (int64, bool) {
	digits, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return 0, false
	}
	if digits, ok = strings.CutSuffix(digits, suffix); !ok {
		return 0, false
	}
	g, err := strconv.ParseInt(digits, 10, 64)
	return g, err == nil
}

// decodeHeader reads what encode wrote.
func decodeHeader(b []byte) (header, error) {
	switch {
	case len(b) < headerSize:
		return header{}, fmt.Errorf("%w: the header has %d of %d bytes", store.ErrDamaged, len(b), headerSize)
	case !bytes.HasPrefix(b, []byte(vectorMagic)):
		return header{}, fmt.Errorf("%w: this is not a vector file", store.ErrDamaged)
	case binary.LittleEndian.Uint32(b[40:]) != crc32.ChecksumIEEE(b[:40]):
		return header{}, fmt.Errorf("%w: the header's checksum is wrong", store.ErrDamaged)
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v > vectorVersion {
		return header{}, fmt.Errorf("%w (vector file layout %d, this version reads up to %d)", store.ErrNewerFormat, v, vectorVersion)
	}
	h := header{
		dim:        int(binary.LittleEndian.Uint32(b[12:])),
		generation: int64(binary.LittleEndian.Uint64(b[16:])),
		identity:   bytes.Clone(b[24 : 24+identitySize]),
	}
	if h.dim < 1 || h.dim > maxDim || h.generation < 1 {
		return header{}, fmt.Errorf("%w: the header says %d dimensions, generation %d", store.ErrDamaged, h.dim, h.generation)
	}
	return h, nil
}

// readHeader reads the header at the start of f and compares it with what the
// catalogue expects.
func readHeader(f io.ReaderAt, want header) error {
	b := make([]byte, headerSize)
	n, err := f.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	h, err := decodeHeader(b[:n])
	if err != nil {
		return err
	}
	if h.dim != want.dim || h.generation != want.generation || !bytes.Equal(h.identity, want.identity) {
		return fmt.Errorf("%w: the vector file (%d dimensions, generation %d) does not belong to this catalogue "+
			"(%d dimensions, generation %d)", store.ErrDamaged, h.dim, h.generation, want.dim, want.generation)
	}
	return nil
}

// vectorOffset is where a row begins in the file; that of the row after the last is
// the length the file must have.
func vectorOffset(dim int, rowID int64) int64 {
	return headerSize + rowID*int64(dim)*4
}

func (s *Store) vectorPath(generation int64) string {
	return filepath.Join(s.dir, fmt.Sprintf("%s%06d%s", vectorPrefix, generation, vectorSuffix))
}

// vectorGeneration is the generation in the name of a vector file.
func vectorGeneration(name string) (int64, bool) {
	return generationIn(name, vectorPrefix, vectorSuffix)
}

func (s *Store) header(generation int64) header {
	return header{dim: s.model.Dim, generation: generation, identity: s.identity}
}

// vectorFile is a vector file open for writing.
type vectorFile struct {
	file
	generation int64
	dim        int
	buf        []byte
}

// createVectorFile makes an empty vector file, replacing what an interrupted attempt
// left under the name, and makes it durable.
func createVectorFile(fs fileSystem, path string, h header) (*vectorFile, error) {
	if err := checkOurs(path, vectorMagic); err != nil {
		return nil, err
	}
	f, err := fs.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return nil, err
	}
	sf := &vectorFile{file: f, generation: h.generation, dim: h.dim}
	if err := writeFull(f, h.encode(), 0); err != nil {
		return nil, errors.Join(fmt.Errorf("write the header of %s: %w", path, err), f.Close())
	}
	if err := errors.Join(f.Sync(), fs.SyncDir(filepath.Dir(path))); err != nil {
		return nil, errors.Join(fmt.Errorf("make %s durable: %w", path, err), f.Close())
	}
	return sf, nil
}

// checkOurs reports a file that does not begin with a magic number or is a link: it is not
// ours to replace. One that is missing, or that a crash left without its beginning, is.
func checkOurs(path, magic string) error {
	f, err := openRegular(path, os.O_RDONLY)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	defer f.Close()
	b := make([]byte, len(magic))
	n, err := f.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if b = bytes.TrimRight(b[:n], "\x00"); len(b) > 0 && string(b) != magic {
		return fmt.Errorf("%s is not a file of an index; it is left as it is", path)
	}
	return nil
}

// openVectorFile opens an existing vector file for writing.
func openVectorFile(fs fileSystem, path string, want header) (*vectorFile, error) {
	f, err := fs.OpenFile(path, os.O_RDWR)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", store.ErrDamaged, err)
	}
	if err != nil {
		return nil, err
	}
	if err := readHeader(f, want); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return &vectorFile{file: f, generation: want.generation, dim: want.dim}, nil
}

// put writes vectors into consecutive rows; they are durable after Sync.
func (f *vectorFile) put(rowID int64, vectors ...[]float32) error {
	f.buf = f.buf[:0]
	for _, v := range vectors {
		for _, x := range v {
			f.buf = binary.LittleEndian.AppendUint32(f.buf, math.Float32bits(x))
		}
	}
	return writeFull(f.file, f.buf, vectorOffset(f.dim, rowID))
}

func writeFull(w io.WriterAt, b []byte, off int64) error {
	n, err := w.WriteAt(b, off)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return err
}
