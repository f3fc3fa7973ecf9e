// Package pagesum gives each page of a SQLite database a checksum. It is a VFS (SQLite's
// layer of the operating system) that lies over the usual one, after the example of SQLite's
// own cksumvfs, from which it differs in the checksum itself.
//
// A database with checksums keeps the last Reserved bytes of each page free, as byte 20 of
// its header says. They hold CRC-32C of the number of the page and of all bytes before them,
// little-endian: the number, so that a page in the place of another is found too. Any
// program that knows SQLite reads such a database; one that writes it leaves pages whose
// checksums are wrong.
//
// A checksum is written when a page is written into the database file, and compared when the
// page is read from it. Frames of the write-ahead log have checksums of SQLite's own, and
// get ours when they are folded in. A page that is damaged gives SQLITE_IOERR_DATA.
//
// A database without the reserved bytes is read and written as ever. Its checksums begin
// with the next VACUUM, since a connection that may write asks for the reserved bytes.
package pagesum

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"sync"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// Name is the name of the VFS, for the parameter vfs of a database's URI.
const Name = "sightline-pagesum"

// Reserved is how many bytes at the end of a page a checksum takes, and what byte 20 of the
// header of a database with checksums says.
const Reserved = 4

// Register makes the VFS known to SQLite, once for the process.
func Register() error { return registerOnce() }

var registerOnce = sync.OnceValue(func() error {
	if err := register(Name); err != nil {
		return err
	}
	tls := libc.NewTLS()
	defer tls.Close()
	if rc := sqlite3.Xsqlite3_auto_extension(tls, reserveEntry()); rc != sqlite3.SQLITE_OK {
		return fmt.Errorf("pagesum: SQLite does not call us for new connections: code %d", rc)
	}
	return nil
})

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Sum returns the checksum of a page, whose bytes are all of it and whose number begins
// at 1.
func Sum(page []byte, number int64) uint32 {
	var n [8]byte
	binary.LittleEndian.PutUint64(n[:], uint64(number))
	return crc32.Update(crc32.Checksum(n[:], castagnoli), castagnoli, page[:len(page)-Reserved])
}

// IsWhole reports whether a page has the checksum that belongs to it.
func IsWhole(page []byte, number int64) bool {
	return binary.LittleEndian.Uint32(page[len(page)-Reserved:]) == Sum(page, number)
}

// Seal writes the checksum of a page into it.
func Seal(page []byte, number int64) {
	binary.LittleEndian.PutUint32(page[len(page)-Reserved:], Sum(page, number))
}

// A Header is what the first bytes of a database say.
type Header struct {
	PageSize int  // bytes
	Sums     bool // whether its pages have checksums
}

// HeaderSize is the length of a database's header.
const HeaderSize = 100

// firstFormat is the user_version from which on a database of ours has checksums, so that a
// damaged byte 20 does not switch them off.
const firstFormat = 3

// ReadHeader reads the header of a database; ok is false where there is none.
func ReadHeader(b []byte) (h Header, ok bool) {
	const magic = "SQLite format 3\x00"
	if len(b) < HeaderSize || string(b[:len(magic)]) != magic {
		return h, false
	}
	h.PageSize = int(binary.BigEndian.Uint16(b[16:]))
	if h.PageSize == 1 {
		h.PageSize = 1 << 16
	}
	if h.PageSize < 512 || h.PageSize&(h.PageSize-1) != 0 {
		return h, false
	}
	h.Sums = b[20] == Reserved || binary.BigEndian.Uint32(b[60:]) >= firstFormat
	return h, true
}
