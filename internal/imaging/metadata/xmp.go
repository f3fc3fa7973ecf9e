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

	"golang.org/x/text/encoding/unicode"
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
	switch {
	case bytes.HasPrefix(b, []byte("\xfe\xff")), bytes.HasPrefix(b, []byte("\xff\xfe")),
		bytes.HasPrefix(b, []byte("\x00<")), bytes.HasPrefix(b, []byte("<\x00")):
		order := unicode.BigEndian
		if b[0] == 0xff || b[0] == '<' {
			order = unicode.LittleEndian
		}
		if u, err := unicode.UTF16(order, unicode.UseBOM).NewDecoder().Bytes(b); err == nil {
			b = u
		} else if u, err := unicode.UTF16(order, unicode.IgnoreBOM).NewDecoder().Bytes(b); err == nil {
			b = u
		}
	}
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

// packet is where one is in an XMP packet. Only properties of the picture itself
// count, those of an rdf:Description that stands in rdf:RDF; structures inside them
// (the history, other pictures) have properties of the same names.
type packet struct {
	c     *collector
	found bool // an rdf:RDF

	path     []xml.Name
	rdf      int      // its place in path, one-based; 0 outside
	property xml.Name // the property one is in
	text     []byte   // of the property or of the item one is in
	items    int      // of the property
	language string   // of the item
	values   alternatives
}

// alternatives is the text of a property in several languages: the default one where
// there is one, else the first.
type alternatives struct {
	first, byDefault string
}

func (p *packet) start(t xml.StartElement) bool {
	name := canonical(t.Name)
	if p.path = append(p.path, name); len(p.path) > maxXMPDepth {
		return false
	}
	depth := len(p.path)
	switch {
	case p.rdf == 0:
		if name == (xml.Name{Space: nsRDF, Local: "RDF"}) {
			p.rdf, p.found = depth, true
		}
	case depth == p.rdf+1: // rdf:Description, or a typed node in its place
		for _, a := range t.Attr {
			if n := canonical(a.Name); n.Space != nsRDF && n.Space != nsXML && n.Space != "xmlns" {
				p.c.xmpItem(n, a.Value)
				p.c.xmpValue(n, a.Value)
			}
		}
	case depth == p.rdf+2:
		p.property, p.text, p.items, p.values = name, p.text[:0], 0, alternatives{}
	case depth == p.rdf+4:
		p.text, p.language = p.text[:0], ""
		for _, a := range t.Attr {
			if canonical(a.Name) == (xml.Name{Space: nsXML, Local: "lang"}) {
				p.language = a.Value
			}
		}
	}
	return true
}

func (p *packet) characters(t xml.CharData) {
	if d := len(p.path); p.rdf == 0 || d != p.rdf+2 && d != p.rdf+4 {
		return
	}
	if room := maxValueBytes - len(p.text); room > 0 {
		p.text = append(p.text, t[:min(len(t), room)]...)
	}
}

func (p *packet) end() {
	depth := len(p.path)
	if depth == 0 {
		return
	}
	name := p.path[depth-1]
	p.path = p.path[:depth-1]
	if p.rdf == 0 {
		return
	}
	switch depth {
	case p.rdf:
		p.rdf = 0
	case p.rdf + 4: // an item of a list
		if name != (xml.Name{Space: nsRDF, Local: "li"}) {
			return
		}
		value := string(p.text)
		p.c.xmpItem(p.property, value)
		if p.items++; p.items == 1 {
			p.values.first = value
		}
		if p.language == "x-default" && p.values.byDefault == "" {
			p.values.byDefault = value
		}
		p.text = p.text[:0]
	case p.rdf + 2:
		if p.items == 0 { // no list but a text, where a list may be meant
			value := string(p.text)
			p.c.xmpItem(p.property, value)
			p.c.xmpValue(p.property, value)
			return
		}
		p.c.xmpValue(p.property, first([]string{p.values.byDefault, p.values.first}))
	}
}
