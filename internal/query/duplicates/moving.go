package duplicates

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
)

// mostBlocks bounds the blocks of a file that are looked at for a second frame.
const mostBlocks = 100_000

// IsMoving reports whether a picture file has several frames that are shown one after the
// other: GIF, WebP, PNG and AVIF can. What is no sound file of these is still.
func IsMoving(r io.Reader) bool {
	head := make([]byte, 64)
	n, _ := io.ReadFull(r, head)
	head = head[:n]
	whole := func() *bufio.Reader { return bufio.NewReader(io.MultiReader(bytes.NewReader(head), r)) }
	switch {
	case bytes.HasPrefix(head, []byte("GIF8")):
		return movingGIF(whole())
	case len(head) > 20 && string(head[:4]) == "RIFF" && string(head[8:16]) == "WEBPVP8X":
		return head[20]&2 != 0 // flag A of the extended format
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		return movingPNG(whole())
	case len(head) >= 16 && string(head[4:8]) == "ftyp":
		brands := head[8:min(len(head), max(16, int(min(binary.BigEndian.Uint32(head), 64))))]
		return bytes.Contains(brands, []byte("avis"))
	}
	return false
}

// movingPNG looks for the chunk acTL, which stands before the pixels.
func movingPNG(b *bufio.Reader) bool {
	_, err := b.Discard(8)
	for range mostBlocks {
		var head [8]byte
		if err == nil {
			_, err = io.ReadFull(b, head[:])
		}
		if err != nil {
			return false
		}
		switch string(head[4:]) {
		case "acTL":
			return true
		case "IDAT", "IEND":
			return false
		}
		size := binary.BigEndian.Uint32(head[:4])
		if size > 1<<31-5 {
			return false
		}
		_, err = b.Discard(int(size) + 4)
	}
	return false
}

// movingGIF counts image descriptors, up to two.
func movingGIF(b *bufio.Reader) bool {
	var head [13]byte
	if _, err := io.ReadFull(b, head[:]); err != nil {
		return false
	}
	if head[10]&0x80 != 0 { // the colours of all frames
		if _, err := b.Discard(3 << (head[10]&7 + 1)); err != nil {
			return false
		}
	}
	frames, blocks := 0, 0
	skip := func() bool { // sub-blocks, to the empty one
		for ; blocks < mostBlocks; blocks++ {
			n, err := b.ReadByte()
			if err != nil || n == 0 {
				return err == nil
			}
			if _, err := b.Discard(int(n)); err != nil {
				return false
			}
		}
		return false
	}
	for ; blocks < mostBlocks; blocks++ {
		kind, err := b.ReadByte()
		if err != nil {
			return false
		}
		switch kind {
		case 0x21: // an extension
			if _, err := b.Discard(1); err != nil || !skip() {
				return false
			}
		case 0x2c: // a frame
			if frames++; frames == 2 {
				return true
			}
			var d [9]byte
			if _, err := io.ReadFull(b, d[:]); err != nil {
				return false
			}
			colours := 0
			if d[8]&0x80 != 0 {
				colours = 3 << (d[8]&7 + 1)
			}
			if _, err := b.Discard(colours + 1); err != nil || !skip() {
				return false
			}
		default:
			return false
		}
	}
	return false
}
