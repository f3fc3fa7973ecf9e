package tiff

import (
	"errors"
	"fmt"
)

// faxRows undoes the compressions of fax machines: runs of white and black in turn
// (T.4 in one dimension), and edges told by those of the row above (T.4 in two
// dimensions, T.6). A bit of a row is 1 for black.
type faxRows struct {
	data []byte
	pos  int // in bits

	width     int
	row       []byte
	edges     []int // where the row changes its colour, beginning with white
	reference []int // the edges of the row above

	kind   int
	ended  bool // G3 whose rows have ends of line, to go by
	mixed  bool // G3 where a bit tells the rows of one dimension from those of two
	tables *faxTables
}

func newFax(data []byte, width, kind int, t4Options uint64) *faxRows {
	return &faxRows{
		data: data, width: width, row: make([]byte, (width+7)/8), kind: kind,
		mixed: kind == ccittG3 && t4Options&1 != 0, tables: loadFaxTables(),
	}
}

// errBadCode is a damaged row, after which another may be found: at the next end of
// line, or where there is none, as libtiff does, at the very bits.
var errBadCode = errors.New("bits that are no code")

func (f *faxRows) next() ([]byte, error) {
	f.reference, f.edges = f.edges, f.reference[:0]
	var err error
	switch f.kind {
	case ccittRLE:
		f.pos = (f.pos + 7) &^ 7
		err = f.oneDimension()
	case ccittRLEW:
		f.pos = (f.pos + 15) &^ 15
		err = f.oneDimension()
	case ccittG4:
		err = f.twoDimensions()
	default:
		err = f.g3Row()
	}
	if err != nil && !errors.Is(err, errBadCode) {
		return nil, err
	}
	f.draw()
	if err != nil {
		return f.row, fmt.Errorf("%w: %w", errBadRow, err)
	}
	return f.row, nil
}

// g3Row reads a row of T.4, before which there may be zeros that fill up and an end
// of line. After a damaged row, the next end of line is where to go on.
func (f *faxRows) g3Row() error {
	for f.ended && f.pos < 8*len(f.data) && f.peek(11) != 0 {
		f.pos++ // behind the row before
	}
	oneDimension := true
	if f.skipEnd() {
		f.ended = true
		if f.mixed {
			oneDimension = f.peek(1) == 1
			f.pos++
		}
	}
	if f.peek(12) == 1 { // a second end of line ends the data
		return errShort
	}
	var err error
	if oneDimension {
		err = f.oneDimension()
	} else {
		err = f.twoDimensions()
	}
	if errors.Is(err, errBadCode) {
		for f.pos < 8*len(f.data) && f.peek(12) != 1 {
			f.pos++
		}
	}
	return err
}

// skipEnd skips an end of line, at least eleven zeros and a one, where there is one.
func (f *faxRows) skipEnd() bool {
	if f.peek(11) != 0 {
		return false
	}
	for at := f.pos; at < 8*len(f.data); at++ {
		if f.data[at/8]>>(7-at%8)&1 == 1 {
			f.pos = at + 1
			return true
		}
	}
	f.pos = 8 * len(f.data)
	return false
}

// oneDimension reads a row of runs in turn.
func (f *faxRows) oneDimension() error {
	for x, black := 0, false; x < f.width; black = !black {
		n, err := f.run(black)
		if err != nil {
			return err
		}
		x += n
		f.edge(x)
	}
	return nil
}

// twoDimensions reads a row by the edges of the one above.
func (f *faxRows) twoDimensions() error {
	// The row begins before its first pixel, so that an edge at 0 is right of it.
	last, black, i := -1, false, 0
	for last < f.width {
		mode, err := f.code(&f.tables.modes)
		if err != nil {
			if f.peek(7) == 1 { // an extension that nobody uses
				f.pos += 7
			}
			return err
		}
		// The edge above that counts is the next one that changes to the other colour.
		for i > 0 && f.above(i-1) > last {
			i--
		}
		if i%2 == 1 != black {
			i++
		}
		for f.above(i) <= last && f.above(i) < f.width {
			i += 2
		}
		switch mode {
		case modePass:
			last = f.above(i + 1)
		case modeHorizontal:
			first, err := f.run(black)
			if err != nil {
				return err
			}
			second, err := f.run(!black)
			if err != nil {
				return err
			}
			last = max(last, 0) + first
			f.edge(last)
			last += second
			f.edge(last)
		default:
			x := f.above(i) + mode - modeVertical0
			if x < last || x < 0 {
				return errBadCode
			}
			last, black = x, !black
			f.edge(x)
		}
	}
	return nil
}

// above is the i-th edge of the row above. There are no more at the end of the row.
func (f *faxRows) above(i int) int {
	if i < len(f.reference) {
		return f.reference[i]
	}
	return f.width
}

// edge keeps where the colour changes. Two at the same place are a run of no length,
// which counts for the next row as any other does in libtiff.
func (f *faxRows) edge(x int) {
	f.edges = append(f.edges, min(x, f.width))
}

// run reads the length of a run: any number of multiples of 64, and one code of less.
func (f *faxRows) run(black bool) (int, error) {
	table := &f.tables.white
	if black {
		table = &f.tables.black
	}
	for sum := 0; ; {
		n, err := f.code(table)
		if err != nil {
			return 0, err
		}
		if sum += n; n < 64 {
			return min(sum, f.width), nil
		}
	}
}

// code reads a code of a table.
func (f *faxRows) code(table *faxTable) (int, error) {
	c := table[f.peek(codeBits)]
	if f.pos+int(c.bits) > 8*len(f.data) || c.bits == 0 && f.pos+codeBits > 8*len(f.data) {
		return 0, errShort
	}
	if c.bits == 0 {
		return 0, errBadCode
	}
	f.pos += int(c.bits)
	return int(c.value), nil
}

// peek gives the next n bits, at most 24. After the end of the data there are zeros.
func (f *faxRows) peek(n int) int {
	v, at := 0, f.pos/8
	for i := range 4 {
		v <<= 8
		if at+i < len(f.data) {
			v |= int(f.data[at+i])
		}
	}
	return v >> (32 - f.pos%8 - n) & (1<<n - 1)
}

// draw sets the bits between the edges.
func (f *faxRows) draw() {
	clear(f.row)
	for i := 0; i < len(f.edges); i += 2 {
		from, to := f.edges[i], f.width
		if i+1 < len(f.edges) {
			to = f.edges[i+1]
		}
		for from < to && from%8 != 0 {
			f.row[from/8] |= 0x80 >> (from % 8)
			from++
		}
		for ; from+8 <= to; from += 8 {
			f.row[from/8] = 0xff
		}
		for ; from < to; from++ {
			f.row[from/8] |= 0x80 >> (from % 8)
		}
	}
}
