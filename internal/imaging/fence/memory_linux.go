package fence

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

const (
	leastInput = 1 << 20  // bytes of memory for the input at the beginning
	keepInput  = 16 << 20 // which are kept for the next job
)

// memory is what program and worker share: the output, then the input. It never gets smaller,
// for that would crash whoever looks at what is gone; the system is asked to hold it to that.
type memory struct {
	file  *os.File
	out   int
	in    int // bytes of the input that is there
	bytes []byte
}

// newMemory makes memory with room for so many bytes of output.
func newMemory(name string, output int) (*memory, error) {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate(name, flags|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3
		fd, err = unix.MemfdCreate(name, flags)
	}
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	m := &memory{file: os.NewFile(uintptr(fd), name), out: output}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_SEAL); err != nil {
		m.close()
		return nil, os.NewSyscallError("fcntl", err)
	}
	if err := m.fit(leastInput); err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

// fit makes room for so many bytes of input.
func (m *memory) fit(input int) error {
	m.in = input
	if m.out+input <= len(m.bytes) {
		return nil
	}
	const step = 1 << 20
	size := m.out + max(input+input/2+step-1, leastInput)/step*step
	if err := unix.Ftruncate(int(m.file.Fd()), int64(size)); err != nil {
		return os.NewSyscallError("ftruncate", err)
	}
	b, err := unix.Mmap(int(m.file.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return os.NewSyscallError("mmap", err)
	}
	if m.bytes != nil {
		_ = unix.Munmap(m.bytes)
	}
	m.bytes = b
	return nil
}

func (m *memory) output() []byte { return m.bytes[:m.out] }
func (m *memory) input() []byte  { return m.bytes[m.out : m.out+m.in] }

// shrink gives back what a large input took.
func (m *memory) shrink() {
	if m.in > keepInput {
		_ = unix.Madvise(m.bytes[m.out+keepInput:], unix.MADV_REMOVE)
	}
}

func (m *memory) close() {
	if m.bytes != nil {
		_ = unix.Munmap(m.bytes)
	}
	m.file.Close()
}
