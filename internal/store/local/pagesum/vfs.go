package pagesum

import (
	"fmt"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// The functions of this file are called by SQLite, with addresses in memory that is its own
// and that Go does not move. Their signatures are those of sqlite3_vfs and
// sqlite3_io_methods.

// openFile is what SQLite knows as an open file of ours. The file of the usual VFS lies
// behind it.
type openFile struct {
	base     sqlite3.Tsqlite3_file
	name     uintptr // as SQLite gave it, which lasts as long as the file is open
	pageSize int32
	sums     int32 // 1 where pages have checksums
	main     int32 // 1 for a database, 0 for its journals
	_        int32 // what lies behind is aligned to 8 bytes
}

const openFileSize = unsafe.Sizeof(openFile{})

// at is the value at an address of SQLite's.
func at[T any](p uintptr) *T { return *(**T)(unsafe.Pointer(&p)) }

// function is the Go function behind a pointer to a function of SQLite's.
func function[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&struct{ uintptr }{p})) }

func bytesAt(p uintptr, n int32) []byte { return unsafe.Slice(at[byte](p), int(n)) }

func under(file uintptr) uintptr { return file + openFileSize }

func methodsUnder(file uintptr) *sqlite3.Tsqlite3_io_methods {
	return at[sqlite3.Tsqlite3_io_methods](at[sqlite3.Tsqlite3_file](under(file)).FpMethods)
}

// registered is what belongs to one VFS of ours; its address is that VFS's pAppData.
type registered struct {
	usual   uintptr // sqlite3_vfs
	methods uintptr // sqlite3_io_methods
}

// register adds a VFS over the usual one.
func register(name string) error {
	tls := libc.NewTLS()
	defer tls.Close()
	usual := sqlite3.Xsqlite3_vfs_find(tls, 0)
	if usual == 0 {
		return fmt.Errorf("pagesum: SQLite has no VFS on this system")
	}
	cname, err := libc.CString(name)
	if err != nil {
		return err
	}
	// All three stay for the life of the process.
	own := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(registered{})))
	methods := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(sqlite3.Tsqlite3_io_methods{})))
	vfs := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(sqlite3.Tsqlite3_vfs{})))
	if own == 0 || methods == 0 || vfs == 0 {
		return fmt.Errorf("pagesum: out of memory")
	}
	*at[registered](own) = registered{usual: usual, methods: methods}
	setMethods(at[sqlite3.Tsqlite3_io_methods](methods))
	v := at[sqlite3.Tsqlite3_vfs](vfs)
	*v = *at[sqlite3.Tsqlite3_vfs](usual) // what is not replaced takes no file and no VFS
	v.FszOsFile += int32(openFileSize)
	v.FpNext, v.FzName, v.FpAppData = 0, cname, own
	set(&v.FxOpen, open)
	set(&v.FxDelete, remove)
	set(&v.FxAccess, access)
	set(&v.FxFullPathname, fullPathname)
	if rc := sqlite3.Xsqlite3_vfs_register(tls, vfs, 0); rc != sqlite3.SQLITE_OK {
		return fmt.Errorf("pagesum: SQLite takes no VFS: code %d", rc)
	}
	return nil
}

// set stores a Go function where SQLite looks for a pointer to one.
func set[F any](field *uintptr, f F) { *(*F)(unsafe.Pointer(field)) = f }

func setMethods(m *sqlite3.Tsqlite3_io_methods) {
	// Version 2 has shared memory, for the log, and no mappings, which would be read past us.
	*m = sqlite3.Tsqlite3_io_methods{FiVersion: 2}
	set(&m.FxClose, closeFile)
	set(&m.FxRead, read)
	set(&m.FxWrite, write)
	set(&m.FxTruncate, truncate)
	set(&m.FxSync, syncFile)
	set(&m.FxFileSize, fileSize)
	set(&m.FxLock, lock)
	set(&m.FxUnlock, unlock)
	set(&m.FxCheckReservedLock, checkReservedLock)
	set(&m.FxFileControl, fileControl)
	set(&m.FxSectorSize, sectorSize)
	set(&m.FxDeviceCharacteristics, deviceCharacteristics)
	set(&m.FxShmMap, shmMap)
	set(&m.FxShmLock, shmLock)
	set(&m.FxShmBarrier, shmBarrier)
	set(&m.FxShmUnmap, shmUnmap)
}

func ownOf(vfs uintptr) *registered {
	return at[registered](at[sqlite3.Tsqlite3_vfs](vfs).FpAppData)
}

func open(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32 {
	own := ownOf(vfs)
	usual := function[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](at[sqlite3.Tsqlite3_vfs](own.usual).FxOpen)
	if flags&sqlite3.SQLITE_OPEN_MAIN_DB == 0 && !isInjected() {
		return usual(tls, own.usual, name, file, flags, outFlags)
	}
	if rc := fault(Open, name, 0, 0); rc != sqlite3.SQLITE_OK {
		at[sqlite3.Tsqlite3_file](file).FpMethods = 0
		return rc
	}
	*at[openFile](file) = openFile{name: name}
	rc := usual(tls, own.usual, name, under(file), flags, outFlags)
	if rc != sqlite3.SQLITE_OK {
		return rc
	}
	f := at[openFile](file)
	f.base.FpMethods = own.methods
	if flags&sqlite3.SQLITE_OPEN_MAIN_DB == 0 {
		return rc
	}
	f.main = 1
	buf := tls.Alloc(HeaderSize)
	defer tls.Free(HeaderSize)
	if readUnder(tls, file, buf, HeaderSize, 0) == sqlite3.SQLITE_OK {
		f.learn(bytesAt(buf, HeaderSize))
	}
	return rc
}

// learn takes what the header of a database says.
func (f *openFile) learn(b []byte) {
	h, ok := ReadHeader(b)
	if !ok {
		return
	}
	f.pageSize, f.sums = int32(h.PageSize), 0
	if h.Sums {
		f.sums = 1
	}
}

func readUnder(tls *libc.TLS, file, buf uintptr, n int32, off int64) int32 {
	return function[func(*libc.TLS, uintptr, uintptr, int32, sqlite3.Tsqlite3_int64) int32](methodsUnder(file).FxRead)(tls, under(file), buf, n, off)
}

func read(tls *libc.TLS, file, buf uintptr, n int32, off sqlite3.Tsqlite3_int64) int32 {
	f := at[openFile](file)
	if rc := fault(Read, f.name, off, n); rc != sqlite3.SQLITE_OK {
		return rc
	}
	rc := readUnder(tls, file, buf, n, off)
	if rc != sqlite3.SQLITE_OK || f.main == 0 || n < 512 {
		return rc // shorter reads are of the header, which is read again with its page
	}
	page := bytesAt(buf, n)
	if off == 0 {
		if h, ok := ReadHeader(page); ok && h.Sums { // switched on while the file is open
			f.sums, f.pageSize = 1, int32(h.PageSize)
		}
	}
	if f.sums == 0 {
		return rc
	}
	if n != f.pageSize || off%int64(n) != 0 || !IsWhole(page, off/int64(n)+1) {
		return sqlite3.SQLITE_IOERR_DATA
	}
	return rc
}

func write(tls *libc.TLS, file, buf uintptr, n int32, off sqlite3.Tsqlite3_int64) int32 {
	f := at[openFile](file)
	if f.main != 0 {
		page := bytesAt(buf, n)
		if off == 0 && n >= 512 {
			f.learn(page)
		}
		if f.sums != 0 && n == f.pageSize && off%int64(n) == 0 {
			Seal(page, off/int64(n)+1)
		}
	}
	usual := function[func(*libc.TLS, uintptr, uintptr, int32, sqlite3.Tsqlite3_int64) int32](methodsUnder(file).FxWrite)
	if rc, part := faultyWrite(f.name, off, n); rc != sqlite3.SQLITE_OK {
		if part > 0 {
			usual(tls, under(file), buf, part, off)
		}
		return rc
	}
	return usual(tls, under(file), buf, n, off)
}

// deviceCharacteristics leaves out reads of parts of pages, which could not be checked.
func deviceCharacteristics(tls *libc.TLS, file uintptr) int32 {
	got := function[func(*libc.TLS, uintptr) int32](methodsUnder(file).FxDeviceCharacteristics)(tls, under(file))
	return got &^ sqlite3.SQLITE_IOCAP_SUBPAGE_READ
}

// reserveEntry is the function that SQLite calls for each new connection: it asks for the
// reserved bytes, which new databases get, and others with a VACUUM.
func reserveEntry() (entry uintptr) {
	set(&entry, reserve)
	return entry
}

func reserve(tls *libc.TLS, db, _, _ uintptr) int32 {
	p := tls.Alloc(16)
	defer tls.Free(16)
	*at[uintptr](p) = 0
	rc := sqlite3.Xsqlite3_file_control(tls, db, 0, sqlite3.SQLITE_FCNTL_VFS_POINTER, p)
	vfs := *at[uintptr](p)
	if rc != sqlite3.SQLITE_OK || vfs == 0 || *at[uintptr](uintptr(unsafe.Pointer(&at[sqlite3.Tsqlite3_vfs](vfs).FxOpen))) != openEntry() {
		return sqlite3.SQLITE_OK // another program's
	}
	*at[int32](p) = Reserved
	return sqlite3.Xsqlite3_file_control(tls, db, 0, sqlite3.SQLITE_FCNTL_RESERVE_BYTES, p)
}

// openEntry is the pointer by which a VFS of ours is recognised.
func openEntry() (entry uintptr) {
	set(&entry, open)
	return entry
}
