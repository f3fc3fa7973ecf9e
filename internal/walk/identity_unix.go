//go:build unix

package walk

import (
	"io/fs"
	"syscall"
)

func identityOf(info fs.FileInfo, path string) identity {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || st.Ino == 0 {
		return identityByPath(path)
	}
	// The widths and signs of both fields differ between systems.
	return identity{dev: uint64(st.Dev), ino: uint64(st.Ino)}
}
