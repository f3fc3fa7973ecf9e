package index

import (
	"maps"
	"strings"
	"testing"
)

func byKey(files []otherFile) map[uint64]string {
	out := make(map[uint64]string)
	for _, f := range files {
		out[f.key] = f.kind
	}
	return out
}

func TestOthersCode(t *testing.T) {
	for name, files := range map[string]map[uint64]string{
		"none":  {},
		"some":  {1: "text", 1 << 63: "archive", 7: "text", 9: ""},
		"kinds": {1: strings.Repeat("k", 255), 2: "東京"},
	} {
		code := encodeOthers(files)
		if got := byKey(decodeOthers(code)); !maps.Equal(got, files) {
			t.Errorf("%s: %v comes back as %v", name, files, got)
		}
		for i := range code {
			bad := append([]byte(nil), code...)
			bad[i] ^= 0x10
			if got := decodeOthers(bad); got != nil {
				t.Fatalf("%s: byte %d flipped gives %v", name, i, got)
			}
			if got := decodeOthers(code[:i]); got != nil {
				t.Fatalf("%s: cut to %d bytes gives %v", name, i, got)
			}
		}
	}
}

func FuzzOthers(f *testing.F) {
	f.Add(encodeOthers(map[uint64]string{1: "text", 2: "archive"}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		if files := decodeOthers(data); files != nil && !maps.Equal(byKey(decodeOthers(encodeOthers(byKey(files)))), byKey(files)) {
			t.Error("what was read is not what is written")
		}
	})
}
