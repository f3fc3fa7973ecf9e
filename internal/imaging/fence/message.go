package fence

import (
	"encoding/binary"
	"fmt"
)

// The messages, in the machine's own byte order. jpeg_worker_linux.c has them as structs.
const (
	headerSize  = 24
	requestSize = 128
	answerSize  = 256

	// What a program says.
	sayJob  = 1 // decode what is in the memory
	sayGoOn = 2 // the part has been taken

	// What a worker says.
	hearReady = 1
	hearPart  = 2 // the memory is full of output, and there is more
	hearDone  = 3
)

// request is what goes to a worker.
type request struct {
	kind, seconds uint32
	input, output uint64 // sizes of the parts of the memory
	params        []byte
}

// put writes a request into a message.
func (r request) put(b *[requestSize]byte) {
	clear(b[:])
	binary.NativeEndian.PutUint32(b[0:], r.kind)
	binary.NativeEndian.PutUint32(b[4:], r.seconds)
	binary.NativeEndian.PutUint64(b[8:], r.input)
	binary.NativeEndian.PutUint64(b[16:], r.output)
	copy(b[headerSize:], r.params)
}

// answer is what comes from a worker.
type answer struct {
	kind        uint32
	walls       Walls
	output      uint64 // bytes that are in the memory
	nanoseconds uint64 // of processor time that the worker has had, in all
	result      []byte
}

// parseAnswer reads a message. What a worker says is not believed: it may be in the hands of the file.
func parseAnswer(b []byte, most int) (answer, error) {
	if len(b) != answerSize {
		return answer{}, fmt.Errorf("an answer of %d bytes", len(b))
	}
	a := answer{
		kind:        binary.NativeEndian.Uint32(b[0:]),
		walls:       Walls(binary.NativeEndian.Uint32(b[4:])),
		output:      binary.NativeEndian.Uint64(b[8:]),
		nanoseconds: binary.NativeEndian.Uint64(b[16:]),
		result:      b[headerSize:],
	}
	if a.kind < hearReady || a.kind > hearDone || a.output > uint64(most) {
		return answer{}, fmt.Errorf("an answer of kind %d with %d bytes", a.kind, a.output)
	}
	return a, nil
}
