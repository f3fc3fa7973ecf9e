// Package linear gives WebAssembly instances their memory: address space that is reserved
// whole, so that it never moves, and that takes none of the machine's memory until it is
// written to. An instance that asks for more than it may have is refused, and the memory goes
// back to the system as soon as the instance is done with it, which the garbage collector
// would do when it gets to it.
package linear

import (
	"context"

	"github.com/tetratelabs/wazero/experimental"
)

// Memory is the memory of one instance.
type Memory struct {
	bytes   []byte
	release func()
	refused bool
}

// Reserve takes address space of a number of bytes. The error is the system's, where it has
// none to give: wazero panics in that case, so that this comes before it asks.
func Reserve(bytes int) (*Memory, error) {
	b, release, err := reserve(bytes)
	if err != nil {
		return nil, err
	}
	return &Memory{bytes: b, release: release}, nil
}

// For returns a context in which an instance that is made gets this memory.
func (m *Memory) For(ctx context.Context) context.Context {
	return experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(
		func(_, _ uint64) experimental.LinearMemory { return m }))
}

// Refused reports whether the instance asked for more than there is.
func (m *Memory) Refused() bool { return m.refused }

// Reallocate implements experimental.LinearMemory. It returns nil where the instance asks
// for more than it may have.
func (m *Memory) Reallocate(size uint64) []byte {
	if size > uint64(len(m.bytes)) {
		m.refused = true
		return nil
	}
	return m.bytes[:size]
}

// Free implements experimental.LinearMemory, and may be repeated.
func (m *Memory) Free() {
	if m.release != nil {
		m.release()
	}
	m.bytes, m.release = nil, nil
}
