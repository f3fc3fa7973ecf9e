package metadata

import (
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/unicode/norm"
)

// guess reads bytes of which nobody says what they are: UTF-8 where they are valid
// UTF-8, else Windows-1252, which holds Latin-1.
func guess(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return windows1252(b)
}

// windows1252 reads bytes one by one. The five that have no character are as in
// Latin-1.
func windows1252(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		r := charmap.Windows1252.DecodeByte(c)
		if r == utf8.RuneError {
			r = rune(c)
		}
		s.WriteRune(r)
	}
	return s.String()
}

// ascii reads an EXIF text: it ends at its first NUL.
func ascii(b []byte) string {
	for i, c := range b {
		if c == 0 {
			b = b[:i]
			break
		}
	}
	return guess(b)
}

// utf16Text reads UTF-16 up to its first NUL.
func utf16Text(b []byte, order binary.ByteOrder) string {
	units := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		u := order.Uint16(b)
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}

// userComment reads the text of an EXIF UserComment, whose first eight bytes name its
// charset. order is that of the block.
func userComment(b []byte, order binary.ByteOrder) string {
	if len(b) < 8 {
		return ""
	}
	charset, b := string(b[:8]), b[8:]
	switch {
	case strings.HasPrefix(charset, "UNICODE"):
		return utf16Text(withMark(b, order))
	case strings.HasPrefix(charset, "JIS"):
		if s, err := japanese.ISO2022JP.NewDecoder().Bytes(b); err == nil {
			return ascii(s)
		}
		return ""
	default: // ASCII, undefined, or none of them
		return ascii(b)
	}
}

// withMark finds the byte order of UTF-16: that of its mark; else of the block,
// unless the other one makes more of it Latin, since many writers get this wrong.
func withMark(b []byte, order binary.ByteOrder) ([]byte, binary.ByteOrder) {
	if len(b) < 2 {
		return b, order
	}
	switch {
	case b[0] == 0xfe && b[1] == 0xff:
		return b[2:], binary.BigEndian
	case b[0] == 0xff && b[1] == 0xfe:
		return b[2:], binary.LittleEndian
	}
	big, little := 0, 0
	for i := 0; i+1 < min(len(b), 256); i += 2 {
		switch {
		case b[i] == 0 && b[i+1] != 0:
			big++
		case b[i] != 0 && b[i+1] == 0:
			little++
		}
	}
	if big > little {
		return b, binary.BigEndian
	} else if little > big {
		return b, binary.LittleEndian
	}
	return b, order
}

// tidy composes a text, takes out what cannot be printed, and cuts it to a number of
// bytes between characters. It reports whether it was cut.
func tidy(s string, most int) (string, bool) {
	cut := false
	if len(s) > 4*most { // composing makes a text at most three times shorter
		s, cut = s[:4*most], true
	}
	s = strings.ToValidUTF8(s, "\ufffd")
	s = norm.NFC.String(s)
	s = strings.Map(func(r rune) rune {
		if r == '\r' || r != '\n' && r != '\t' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	if len(s) <= most {
		return s, cut
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return strings.TrimSpace(s[:most]), true
}
