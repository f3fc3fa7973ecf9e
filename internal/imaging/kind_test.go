package imaging

import (
	"errors"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/imaging/raw/rawtest"
)

func TestKindOf(t *testing.T) {
	shot := rawtest.Picture{Width: 90, Height: 60, Preview: []byte("\xff\xd8\xff\xd9")}
	nef, cr2, cr3, raf := rawtest.NEF(shot), rawtest.CR2(shot), rawtest.CR3(shot), rawtest.RAF(shot)
	transport := append([]byte("\x47\x40\x00\x10\x00\x00\xb0\x0d"), make([]byte, 180)...)
	for _, tt := range []struct {
		name string
		head string
		want Kind
	}{
		{"a.jpg", "\xff\xd8\xff\xe0", KindPicture},
		{"a", "\xff\xd8\xff\xe0", KindPicture},
		{"a.jpg_large", "\xff\xd8\xff\xe0", KindPicture},
		{"a.mp4", "\x89PNG\r\n\x1a\n", KindPicture},
		{"a", "\xff\x0a\xf8\x47", KindPicture},
		{"a", "\x00\x00\x00\x0cJXL \x0d\x0a\x87\x0a", KindPicture},
		{"a", "8BPS\x00\x01", KindPicture},
		{"a.jpg", "<!DOCTYPE html><title>404</title>", KindDocument},
		{"a.jpg", "nothing that is known", KindOther},
		{"a.jpg", "", KindPicture},
		{"a.nef", string(nef), KindRAW},
		{"a.tif", string(nef), KindPicture}, // as 64 bytes look
		{"a", string(cr2), KindRAW},
		{"a", string(cr3), KindRAW},
		{"a", string(raf), KindRAW},
		{"a", "II\x1a\x00\x00\x00HEAPCCDR", KindRAW},
		{"a.RW2", "", KindRAW},
		{"a.cr2", "nonsense", KindOther},
		{"a", "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom", KindVideo},
		{"a", "\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00qt  ", KindVideo},
		{"a", "\x00\x00\x00\x18ftyp3gp5\x00\x00\x00\x003gp5isom", KindVideo},
		{"a", "\x00\x00\x00\x20ftypM4V \x00\x00\x00\x01M4V ", KindVideo},
		{"a.m4a", "\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00M4A ", KindOther},
		{"a", "\x00\x00\x00\x08wide\x00\x00\x00\x00mdat", KindVideo},
		{"a", "RIFF\x00\x00\x00\x00AVI LIST", KindVideo},
		{"a", "RIFF\x00\x00\x00\x00WAVEfmt ", KindOther},
		{"a", "\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska", KindVideo},
		{"a", "\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9", KindVideo},
		{"a", "\x00\x00\x01\xba\x44", KindVideo},
		{"a", "OggS\x00\x02", KindVideo},
		{"a", "FLV\x01\x05", KindVideo},
		{"a", string(transport), KindVideo},
		{"a", "\x00\x01\x02\x03" + string(transport), KindVideo},
		{"a.ts", "import {x} from 'y'", KindOther},
		{"a.mts", "", KindVideo},
		{"A.MOV", "", KindVideo},
		{"a.txt", "Great pictures of us", KindDocument},
		{"a", "Great pictures of us", KindOther},
		{"a", "<svg xmlns=\"http://www.w3.org/2000/svg\">", KindVector},
		{"a", "\xef\xbb\xbf<?xml version=\"1.0\"?>\n<svg width=\"1\">", KindVector},
		{"a.svg", "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>", KindVector},
		{"a", "%!PS-Adobe-3.0 EPSF-3.0", KindVector},
		{"a", "%PDF-1.7", KindDocument},
		{"a", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", KindDocument},
		{"a", "PK\x03\x04" + strings.Repeat("\x00", 26) + "[Content_Types].xml", KindDocument},
		{"a.zip", "PK\x03\x04" + strings.Repeat("\x00", 26) + "a.jpg", KindOther},
		{"a", "<?xpacket begin=", KindSidecar},
		{"a.jpg.xmp", "", KindSidecar},
		{"IMG_1.AAE", "<?xml version=\"1.0\"?><plist>", KindSidecar},
		{"a.jp2", "\x00\x00\x00\x0cjP  \r\n\x87\n\x00\x00\x00\x14ftypjp2 ", "JPEG 2000"},
		{"a", "\xff\x4f\xff\x51\x00\x29", "JPEG 2000"},
		{"A.JP2", "", "JPEG 2000"},
		{"a.jp2", "a text about it", KindOther},
		{"a", "\x01\xda\x01\x01\x00\x03", "SGI"},
		{"a.rgb", "no mark", KindOther},
		{"a", "DDS |\x00\x00\x00", "DDS"},
		{"a", "\x76\x2f\x31\x01\x02", "OpenEXR"},
		{"a", "#?RADIANCE\n", "Radiance HDR"},
		{"a", "icns\x00\x00", "ICNS"},
		{"a", "gimp xcf v011", "XCF"},
		{"a.kra", "PK\x03\x04", "Krita"},
		{"a.dcm", "\x00\x00\x00\x00", "DICOM"},
		{"a", "FORM\x00\x00\x01\x00ILBMBMHD", "IFF ILBM"},
		{"a.ppm", "P6\n# of GIMP\n2 2\n255\n", KindPicture},
		{"a", "P5 2 2 255\n", KindPicture},
		{"a", "P7\nWIDTH 2\n", KindPicture},
		{"a.txt", "P1nk Floyd", KindDocument},
		{"a", "qoif\x00\x00\x00\x02\x00\x00\x00\x02\x03\x00", KindPicture},
		{"a", "\x00\x00\x01\x00\x01\x00\x10\x10\x00\x00\x01\x00\x20\x00\x68\x04\x00\x00\x16\x00\x00\x00", KindPicture},
		{"a", "\x0a\x05\x01\x08\x00\x00\x00\x00\x0f\x00\x0f\x00\x48\x00\x48\x00", KindPicture},
		{"a.tga", "\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10\x00\x10\x00\x18\x00", KindPicture},
		{"a.bin", "\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10\x00\x10\x00\x18\x00", KindOther},
		{"a.ICO", "CI\x1a\x00\x00\x00\x10\x00\x10\x00", "OS/2 icon"},
		{"a.h", "#define a_width 16\n#define a_height 16\n", "XBM"},
		{"a.h", "#define WIDTH 16\n", KindOther},
		{"a", "II\xbc\x01\x20\x00", "JPEG XR"},
		{"a", "\xd7\xcd\xc6\x9a\x00\x00", KindVector},
		{"a", "", KindOther},
		{"", "", KindOther},
		{"x.mp3", "ID3\x03", KindOther},
	} {
		head := []byte(tt.head)
		if got := KindOf(tt.name, head[:min(len(head), 64)]); got != tt.want {
			t.Errorf("%q that starts with %.20q is %q, want %q", tt.name, tt.head, got, tt.want)
		}
	}
}

// TestKindOfKnownExtensions: what KnownExtension promises to read is a picture or a
// RAW file by its name too.
func TestKindOfKnownExtensions(t *testing.T) {
	for ext, kind := range extensionKinds {
		read := kind == KindPicture || kind == KindRAW
		if KnownExtension("a."+ext) != (read && ext != string(FormatRAW)) {
			t.Errorf("%s is %s", ext, kind)
		}
	}
}

func TestDrawingsAreUnsupported(t *testing.T) {
	for _, data := range []string{"<svg xmlns='http://www.w3.org/2000/svg'/>", "<?xml version='1.0'?><!-- a drawing --><svg/>", "%!PS-Adobe-3.0 EPSF-3.0"} {
		if _, _, err := Decode([]byte(data), Options{}); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "drawings") {
			t.Errorf("%q: %v", data, err)
		}
	}
}

func TestOtherKindsAreNamed(t *testing.T) {
	for data, want := range map[string]string{
		"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42": "it is a video", "<!DOCTYPE html><html>": "it is a document",
	} {
		if _, _, err := Decode([]byte(data), Options{}); !errors.Is(err, ErrUnknownFormat) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", data, err)
		}
	}
}

func TestUnreadFormatsAreUnsupported(t *testing.T) {
	_, _, err := Decode([]byte("\x00\x00\x00\x0cjP  \r\n\x87\n\x00\x00\x00\x14ftypjp2 "), Options{})
	if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "JPEG 2000 is not read") {
		t.Error(err)
	}
}

func FuzzKindOf(f *testing.F) {
	f.Add("a.mts", []byte("\x47\x40\x00\x10"))
	f.Fuzz(func(t *testing.T, name string, head []byte) {
		if KindOf(name, head) == "" {
			t.Error("no kind")
		}
	})
}
