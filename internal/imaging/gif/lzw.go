package gif

import (
	"errors"
	"fmt"
	"io"
)

const (
	widest  = 12 // bits of a code
	entries = 1 << widest
)

// codeReader undoes the compression, LZW. Unlike compress/lzw it also takes the code sizes that
// no encoder should write, and some do: 1 bit, and more than 8.
type codeReader struct {
	blocks blockReader
	bits   uint32
	have   uint

	literal uint // bits of an index
	width   uint // bits of the next code
	next    int  // the entry that is made next
	last    int  // the code before; -1 after a clear
	first   byte // the first index of what it stands for

	prefix [entries]uint16 // of an entry: the entry that it continues,
	suffix [entries]byte   // and with which index
	buffer [entries]byte   // what the last code stands for ends here,
	from   int             // and what has not been handed out begins here
}

func newCodeReader(data []byte, literal int) *codeReader {
	z := &codeReader{blocks: blockReader{rest: data}, literal: uint(literal), from: entries}
	z.reset()
	return z
}

func (z *codeReader) reset() {
	z.width, z.next, z.last = z.literal+1, 1<<z.literal+2, -1
}

// read fills out with indices.
func (z *codeReader) read(out []byte) error {
	for {
		n := copy(out, z.buffer[z.from:])
		z.from, out = z.from+n, out[n:]
		if len(out) == 0 {
			return nil
		}
		if err := z.code(); err != nil {
			return err
		}
	}
}

// code reads a code and puts what it stands for into the buffer.
func (z *codeReader) code() error {
	for z.have < z.width {
		b, err := z.blocks.ReadByte()
		if err != nil {
			return io.ErrUnexpectedEOF
		}
		z.bits |= uint32(b) << z.have
		z.have += 8
	}
	code := int(z.bits & (1<<z.width - 1))
	z.bits, z.have = z.bits>>z.width, z.have-z.width
	clearCode := 1 << z.literal
	switch {
	case code == clearCode:
		z.reset()
		return nil
	case code == clearCode+1:
		return errors.New("the codes end too early")
	case z.last < 0 && code > clearCode, code > z.next:
		return fmt.Errorf("code %d of %d", code, z.next)
	}
	z.from = entries
	at := code
	if code == z.next { // stands for what the last one does, and its first index again
		z.push(z.first)
		at = z.last
	}
	for ; at >= clearCode && z.from > 1; at = int(z.prefix[at]) {
		z.push(z.suffix[at])
	}
	z.first = byte(at)
	z.push(z.first)
	if z.last >= 0 && z.next < entries {
		z.prefix[z.next], z.suffix[z.next] = uint16(z.last), z.first
		z.next++
		if z.next == 1<<z.width && z.width < widest {
			z.width++
		}
	}
	z.last = code
	return nil
}

func (z *codeReader) push(index byte) {
	z.from--
	z.buffer[z.from] = index
}
