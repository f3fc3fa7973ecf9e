package metadata

import (
	"bytes"
	"regexp"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// wideForms are the encodings of XML with more than a byte a character, by how a document in
// them begins: with a byte order mark, or with "<". UTF-32 comes first, because its mark
// begins like that of UTF-16.
var wideForms = []struct {
	start    string
	encoding encoding.Encoding
}{
	{"\x00\x00\xfe\xff", utf32.UTF32(utf32.BigEndian, utf32.UseBOM)},
	{"\xff\xfe\x00\x00", utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)},
	{"\x00\x00\x00<", utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)},
	{"<\x00\x00\x00", utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)},
	{"\xfe\xff", unicode.UTF16(unicode.BigEndian, unicode.UseBOM)},
	{"\xff\xfe", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)},
	{"\x00<", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
	{"<\x00", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
}

// declared finds the encoding that an XML declaration names. Most programs never ask.
var declared = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*<\?xml\s[^>]*encoding\s*=\s*["']([A-Za-z0-9._:-]+)["']`)
})

// maxDeclaration bounds how far the end of an XML declaration is looked for, in bytes.
const maxDeclaration = 256

// toUTF8 decodes a document whose first bytes tell its encoding. What it declares counts only
// where it is not UTF-8: programs that copy packets leave declarations that are wrong. Of
// what no encoding fits, the bytes are returned as they are.
func toUTF8(b []byte) []byte {
	for _, form := range wideForms {
		if bytes.HasPrefix(b, []byte(form.start)) {
			return decoded(b, form.encoding)
		}
	}
	m := declared().FindSubmatch(b[:min(len(b), maxDeclaration)])
	if m == nil || utf8.Valid(b) {
		return b
	}
	// Wide ones would begin otherwise, and what is not UTF-8 is no more so for being declared.
	enc, err := htmlindex.Get(string(m[1]))
	if err != nil {
		return b
	}
	switch name, _ := htmlindex.Name(enc); name {
	case "utf-8", "utf-16le", "utf-16be", "replacement":
		return b
	}
	return decoded(b, enc)
}

func decoded(b []byte, e encoding.Encoding) []byte {
	if u, err := e.NewDecoder().Bytes(b); err == nil {
		return u
	}
	return b
}
