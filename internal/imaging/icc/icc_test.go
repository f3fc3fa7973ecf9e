package icc

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func load(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestAsLittleCMS compares with what Little CMS makes of the same colours.
func TestAsLittleCMS(t *testing.T) {
	var raw map[string][][2][]int
	if err := json.Unmarshal(load(t, "golden.json"), &raw); err != nil {
		t.Fatal(err)
	}
	for name, pairs := range raw {
		t.Run(name, func(t *testing.T) {
			tr, err := Parse(load(t, name))
			if err != nil {
				t.Fatal(err)
			}
			if (tr == nil) != strings.HasPrefix(name, "sRGB") && name != "sGrey-v4.icc" {
				t.Fatalf("transform %v", tr)
			}
			sum, worst := 0, 0
			for _, p := range pairs {
				var in, got []byte
				for _, v := range p[0] {
					in = append(in, byte(v))
				}
				switch {
				case len(in) == 4:
					got = make([]byte, 3)
					tr.CMYK(got, in)
				case len(in) == 1:
					got = []byte{in[0], in[0], in[0]}
				default:
					got = in
				}
				if tr != nil && len(in) != 4 {
					tr.RGB(got)
				}
				for i, v := range p[1] {
					d := max(int(got[i])-v, v-int(got[i]))
					sum, worst = sum+d, max(worst, d)
				}
			}
			mean := float64(sum) / float64(3*len(pairs))
			t.Logf("mean %.2f, worst %d", mean, worst)
			// The table is off by more than a level only where colours leave sRGB.
			if mean > 0.5 || worst > 16 {
				t.Errorf("mean difference %.2f, worst %d", mean, worst)
			}
		})
	}
}

// TestHostileProfiles: sizes that lie cost nothing.
func TestHostileProfiles(t *testing.T) {
	for _, name := range []string{"DisplayP3-v4.icc", "CGATS001Compat-v2-micro.icc"} {
		whole := load(t, name)
		for n := 0; n < len(whole); n += 31 {
			if n > 600 {
				break
			}
			if _, err := Parse(whole[:n]); err == nil {
				t.Errorf("%s: %d of %d bytes", name, n, len(whole))
			}
		}
		for at := 128; at < min(len(whole), 1000); at += 43 {
			bad := bytes.Clone(whole)
			bad[at] = 0xff
			_, _ = Parse(bad) // any outcome but a panic or a gigabyte
		}
	}
	many := bytes.Clone(load(t, "DisplayP3-v4.icc"))
	binary.BigEndian.PutUint32(many[128:], 1<<31)
	if _, err := Parse(many); err == nil {
		t.Error("two thousand million tags")
	}
}

func FuzzParse(f *testing.F) {
	names, err := filepath.Glob("testdata/*.icc")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		f.Add(load(f, filepath.Base(name)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tr, err := Parse(data)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("a trace: %v", err)
			}
			return
		}
		if tr != nil {
			pix := []byte{1, 2, 3, 250, 251, 252}
			tr.RGB(pix)
			tr.CMYK(pix, make([]byte, 8))
		}
	})
}
