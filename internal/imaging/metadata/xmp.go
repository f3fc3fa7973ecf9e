package metadata

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The namespaces of XMP, without a slash at the end.
const (
	nsRDF       = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	nsDC        = "http://purl.org/dc/elements/1.1"
	nsXMP       = "http://ns.adobe.com/xap/1.0"
	nsEXIF      = "http://ns.adobe.com/exif/1.0"
	nsTIFF      = "http://ns.adobe.com/tiff/1.0"
	nsPhotoshop = "http://ns.adobe.com/photoshop/1.0"
	nsLightroom = "http://ns.adobe.com/lightroom/1.0"
	nsDigiKam   = "http://www.digikam.org/ns/1.0"
	nsMicrosoft = "http://ns.microsoft.com/photo/1.0"
	nsACDSee    = "http://ns.acdsee.com/iptc/1.0"
	nsMediaPro  = "http://ns.iview-multimedia.com/mediapro/1.0"
	nsXML       = "http://www.w3.org/XML/1998/namespace"
	// nsSightline holds the labels that this program itself wrote into a sidecar: see
	// the package that writes them. They are a tagging run's and not the picture's.
	nsSightline = "https://github.com/sightline/sightline/ns/tags/1.0"
)

// usualPrefixes stand for their namespaces where a packet forgot to declare them.
var usualPrefixes = map[string]string{
	"rdf": nsRDF, "dc": nsDC, "xmp": nsXMP, "xap": nsXMP, "exif": nsEXIF, "tiff": nsTIFF, "photoshop": nsPhotoshop,
	"lr": nsLightroom, "digiKam": nsDigiKam, "MicrosoftPhoto": nsMicrosoft, "acdsee": nsACDSee, "mediapro": nsMediaPro,
	"xml": nsXML,
}

func canonical(n xml.Name) xml.Name {
	if full, ok := usualPrefixes[n.Space]; ok {
		n.Space = full
	}
	if n.Space != nsRDF {
		n.Space = strings.TrimRight(n.Space, "/")
	}
	return n
}

// ErrNotXMP says that a sidecar holds no XMP.
var ErrNotXMP = errors.New("not XMP")

// ReadSidecar reads an XMP file. The error wraps ErrNotXMP where there is none in it,
// and tells where one ends being XML; what stood before that is returned all the same.
func ReadSidecar(data []byte) (Metadata, error) {
	var c collector
	err := c.xmpPacket(data)
	return c.metadata(), err
}

// xmp reads a packet inside a file.
func (c *collector) xmp(data []byte) {
	if len(data) > maxXMPBytes {
		c.warn("an XMP packet of %d bytes was read to its first %d", len(data), maxXMPBytes)
	}
	_ = c.xmpPacket(data) // what stands before a fault counts
}

// xmpPacket reads the properties of a packet as they come. A fault ends it.
func (c *collector) xmpPacket(data []byte) error {
	data = xmlText(data[:min(len(data), maxXMPBytes)])
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Strict = false // an unclosed element loses no more than itself
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	p := packet{c: c}
	for range maxXMPTokens {
		token, err := d.Token()
		if err == io.EOF {
			break
		} else if err != nil {
			return fmt.Errorf("%w behind byte %d: %w", ErrNotXMP, d.InputOffset(), err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if !p.start(t) {
				return fmt.Errorf("%w: nested deeper than %d elements", ErrNotXMP, maxXMPDepth)
			}
		case xml.EndElement:
			p.end()
		case xml.CharData:
			p.characters(t)
		}
	}
	if !p.found {
		return fmt.Errorf("%w: no rdf:RDF element in it", ErrNotXMP)
	}
	return nil
}

// xmlText makes bytes acceptable for the XML decoder: UTF-8, without the characters
// that XML forbids, which a single keyword may hold. References to such characters go
// too.
func xmlText(b []byte) []byte {
	b = toUTF8(b)
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			out = append(out, windows1252(b[:1])...)
		case r == '&' && len(b) > 1 && b[1] == '#':
			ref, length := reference(b)
			n = length
			if allowed(ref) {
				out = append(out, b[:n]...)
			}
		case allowed(r):
			out = append(out, b[:n]...)
		default:
			out = append(out, ' ')
		}
		b = b[n:]
	}
	return out
}

// allowed reports whether XML 1.0 has the character.
func allowed(r rune) bool {
	return r >= 0x20 && r < 0xd800 || r == '\t' || r == '\n' || r == '\r' || r >= 0xe000 && r <= 0xfffd || r >= 0x10000 && r <= utf8.MaxRune
}

// reference reads "&#10;" or "&#xa;". What is none has the length of its first two
// bytes, and no character.
func reference(b []byte) (rune, int) {
	const longest = 12
	end := bytes.IndexByte(b[:min(len(b), longest)], ';')
	if end < 0 {
		return -1, 2
	}
	digits, base := string(b[2:end]), 10
	if digits != "" && (digits[0] == 'x' || digits[0] == 'X') {
		digits, base = digits[1:], 16
	}
	v, err := strconv.ParseUint(digits, base, 31)
	if err != nil {
		return -1, 2
	}
	return rune(v), end + 1
}
