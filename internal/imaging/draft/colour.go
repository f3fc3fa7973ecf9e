package draft

// Factors of libjpeg's conversion (jdcolor.c), fixed-point numbers of 16 bits.
const (
	crToRed   = 91881  // 1.40200
	cbToBlue  = 116130 // 1.77200
	crToGreen = 46802  // 0.71414
	cbToGreen = 22554  // 0.34414
)

// convertRow writes row y of the samples at hand as RGB.
func (d *decoder) convertRow(out []byte, y int) {
	first := &d.components[0]
	light := first.rows[y*first.stride:][:len(out)/3]
	if len(d.components) == 1 {
		for i, v := range light {
			o := out[3*i : 3*i+3]
			o[0], o[1], o[2] = v, v, v
		}
		return
	}
	convert(out, light, d.colourRow(1, y, len(light)), d.colourRow(2, y, len(light)))
}

// convertPlain writes a row of Y, Cb and Cr as RGB.
func convertPlain(out, light, blue, red []byte) {
	blue, red = blue[:len(light)], red[:len(light)]
	for i, v := range light {
		cb, cr := int32(blue[i])-128, int32(red[i])-128
		v := int32(v) - 128 // which clip adds
		o := out[3*i : 3*i+3]
		o[0] = clip(v + (crToRed*cr+1<<15)>>16)
		o[1] = clip(v + (1<<15-cbToGreen*cb-crToGreen*cr)>>16)
		o[2] = clip(v + (cbToBlue*cb+1<<15)>>16)
	}
}

// colourRow returns row y of component i, enlarged if it has half the samples.
func (d *decoder) colourRow(i, y, width int) []byte {
	c := &d.components[i]
	row := c.rows[y*c.stride:][:c.stride]
	if c.h*c.side == d.mcuWidth {
		return row[:width]
	}
	// How many of its samples belong to the picture.
	have := (d.width*c.side + 15) / 16
	d.wide[i] = append(d.wide[i][:0], make([]byte, 2*have)...)
	enlarge(d.wide[i], row[:have], c.side > 1)
	return d.wide[i][:width]
}

// enlarge doubles a row: smooth takes three quarters of the nearer sample and one of the farther
// (h2v1_fancy_upsample in jdsample.c, which wants more than two samples), else each is repeated.
func enlarge(out, in []byte, smooth bool) {
	if !smooth || len(in) <= 2 {
		for i, v := range in {
			out[2*i], out[2*i+1] = v, v
		}
		return
	}
	last := len(in) - 1
	for i, v := range in {
		before, after := in[max(i-1, 0)], in[min(i+1, last)]
		// At the ends the neighbour is the sample itself, which both roundings leave as it is.
		out[2*i] = byte((3*int(v) + int(before) + 1) >> 2)
		out[2*i+1] = byte((3*int(v) + int(after) + 2) >> 2)
	}
}
