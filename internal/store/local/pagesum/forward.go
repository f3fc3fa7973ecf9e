package pagesum

import (
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// What is handed to the usual VFS as it is.

func closeFile(tls *libc.TLS, file uintptr) int32 {
	return function[func(*libc.TLS, uintptr) int32](methodsUnder(file).FxClose)(tls, under(file))
}

func truncate(tls *libc.TLS, file uintptr, size sqlite3.Tsqlite3_int64) int32 {
	f := at[openFile](file)
	if rc := fault(Truncate, f.name, size, 0); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return function[func(*libc.TLS, uintptr, sqlite3.Tsqlite3_int64) int32](methodsUnder(file).FxTruncate)(tls, under(file), size)
}

func syncFile(tls *libc.TLS, file uintptr, flags int32) int32 {
	f := at[openFile](file)
	if rc := fault(Sync, f.name, 0, 0); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return function[func(*libc.TLS, uintptr, int32) int32](methodsUnder(file).FxSync)(tls, under(file), flags)
}

func fileSize(tls *libc.TLS, file, size uintptr) int32 {
	return function[func(*libc.TLS, uintptr, uintptr) int32](methodsUnder(file).FxFileSize)(tls, under(file), size)
}

func lock(tls *libc.TLS, file uintptr, level int32) int32 {
	return function[func(*libc.TLS, uintptr, int32) int32](methodsUnder(file).FxLock)(tls, under(file), level)
}

func unlock(tls *libc.TLS, file uintptr, level int32) int32 {
	return function[func(*libc.TLS, uintptr, int32) int32](methodsUnder(file).FxUnlock)(tls, under(file), level)
}

func checkReservedLock(tls *libc.TLS, file, out uintptr) int32 {
	return function[func(*libc.TLS, uintptr, uintptr) int32](methodsUnder(file).FxCheckReservedLock)(tls, under(file), out)
}

func fileControl(tls *libc.TLS, file uintptr, op int32, arg uintptr) int32 {
	return function[func(*libc.TLS, uintptr, int32, uintptr) int32](methodsUnder(file).FxFileControl)(tls, under(file), op, arg)
}

func sectorSize(tls *libc.TLS, file uintptr) int32 {
	return function[func(*libc.TLS, uintptr) int32](methodsUnder(file).FxSectorSize)(tls, under(file))
}

func shmMap(tls *libc.TLS, file uintptr, page, pageSize, extend int32, out uintptr) int32 {
	return function[func(*libc.TLS, uintptr, int32, int32, int32, uintptr) int32](methodsUnder(file).FxShmMap)(tls, under(file), page, pageSize, extend, out)
}

func shmLock(tls *libc.TLS, file uintptr, offset, n, flags int32) int32 {
	return function[func(*libc.TLS, uintptr, int32, int32, int32) int32](methodsUnder(file).FxShmLock)(tls, under(file), offset, n, flags)
}

func shmBarrier(tls *libc.TLS, file uintptr) {
	function[func(*libc.TLS, uintptr)](methodsUnder(file).FxShmBarrier)(tls, under(file))
}

func shmUnmap(tls *libc.TLS, file uintptr, deleteFlag int32) int32 {
	return function[func(*libc.TLS, uintptr, int32) int32](methodsUnder(file).FxShmUnmap)(tls, under(file), deleteFlag)
}

func remove(tls *libc.TLS, vfs, name uintptr, syncDir int32) int32 {
	own := ownOf(vfs)
	if rc := fault(Remove, name, 0, 0); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return function[func(*libc.TLS, uintptr, uintptr, int32) int32](at[sqlite3.Tsqlite3_vfs](own.usual).FxDelete)(tls, own.usual, name, syncDir)
}

func access(tls *libc.TLS, vfs, name uintptr, flags int32, out uintptr) int32 {
	usual := ownOf(vfs).usual
	return function[func(*libc.TLS, uintptr, uintptr, int32, uintptr) int32](at[sqlite3.Tsqlite3_vfs](usual).FxAccess)(tls, usual, name, flags, out)
}

func fullPathname(tls *libc.TLS, vfs, name uintptr, n int32, out uintptr) int32 {
	usual := ownOf(vfs).usual
	return function[func(*libc.TLS, uintptr, uintptr, int32, uintptr) int32](at[sqlite3.Tsqlite3_vfs](usual).FxFullPathname)(tls, usual, name, n, out)
}
