//go:build !amd64

package draft

// Fast reports whether the processor has the instructions that make this package faster than
// libjpeg-turbo. Without them it gives the same pixels, a third slower.
func Fast() bool { return false }

func readShort(r *bitReader, dc, ac *lookup, steps *steps, value *[128]int16, k uint32) uint32 {
	return readShortPlain(r, dc, ac, steps, value, k)
}

func two(value *[128]int16, out []byte, stride int) { twoPlain(value, out, stride) }

func convert(out, light, blue, red []byte) { convertPlain(out, light, blue, red) }
