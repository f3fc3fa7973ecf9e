package terminal

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestSafe(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""},
		{"/pics/a b.jpg", "/pics/a b.jpg"},
		{`C:\x "quoted" 'it''s'`, `C:\x "quoted" 'it''s'`},
		{"a\nb\r\tc", `a\nb\r\tc`},
		{"\x1b]0;title\x07", `\x1b]0;title\a`},
		{"\x1b[31mred", `\x1b[31mred`},
		{"\u009b31m", `\u009b31m`}, // the one-rune form of ESC [
		{"a\xff\xfe.jpg", `a\xff\xfe.jpg`},
		{"\x7f\x00", `\x7f\x00`},
		{"gpj.\u202eexe", `gpj.\u202eexe`},
		{"\u2066x\u2069\u200e", `\u2066x\u2069\u200e`},
		{"line\u2028sep\u2029", `line\u2028sep\u2029`},
		{"\ufeffbom", `\ufeffbom`},
		{"Zoë 東京 москва عربى", "Zoë 東京 москва عربى"},
		{"👩‍👩‍👧 ❤️ 🇫🇷", "👩‍👩‍👧 ❤️ 🇫🇷"},
		{"می\u200cخواهم", "می\u200cخواهم"},
		{"\ufffd", "\ufffd"}, // a real replacement character, not a bad byte
	}
	for _, tt := range tests {
		if got := Safe(tt.in); got != tt.want {
			t.Errorf("Safe(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func FuzzSafe(f *testing.F) {
	for _, s := range []string{"a.jpg", "\x1b[2J", "\xff\n", "\u202e", "👩‍👧", "\xc2", "\u009b", "\xed\xa0\x80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Safe(s)
		if !utf8.ValidString(got) {
			t.Fatalf("Safe(%q) = %q is not UTF-8", s, got)
		}
		if i := strings.IndexFunc(got, func(r rune) bool {
			return unicode.IsControl(r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) || unicode.Is(unicode.Bidi_Control, r)
		}); i >= 0 {
			t.Fatalf("Safe(%q) = %q has a control at %d", s, got, i)
		}
		if Safe(got) != got {
			t.Fatalf("Safe(%q) is not stable", s)
		}
	})
}
