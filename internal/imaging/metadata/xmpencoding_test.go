package metadata

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode/utf32"
)

// TestEncodingsOfSidecars reads one keyword from sidecars in encodings that XML may have.
func TestEncodingsOfSidecars(t *testing.T) {
	const word = "Дания" // letters that each of the declared encodings has
	text := func(declared string) string {
		if declared != "" {
			declared = `<?xml version="1.0" encoding="` + declared + `"?>` + "\n"
		}
		return declared + strings.ReplaceAll(packetOf(bag("dc:subject", word)), "\ufeff", "")
	}
	files := map[string][]byte{
		"UTF-8, declared as another": []byte(text("windows-1251")),
		"UTF-8, no such encoding":    []byte(text("no-such")),
	}
	for _, name := range []string{"windows-1251", "KOI8-R", "ISO-8859-5", "Shift_JIS", "EUC-JP", "GBK", "gb18030", "Big5", "EUC-KR"} {
		enc, err := htmlindex.Get(name)
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := enc.NewEncoder().Bytes([]byte(text(name)))
		if err != nil {
			t.Fatal(name, err)
		}
		files[name] = encoded
	}
	for name, e := range map[string]utf32.Endianness{"big": utf32.BigEndian, "little": utf32.LittleEndian} {
		for marked, policy := range map[string]utf32.BOMPolicy{"with": utf32.UseBOM, "without": utf32.IgnoreBOM} {
			encoded, err := utf32.UTF32(e, policy).NewEncoder().Bytes([]byte(text("")))
			if err != nil {
				t.Fatal(err)
			}
			files["UTF-32, "+name+"-endian, "+marked+" a mark"] = encoded
		}
	}
	for name, data := range files {
		m, err := ReadSidecar(data)
		if err != nil || !slices.Equal(m.Keywords, []string{word}) {
			t.Errorf("%s: keywords %q, error %v", name, m.Keywords, err)
		}
	}
}
