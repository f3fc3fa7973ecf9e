package milvus

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Milvus keeps only strings of valid UTF-8, and its expressions give a meaning to
// quotes and backslashes. Paths and labels can hold any bytes. So what needs it is
// written as in a URL, %XX a byte: bytes that are not UTF-8, control characters,
// quotes, backslashes, and % itself. What is stored is then harmless between quotes,
// and most paths look as they are.
//
// Every byte is escaped by itself and "/" never is, so that the escaped form of a
// folder is a prefix of the escaped form of all that is in it.

const hexDigits = "0123456789ABCDEF"

// escape returns the stored form of s.
func escape(s string) string {
	n := plainPrefix(s)
	if n == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	b.WriteString(s[:n])
	for i := n; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if mustEscape(r, size) {
			b.WriteByte('%')
			b.WriteByte(hexDigits[s[i]>>4])
			b.WriteByte(hexDigits[s[i]&15])
			i++
			continue
		}
		b.WriteString(s[i : i+size])
		i += size
	}
	return b.String()
}

// plainPrefix is the length of the part of s that is stored as it is.
func plainPrefix(s string) int {
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if mustEscape(r, size) {
			return i
		}
		i += size
	}
	return len(s)
}

func mustEscape(r rune, size int) bool {
	switch {
	case r == utf8.RuneError && size == 1, r < ' ', r == 0x7f:
		return true
	}
	return r == '%' || r == '"' || r == '\'' || r == '\\'
}

// unescape is the inverse of escape.
func unescape(s string) (string, error) {
	n := strings.IndexByte(s, '%')
	if n < 0 {
		return s, nil
	}
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:n])
	for i := n; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", fmt.Errorf("%q ends within an escaped byte", s)
		}
		high, low := strings.IndexByte(hexDigits, s[i+1]), strings.IndexByte(hexDigits, s[i+2])
		if high < 0 || low < 0 {
			return "", fmt.Errorf("%q holds a %% that begins no escaped byte", s)
		}
		b.WriteByte(byte(high<<4 | low))
		i += 2
	}
	return b.String(), nil
}
