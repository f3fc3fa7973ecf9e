package walk

import (
	"os"
	"syscall"
	"time"
)

// changeTime is when the system last changed anything about a file.
func changeTime(info os.FileInfo) time.Time {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return time.Unix(st.Ctimespec.Unix())
	}
	return time.Time{}
}
