//go:build unix

package linear

import "golang.org/x/sys/unix"

// reserve maps memory that takes none of the machine's until it is written to.
func reserve(n int) (b []byte, release func(), err error) {
	b, err = unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, nil, err
	}
	return b, func() { _ = unix.Munmap(b) }, nil
}
