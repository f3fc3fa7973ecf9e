package simple

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/sightline/sightline/internal/imaging/rgb"
)

// pnm is what the header of a PNM file says.
type pnm struct {
	kind          byte // '1' to '7'
	width, height int
	most          int // the sample that is white
	depth         int // samples of a pixel
	rest          []byte
}

// SniffPNM reports whether a file begins like a PNM, by its mark and what follows it.
func SniffPNM(head []byte) bool {
	if len(head) < 3 || head[0] != 'P' || head[1] < '1' || head[1] > '7' {
		return false
	}
	if head[1] == '7' {
		return head[2] == '\n' || head[2] == '\r'
	}
	at := 2
	for at < len(head) && space(head[at]) {
		at++
	}
	return at > 2 && at < len(head) && (head[at] == '#' || head[at] >= '0' && head[at] <= '9')
}

func space(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// word cuts the next word off data, and the one space behind it. Comments go to the ends
// of their lines.
func word(data []byte) (w string, rest []byte) {
	for len(data) > 0 {
		switch {
		case data[0] == '#':
			for len(data) > 0 && data[0] != '\n' && data[0] != '\r' {
				data = data[1:]
			}
			continue
		case space(data[0]):
			data = data[1:]
			continue
		}
		break
	}
	n := 0
	for n < len(data) && !space(data[n]) && data[n] != '#' {
		n++
	}
	w, rest = string(data[:n]), data[n:]
	if len(rest) > 0 && space(rest[0]) {
		rest = rest[1:]
	}
	return w, rest
}

func readPNM(data []byte) (p pnm, err error) {
	if !SniffPNM(data) {
		return p, errHeader
	}
	p.kind, p.rest, p.most = data[1], data[2:], 1
	if p.kind == '7' {
		return p, p.readPAM()
	}
	numbers := []*int{&p.width, &p.height}
	if p.kind != '1' && p.kind != '4' {
		numbers = append(numbers, &p.most)
	}
	for _, n := range numbers {
		if *n, err = p.number(); err != nil {
			return p, err
		}
	}
	p.depth = 1
	if p.kind == '3' || p.kind == '6' {
		p.depth = 3
	}
	return p, p.check()
}

func (p *pnm) number() (int, error) {
	var w string
	if w, p.rest = word(p.rest); w == "" {
		return 0, errHeader
	}
	n, err := strconv.ParseUint(w, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("%.20q is no number", w)
	}
	return int(n), nil
}

// readPAM reads the lines of a header of names and values.
func (p *pnm) readPAM() (err error) {
	for {
		var name string
		name, p.rest = word(p.rest)
		switch strings.ToUpper(name) {
		case "WIDTH":
			p.width, err = p.number()
		case "HEIGHT":
			p.height, err = p.number()
		case "DEPTH":
			p.depth, err = p.number()
		case "MAXVAL":
			p.most, err = p.number()
		case "TUPLTYPE":
			_, p.rest = word(p.rest) // the depth says it
		case "ENDHDR":
			if p.depth < 1 || p.depth > 4 {
				return unsupported("PAM of %d samples", p.depth)
			}
			return p.check()
		case "":
			return errHeader
		default:
			return fmt.Errorf("%.20q in the header", name)
		}
		if err != nil {
			return err
		}
	}
}

func (p *pnm) check() error {
	if p.most < 1 || p.most > math.MaxUint16 {
		return fmt.Errorf("samples of up to %d", p.most)
	}
	return nil
}

// sampleBytes is what a sample takes in a file that is not text.
func (p *pnm) sampleBytes() int {
	if p.most > 255 {
		return 2
	}
	return 1
}

// PNMSize reads the size of a PNM.
func PNMSize(data []byte) (width, height int, err error) {
	p, err := readPNM(data)
	return p.width, p.height, err
}

// DecodePNM reads a PNM as RGB, three bytes a pixel, top row first. An error beside the
// pixels says what is missing of them.
func DecodePNM(data []byte) ([]byte, error) {
	p, err := readPNM(data)
	if err != nil {
		return nil, err
	}
	perRow := p.width * p.depth
	rowBytes := perRow * p.sampleBytes()
	least := rowBytes * p.height
	switch p.kind {
	case '1':
		least = perRow * p.height // digits need nothing between them
	case '2', '3':
		least = 2 * perRow * p.height
	case '4':
		rowBytes = (p.width + 7) / 8
		least = rowBytes * p.height
	}
	pix, err := canvas(p.width, p.height, least, len(p.rest))
	if err != nil {
		return nil, err
	}
	row, samples := make([]byte, perRow), make([]int, perRow)
	rows := 0
	for ; rows < p.height; rows++ {
		ok := false
		switch p.kind {
		case '1', '2', '3':
			ok, err = p.text(samples)
		case '4':
			ok = p.bits(samples, rowBytes)
		default:
			ok = p.binary(samples, rowBytes)
		}
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		for i, s := range samples {
			row[i] = p.scale(s)
		}
		colours(pix[3*p.width*rows:][:3*p.width], row, p.depth)
	}
	return judge(pix, rows, p.height)
}

// scale makes 8 bits of a sample. Grey of more bits is scaled to 16 first, of which the
// higher byte counts, and colours at once: so does Pillow.
func (p *pnm) scale(s int) byte {
	s = min(s, p.most)
	if p.kind == '1' || p.kind == '4' {
		return byte(255 * (1 - s)) // 1 is black
	}
	if p.most > 255 && p.depth <= 2 {
		return byte((2*s*65535 + p.most) / (2 * p.most) >> 8)
	}
	return byte((2*s*255 + p.most) / (2 * p.most))
}

// colours writes a row of samples as RGB.
func colours(out, row []byte, depth int) {
	switch depth {
	case 1:
		rgb.Grey(out, row, 1)
	case 2:
		rgb.GreyAlpha(out, row, 2)
	case 3:
		copy(out, row)
	case 4:
		rgb.Straight(out, row, 4)
	}
}

// text reads the samples of a row from digits.
func (p *pnm) text(samples []int) (ok bool, err error) {
	for i := range samples {
		if p.kind == '1' { // digits may touch each other
			var w string
			if w, _ = word(p.rest); w == "" {
				return false, nil
			}
			for len(p.rest) > 0 && (space(p.rest[0]) || p.rest[0] == '#') {
				if p.rest[0] == '#' {
					_, p.rest = word(p.rest)
					break
				}
				p.rest = p.rest[1:]
			}
			if len(p.rest) == 0 {
				return false, nil
			}
			if p.rest[0] != '0' && p.rest[0] != '1' {
				return false, fmt.Errorf("%q in the place of a pixel", p.rest[0])
			}
			samples[i], p.rest = int(p.rest[0]-'0'), p.rest[1:]
			continue
		}
		if w, _ := word(p.rest); w == "" {
			return false, nil
		}
		if samples[i], err = p.number(); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (p *pnm) bits(samples []int, rowBytes int) bool {
	if len(p.rest) < rowBytes {
		return false
	}
	for x := range samples {
		samples[x] = int(p.rest[x/8] >> (7 - x%8) & 1)
	}
	p.rest = p.rest[rowBytes:]
	return true
}

func (p *pnm) binary(samples []int, rowBytes int) bool {
	if len(p.rest) < rowBytes {
		return false
	}
	for i := range samples {
		if p.sampleBytes() == 2 {
			samples[i] = int(p.rest[2*i])<<8 | int(p.rest[2*i+1])
		} else {
			samples[i] = int(p.rest[i])
		}
	}
	p.rest = p.rest[rowBytes:]
	return true
}
