package png

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// file is what the chunks of a file say.
type file struct {
	palette      []byte // PLTE
	transparency []byte // tRNS
	data         [][]byte
	damage       error // of chunks that could be used or done without all the same
}

// readChunks goes through the chunks behind the header. As in libpng, a chunk that is
// not needed is passed over where its checksum is wrong; as in Pillow, the checksums of
// the picture's data do not count, since the data has one of its own.
func readChunks(data []byte) (f file) {
	note := func(format string, args ...any) {
		if f.damage == nil {
			f.damage = fmt.Errorf(format, args...)
		}
	}
	at := 33
	for ; len(data)-at >= 8; at += 12 {
		n := int64(binary.BigEndian.Uint32(data[at:]))
		name := string(data[at+4 : at+8])
		payload := data[at+8:]
		if n+4 > int64(len(payload)) { // the file ends in the chunk
			if name == "IDAT" && len(payload) > 0 {
				f.data = append(f.data, payload[:min(n, int64(len(payload)))])
			}
			note("the file ends in a chunk %q", name)
			return f
		}
		right := crc32.ChecksumIEEE(data[at+4:at+8+int(n)]) == binary.BigEndian.Uint32(payload[n:])
		if !right {
			note("wrong checksum of a chunk %q", name)
		}
		payload = payload[:n]
		switch name {
		case "IDAT":
			f.data = append(f.data, payload)
		case "PLTE":
			f.palette = payload
		case "tRNS":
			if right {
				f.transparency = payload
			}
		case "IEND":
			return f
		}
		at += int(n)
	}
	note("the file has no end")
	return f
}

// chunkReader gives the data of all IDAT chunks as one stream.
type chunkReader struct{ chunks [][]byte }

func (r *chunkReader) Read(out []byte) (int, error) {
	for len(r.chunks) > 0 {
		if len(r.chunks[0]) == 0 {
			r.chunks = r.chunks[1:]
			continue
		}
		n := copy(out, r.chunks[0])
		r.chunks[0] = r.chunks[0][n:]
		return n, nil
	}
	return 0, io.EOF
}

var errEnds = errors.New("the data ends too early")
