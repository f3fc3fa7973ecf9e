package imaging

// turnsSideways reports whether an EXIF orientation swaps width and height.
func turnsSideways(orientation int) bool { return orientation >= 5 && orientation <= 8 }

// orient returns the picture as it is to be looked at. Orientation is the EXIF
// value: the stored picture's first row and column are the upright picture's
//
//	1 top left      2 top right     3 bottom right  4 bottom left
//	5 left top      6 right top     7 right bottom  8 left bottom
//
// Any other value leaves the picture as it is.
func orient(src *RGB, orientation int) *RGB {
	w, h := src.Width, src.Height
	switch orientation {
	case 2, 3, 4:
		dst := NewRGB(w, h)
		for y := range h {
			row := src.Pix[3*w*y : 3*w*(y+1)]
			if orientation != 2 {
				y = h - 1 - y
			}
			out := dst.Pix[3*w*y : 3*w*(y+1)]
			if orientation == 4 {
				copy(out, row)
			} else {
				reverse(out, row)
			}
		}
		return dst
	case 5, 6, 7, 8:
		dst := NewRGB(h, w)
		// The stored (x, y) lands on column cx of row ry; both are linear in y and x.
		transpose(dst, src, orientation == 6 || orientation == 7, orientation == 7 || orientation == 8)
		return dst
	}
	return src
}

// reverse writes the pixels of row into out from last to first.
func reverse(out, row []byte) {
	for i, j := 0, len(row)-3; j >= 0; i, j = i+3, j-3 {
		out[i], out[i+1], out[i+2] = row[j], row[j+1], row[j+2]
	}
}

// transpose turns rows into columns; flipX then mirrors left and right, flipY top
// and bottom. It works in square tiles, so that a large picture does not miss the
// cache at every pixel.
func transpose(dst, src *RGB, flipX, flipY bool) {
	const tile = 32
	w, h := src.Width, src.Height
	for y0 := 0; y0 < h; y0 += tile {
		for x0 := 0; x0 < w; x0 += tile {
			for x := x0; x < min(x0+tile, w); x++ {
				outY := x
				if flipY {
					outY = w - 1 - x
				}
				for y := y0; y < min(y0+tile, h); y++ {
					outX := y
					if flipX {
						outX = h - 1 - y
					}
					from := src.Pix[3*(y*w+x):][:3]
					to := dst.Pix[3*(outY*h+outX):][:3]
					to[0], to[1], to[2] = from[0], from[1], from[2]
				}
			}
		}
	}
}
