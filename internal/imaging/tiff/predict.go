package tiff

import (
	"encoding/binary"
)

// predictedRows undoes a predictor row by row.
type predictedRows struct {
	source rowSource
	undo   func(row []byte)
}

func (p *predictedRows) next() ([]byte, error) {
	row, err := p.source.next()
	if err == nil {
		p.undo(row)
	}
	return row, err
}

// predicted wraps a source in what undoes the layout's predictor.
func (d *decoder) predicted(source rowSource) rowSource {
	samples, size := len(d.bits), d.bits[0]/8
	if d.planar {
		samples = 1
	}
	undo := func(row []byte) { addSamples(row, samples, size, d.dir.order) }
	if d.predictor == 3 {
		scratch := make([]byte, d.rowBytes())
		little := d.dir.order == binary.ByteOrder(binary.LittleEndian)
		undo = func(row []byte) { undoFloat(row, scratch, samples, size, little) }
	}
	return &predictedRows{source, undo}
}

// addSamples adds to each sample the one of the same kind before it.
func addSamples(row []byte, samples, size int, order binary.ByteOrder) {
	step := samples * size
	switch size {
	case 1:
		for i := step; i < len(row); i++ {
			row[i] += row[i-step]
		}
	case 2:
		for i := step; i+2 <= len(row); i += 2 {
			order.PutUint16(row[i:], order.Uint16(row[i:])+order.Uint16(row[i-step:]))
		}
	case 4:
		for i := step; i+4 <= len(row); i += 4 {
			order.PutUint32(row[i:], order.Uint32(row[i:])+order.Uint32(row[i-step:]))
		}
	case 8:
		for i := step; i+8 <= len(row); i += 8 {
			order.PutUint64(row[i:], order.Uint64(row[i:])+order.Uint64(row[i-step:]))
		}
	}
}

// undoFloat undoes the predictor of floating point (Adobe's Photoshop TIFF technical
// note 3): the bytes of a row are differences, and lie in planes from the most
// significant byte down.
func undoFloat(row, scratch []byte, samples, size int, little bool) {
	for i := samples; i < len(row); i++ {
		row[i] += row[i-samples]
	}
	copy(scratch, row)
	n := len(row) / size
	for i := range n {
		for b := range size {
			at := b
			if little {
				at = size - 1 - b
			}
			row[i*size+at] = scratch[b*n+i]
		}
	}
}
