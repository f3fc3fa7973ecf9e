package imaging

import (
	"errors"
	"strings"
	"testing"
)

// psdOf is a document of one red pixel, with resources.
func psdOf(resources string) []byte {
	n := len(resources)
	return []byte("8BPS\x00\x01\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x01\x00\x00\x00\x01\x00\x08\x00\x03" +
		"\x00\x00\x00\x00" + string([]byte{0, 0, byte(n >> 8), byte(n)}) + resources + "\x00\x00\x00\x00" + "\x00\x00\xff\x00\x00")
}

func TestPSD(t *testing.T) {
	iptc := "8BIM\x04\x04\x00\x00\x00\x00\x00\x0a\x1c\x02\x19\x00\x05beach"
	exif := "8BIM\x04\x22\x00\x00\x00\x00\x00\x1aII*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00"
	img, info, err := Decode(psdOf(iptc+exif), Options{})
	if err != nil || info.Format != FormatPSD || info.Orientation != 1 || len(info.Metadata.Keywords) != 1 || info.Metadata.Keywords[0] != "beach" {
		t.Fatalf("%+v, %v", info, err)
	}
	if string(img.Pix) != "\xff\x00\x00" {
		t.Errorf("% x", img.Pix)
	}
	_, _, err = Decode(psdOf("8BIM\x04\x21\x00\x00\x00\x00\x00\x05\x00\x00\x00\x01\x00\x00"), Options{})
	if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "Maximize Compatibility") {
		t.Errorf("no composite: %v", err)
	}
}
