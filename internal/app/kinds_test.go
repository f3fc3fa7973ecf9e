package app

import "testing"

func TestKindByName(t *testing.T) {
	for name, want := range map[string]string{
		"a.mp4": "video", "A.MOV": "video", "a.mp3": "audio", "a.zip": "archive", "a.jpg.xmp": "sidecar", "IMG.AAE": "sidecar", "a.thm": "sidecar",
		"a.ts": "", "a.dat": "", "a.txt": "", "a": "", "a.jpg_large": "", "a.mpo": "", "a.svg": "", "a.pdf": "",
	} {
		if got := kindByName(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestSniff(t *testing.T) {
	for _, c := range []struct {
		name, head string
		raw        bool
		picture    bool
		kind       string
	}{
		{"a.jpg_large", "\xff\xd8\xff\xe0\x00\x10JFIF\x00", false, true, ""},
		{"a", "\x89PNG\r\n\x1a\n", false, true, ""},
		{"a.nef", "II*\x00\x08\x00\x00\x00", false, false, "RAW"},
		{"a.nef", "II*\x00\x08\x00\x00\x00", true, true, ""},
		{"a.tif_original", "II*\x00\x08\x00\x00\x00", false, true, ""},
		{"a.bin", "\x00\x00\x00\x18ftypmp42", false, false, "video"},
		{"a.svg", "<svg xmlns=", false, false, "vector"},
		{"a.pdf", "%PDF-1.4", false, false, "document"},
		{"a.ts", "import x from y", false, false, "other"},
		{"a.xyz", "", false, false, "other"},
	} {
		picture, kind := sniff(c.name, []byte(c.head), c.raw)
		if picture != c.picture || !picture && kind != c.kind {
			t.Errorf("%s: %v %q, want %v %q", c.name, picture, kind, c.picture, c.kind)
		}
	}
}
