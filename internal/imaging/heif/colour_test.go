package heif

import (
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestWeightsOfPrimaries(t *testing.T) {
	for primaries, want := range map[int][2]float64{1: {0.2126, 0.0722}, 9: {0.2627, 0.0593}} {
		kr, kb := colour{primaries: primaries, matrix: matrixChromatic}.lumaWeights()
		if math.Abs(kr-want[0]) > 2e-4 || math.Abs(kb-want[1]) > 2e-4 {
			t.Errorf("primaries %d: %.4f, %.4f, want %v", primaries, kr, kb, want)
		}
	}
	for primaries := range 30 { // also those that nobody has defined
		kr, kb := colour{primaries: primaries, matrix: matrixChromatic}.lumaWeights()
		if !(kr >= 0 && kb >= 0 && kr+kb < 1) {
			t.Errorf("primaries %d: %g, %g", primaries, kr, kb)
		}
	}
}

// samplesOf packs three rows of samples as planes of a 4:4:4 picture of one row.
func samplesOf(depth int, rows [3][]float64) planes {
	p := planes{width: len(rows[0]), height: 1, chroma: 3, depth: depth, chromaDepth: depth, bytes: 1}
	if depth > 8 {
		p.bytes = 2
	}
	for i, row := range rows {
		for _, v := range row {
			s := uint16(min(max(math.Round(v), 0), float64(int(1)<<depth-1)))
			if p.bytes == 1 {
				p.plane[i] = append(p.plane[i], byte(s))
			} else {
				p.plane[i] = binary.LittleEndian.AppendUint16(p.plane[i], s)
			}
		}
		p.stride[i] = len(p.plane[i])
	}
	return p
}

// encode is the definition of the matrices in ISO/IEC 23091-2, equations 38 to 66.
func encode(c colour, depth int, r, g, b float64) [3]float64 {
	scale := float64(int(1) << (depth - 8))
	top := float64(int(1)<<depth - 1)
	black, ySpan, cSpan := 0.0, top, top
	if !c.full {
		black, ySpan, cSpan = 16*scale, 219*scale, 224*scale
	}
	zero := float64(int(1) << (depth - 1))
	switch c.matrix {
	case matrixIdentity:
		return [3]float64{black + ySpan*g, black + ySpan*b, black + ySpan*r}
	case matrixYCgCo:
		return [3]float64{black + ySpan*(g/2+(r+b)/4), zero + cSpan*(g/2-(r+b)/4), zero + cSpan*(r-b)/2}
	}
	kr, kb := c.lumaWeights()
	y := kr*r + (1-kr-kb)*g + kb*b
	return [3]float64{black + ySpan*y, zero + cSpan*(b-y)/(1-kb)/2, zero + cSpan*(r-y)/(1-kr)/2}
}

func TestMatricesAndRangesComeBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const n = 500
	want := make([]byte, 3*n)
	for i := range want {
		want[i] = byte(rng.Uint32())
	}
	for _, matrix := range []int{0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 12, 13} {
		for _, full := range []bool{true, false} {
			for _, depth := range []int{8, 10, 12} {
				c := colour{primaries: 9, matrix: matrix, full: full}
				var rows [3][]float64
				for i := range n {
					v := encode(c, depth, float64(want[3*i])/255, float64(want[3*i+1])/255, float64(want[3*i+2])/255)
					for k := range v {
						rows[k] = append(rows[k], v[k])
					}
				}
				p := samplesOf(depth, rows)
				v, err := newConverter(&p, c, true)
				if err != nil {
					t.Fatal(err)
				}
				got := make([]byte, 3*n)
				v.row(got, &p, 0)
				allowed := 0 // beyond 8 bits nothing is lost
				if depth == 8 {
					allowed = 2
				}
				for i := range got {
					if d := int(got[i]) - int(want[i]); max(d, -d) > allowed {
						t.Errorf("matrix %d, full %v, %d bits: %d came back as %d", matrix, full, depth, want[i], got[i])
						break
					}
				}
			}
		}
	}
}

// TestRangeOfVideoAsLibheif: in HEIC it is widened by libheif's factors, in AVIF by the
// standard's.
func TestRangeOfVideoAsLibheif(t *testing.T) {
	p := samplesOf(8, [3][]float64{{16, 126, 235}, {128, 128, 160}, {128, 128, 128}})
	for interpolate, want := range map[bool][]byte{true: {0, 0, 0, 128, 128, 128, 255, 242, 255}, false: {0, 0, 0, 129, 129, 129, 255, 243, 255}} {
		v, err := newConverter(&p, colour{matrix: 6}, interpolate)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 9)
		if v.row(got, &p, 0); !slices.Equal(got, want) {
			t.Errorf("interpolate %v: %v, want %v", interpolate, got, want)
		}
	}
}

// TestReversibleIsExact codes with YCgCo-R, which loses nothing.
func TestReversibleIsExact(t *testing.T) {
	for _, matrix := range []int{matrixYCgCoRe, matrixYCgCoRo} {
		depth := 10
		if matrix == matrixYCgCoRo {
			depth = 9
		}
		var rows [3][]float64
		var want []byte
		for i := range 300 {
			r, g, b := i*7%256, i*13%256, i*29%256
			want = append(want, byte(r), byte(g), byte(b))
			co := r - b
			u := b + co>>1
			cg := g - u
			zero := 1 << (depth - 1)
			for k, v := range []int{u + cg>>1, cg + zero, co + zero} {
				rows[k] = append(rows[k], float64(v))
			}
		}
		p := samplesOf(depth, rows)
		v, err := newConverter(&p, colour{matrix: matrix, full: true}, true)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(want))
		if v.row(got, &p, 0); !slices.Equal(got, want) {
			t.Errorf("matrix %d loses", matrix)
		}
	}
}

func TestGreyUsesItsRange(t *testing.T) {
	p := planes{width: 5, height: 1, depth: 8, chromaDepth: 8, bytes: 1}
	p.plane[0], p.stride[0] = []byte{0, 16, 126, 235, 255}, 5
	for full, want := range map[bool][]byte{true: {0, 16, 126, 235, 255}, false: {0, 0, 128, 255, 255}} {
		v, err := newConverter(&p, colour{matrix: 6, full: full}, false)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 15)
		v.row(got, &p, 0)
		for i, w := range want {
			if got[3*i] != w || got[3*i+1] != w || got[3*i+2] != w {
				t.Errorf("full %v: %d is %v, want %d", full, p.plane[0][i], got[3*i:3*i+3], w)
			}
		}
	}
}

func TestUnsupportedMatrices(t *testing.T) {
	p := samplesOf(8, [3][]float64{{1}, {2}, {3}})
	for _, matrix := range []int{11, 14, 15} {
		if _, err := newConverter(&p, colour{matrix: matrix}, true); !errors.Is(err, ErrUnsupported) {
			t.Errorf("matrix %d: %v", matrix, err)
		}
	}
	p.chroma = 1
	if _, err := newConverter(&p, colour{matrix: matrixIdentity}, true); !errors.Is(err, ErrUnsupported) {
		t.Errorf("identity of halved chroma: %v", err)
	}
}

// TestUpsample compares with the weights 9:3:3:1, and with edges that repeat.
func TestUpsample(t *testing.T) {
	near, far := []uint16{100, 200, 1000}, []uint16{20, 40, 80}
	got := make([]uint16, 6)
	upsample(got, near, far)
	want := []uint16{
		(12*100 + 4*20 + 8) / 16, (9*100 + 3*200 + 3*20 + 40 + 8) / 16, (9*200 + 3*100 + 3*40 + 20 + 8) / 16,
		(9*200 + 3*1000 + 3*40 + 80 + 8) / 16, (9*1000 + 3*200 + 3*80 + 40 + 8) / 16, (12*1000 + 4*80 + 8) / 16,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAlphaUsesItsRange(t *testing.T) {
	p := planes{width: 5, height: 1, depth: 8, bytes: 1}
	p.plane[0], p.stride[0] = []byte{0, 16, 126, 235, 255}, 5
	for limited, want := range map[bool][]byte{false: {0, 16, 126, 235, 255}, true: {0, 0, 128, 255, 255}} {
		got := make([]byte, 5)
		if p.alphaRow(got, 0, nil, limited); !slices.Equal(got, want) {
			t.Errorf("limited %v: %v, want %v", limited, got, want)
		}
	}
	deep := planes{width: 4, height: 1, depth: 10, bytes: 2}
	deep.plane[0], deep.stride[0] = []byte{0, 0, 0xff, 3, 0, 2, 0xff, 0xff}, 8
	got := make([]byte, 4)
	if deep.alphaRow(got, 0, nil, false); !slices.Equal(got, []byte{0, 255, 128, 255}) {
		t.Errorf("10 bits: %v", got)
	}
}

// TestUpperLayersAreLeftOut builds a picture of three units, one of which is of a
// layer above the first, with lengths of every size.
func TestUpperLayersAreLeftOut(t *testing.T) {
	for bytes := 1; bytes <= 4; bytes++ {
		config := make([]byte, 23)
		config[21] = byte(bytes - 1)
		var data []byte
		for _, unit := range [][]byte{{0x26, 0x01, 7}, {0x26, 0x09, 8}, {0x02, 0x01, 9, 9}} {
			length := binary.BigEndian.AppendUint32(nil, uint32(len(unit)))
			data = append(append(data, length[4-bytes:]...), unit...)
		}
		got, err := hevcUnits(config, data)
		if want := []byte{0, 0, 0, 3, 0x26, 1, 7, 0, 0, 0, 4, 2, 1, 9, 9}; err != nil || !slices.Equal(got, want) {
			t.Errorf("%d bytes: %v, %v", bytes, got, err)
		}
		if _, err := hevcUnits(config, data[:len(data)-1]); err == nil {
			t.Errorf("%d bytes: a cut unit was taken", bytes)
		}
	}
}
