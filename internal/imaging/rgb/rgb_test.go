package rgb

import (
	"bytes"
	"testing"
)

// TestRows has the arithmetic at its ends and in the middle, in 8 and in 16 bits.
func TestRows(t *testing.T) {
	wide := func(in ...byte) []byte { // the low bytes do not count
		var out []byte
		for _, v := range in {
			out = append(out, v, ^v)
		}
		return out
	}
	tests := []struct {
		name string
		row  func(out, in []byte, step int)
		in   []byte
		want []byte
	}{
		{"grey", Grey, []byte{0, 7, 255}, []byte{0, 0, 0, 7, 7, 7, 255, 255, 255}},
		{"grey and alpha", GreyAlpha, []byte{10, 255, 10, 0, 0, 128}, []byte{10, 10, 10, 255, 255, 255, 127, 127, 127}},
		{"straight", Straight, []byte{1, 2, 3, 255, 1, 2, 3, 0, 0, 255, 100, 128}, []byte{1, 2, 3, 255, 255, 255, 127, 255, 177}},
		{"premultiplied", Premultiplied, []byte{1, 2, 3, 255, 0, 0, 0, 0, 0, 128, 200, 128}, []byte{1, 2, 3, 255, 255, 255, 127, 255, 255}},
	}
	for _, tt := range tests {
		samples := 3 * len(tt.in) / len(tt.want)
		got := make([]byte, len(tt.want))
		if tt.row(got, tt.in, samples); !bytes.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
		if tt.row(got, wide(tt.in...), 2*samples); !bytes.Equal(got, tt.want) {
			t.Errorf("%s of 16 bits: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestOverWhite(t *testing.T) {
	for v := range 256 {
		for a := range 256 {
			exact := (v*a + 255*(255-a)) / 255
			if got := int(OverWhite(byte(v), byte(a))); got < exact || got > exact+1 {
				t.Fatalf("%d of alpha %d: %d, exactly %d", v, a, got, exact)
			}
		}
	}
}

func TestCMYK(t *testing.T) {
	got := make([]byte, 9)
	CMYK(got, []byte{0, 0, 0, 0, 255, 0, 128, 0, 0, 0, 0, 255})
	if want := []byte{255, 255, 255, 0, 255, 127, 0, 0, 0}; !bytes.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
