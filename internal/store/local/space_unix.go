//go:build linux || darwin || freebsd

package local

import "golang.org/x/sys/unix"

// spaceOf returns how many bytes of the disk of a folder are free for this user, and how many
// there are.
func spaceOf(dir string) (free, size uint64, ok bool) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, 0, false
	}
	return uint64(st.Bavail) * uint64(st.Bsize), uint64(st.Blocks) * uint64(st.Bsize), true
}
