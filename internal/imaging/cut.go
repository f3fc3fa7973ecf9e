package imaging

import (
	"bytes"
	"errors"
	"fmt"
)

// paddings are put in the place of data that a file lacks, until two of them serve: bits
// that lead a decoder to different ends of whatever it reads. All zeros or ones are codes
// that mean nothing in some formats.
var paddings = []byte{0x00, 0xff, 0x55, 0xaa, 0x33, 0xcc, 0x2d, 0x96}

// mayLose is the share, as 1/n, of a picture that may be missing for it to be shown.
const mayLose = 5

// decodeCut shows what there is of a picture that lacks bytes at its end, in a format
// whose decoder would refuse it or make up the rest without a word. It is decoded with
// two ways of filling up the data: where both give the same pixel, it comes from the file,
// and the others are made grey. Rows must come in the order of the file. The error beside a picture says how much is missing.
//
// spare is how many bytes decoders may read of what was made up beyond the length that
// the data should have.
func decodeCut(data []byte, missing, spare int64, decode func(data []byte) (*RGB, error)) (*RGB, error) {
	if missing > int64(len(data))/(mayLose-1) {
		return nil, fmt.Errorf("the file is cut off: %d bytes are missing, which is more than a fifth", missing)
	}
	filled := append(bytes.Clone(data), make([]byte, missing+spare)...)
	var img, other *RGB
	for _, b := range paddings {
		for i := len(data); i < len(filled); i++ {
			filled[i] = b
		}
		made, _ := decode(filled) // what is wrong is known
		if made == nil {
			continue
		}
		if img != nil {
			other = made
			break
		}
		img = made
	}
	if other == nil {
		return nil, fmt.Errorf("the file is cut off: %d bytes are missing", missing)
	}
	if img.Width != other.Width || img.Height != other.Height {
		return nil, errors.New("the file is cut off")
	}
	lost := greyDifferent(img, other)
	err := fmt.Errorf("the file is cut off: %.1f %% of the picture is missing", 100*float64(lost)/float64(img.Width*img.Height))
	if lost > img.Width*img.Height/mayLose {
		return nil, err
	}
	return img, err
}

// greyDifferent makes pixels grey that are not the same in two pictures and returns how
// many those are. Below the first of them, rows of one colour are what a decoder left as
// it was when it gave up: they go too.
func greyDifferent(img, other *RGB) (lost int) {
	stride := 3 * img.Width
	grey := bytes.Repeat([]byte{128}, stride)
	for y := range img.Height {
		row, same := img.Pix[y*stride:][:stride], other.Pix[y*stride:][:stride]
		if lost > 0 && bytes.Equal(row[3:], row[:stride-3]) {
			copy(row, grey)
			lost += img.Width
			continue
		}
		for i := 0; i < stride; i += 3 {
			if !bytes.Equal(row[i:i+3], same[i:i+3]) {
				copy(row[i:i+3], grey)
				lost++
			}
		}
	}
	return lost
}
