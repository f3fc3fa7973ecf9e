package style

import (
	"strings"
	"testing"
)

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestOf(t *testing.T) {
	for _, c := range []struct {
		env           func(string) string
		colour, links bool
	}{
		{env("TERM", "xterm-256color"), true, true},
		{env("TERM", "xterm-256color", "NO_COLOR", "1"), false, true},
		{env("TERM", "dumb"), false, false},
		{env(), false, false},
		{env("TERM", "linux"), true, false},
	} {
		s := Of(c.env, 80, "box")
		if s.Colour != c.colour || s.Links != c.links || s.Width != 80 {
			t.Errorf("%+v", s)
		}
	}
	var plain Style
	if got := plain.Good("a") + plain.Link("/a", "b") + plain.Dim("c"); got != "abc" {
		t.Errorf("%q", got)
	}
	s := Style{Colour: true, Links: true, Host: "box"}
	if got := s.Link("/a b\x1b", "x"); got != "\x1b]8;;file://box/a%20b%1B\x07x\x1b]8;;\x07" {
		t.Errorf("%q", got)
	}
	if got := s.Good("x"); got != "\x1b[32mx\x1b[0m" {
		t.Errorf("%q", got)
	}
}

func TestMiddle(t *testing.T) {
	for _, c := range []struct {
		text  string
		cells int
		want  string
	}{
		{"short", 10, "short"}, {"exactly10!", 10, "exactly10!"},
		{"/home/anna/Pictures/2024/beach.jpg", 20, "/home/a…24/beach.jpg"},
		{"abc", 1, "…"}, {"abc", 0, "abc"},
	} {
		if got := Middle(c.text, c.cells); got != c.want {
			t.Errorf("%q in %d: %q, want %q", c.text, c.cells, got, c.want)
		}
	}
	// Wide characters, and letters of several: never more cells than there are.
	for _, text := range []string{strings.Repeat("犬と猫/", 10) + "海.jpg", strings.Repeat("e\u0301", 50), strings.Repeat("👨‍👩‍👧", 20)} {
		for cells := 1; cells < 30; cells++ {
			if got := Middle(text, cells); Cells(got) > cells {
				t.Errorf("%q in %d: %q has %d", text, cells, got, Cells(got))
			}
		}
	}
}

func TestSides(t *testing.T) {
	if Right("犬", 4) != "  犬" || Left("犬", 4) != "犬  " || Left("long", 2) != "long" {
		t.Error("wrong sides")
	}
}
