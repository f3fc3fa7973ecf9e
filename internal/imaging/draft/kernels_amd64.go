package draft

import "golang.org/x/sys/cpu"

// Fast reports whether the processor has the instructions that make this package faster than
// libjpeg-turbo. Without them it gives the same pixels, a third slower.
func Fast() bool { return cpu.X86.HasBMI2 && cpu.X86.HasAVX2 }

//go:noescape
func readShortBMI2(r *bitReader, dc, ac *lookup, steps *steps, value *[128]int16, k uint32) uint32

func readShort(r *bitReader, dc, ac *lookup, steps *steps, value *[128]int16, k uint32) uint32 {
	if !Fast() {
		return readShortPlain(r, dc, ac, steps, value, k)
	}
	return readShortBMI2(r, dc, ac, steps, value, k)
}

//go:noescape
func twoAVX2(value *[128]int16, out, out2 *byte)

func two(value *[128]int16, out []byte, stride int) {
	if !Fast() {
		twoPlain(value, out, stride)
		return
	}
	twoAVX2(value, &out[:2][0], &out[stride : stride+2][0])
}

//go:noescape
func convertAVX2(out, light, blue, red *byte, n int)

func convert(out, light, blue, red []byte) {
	n := 0
	if Fast() && len(light) >= 16 {
		// Not the last two pixels, because it writes four bytes too many.
		n = (len(light) - 2) &^ 7
		_, _, _ = out[:3*len(light)], blue[:n], red[:n]
		convertAVX2(&out[0], &light[0], &blue[0], &red[0], n)
	}
	convertPlain(out[3*n:], light[n:], blue[n:], red[n:])
}
