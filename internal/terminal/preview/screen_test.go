package preview

import (
	"image"
	"image/color"
	"strings"
	"testing"
)

func vars(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestNewScreen(t *testing.T) {
	for name, c := range map[string]struct {
		forced Protocol
		env    func(string) string
		want   Screen
	}{
		"kitty":            {"", vars("TERM", "xterm-kitty"), Screen{Kitty, 30, false, ColoursTrue}},
		"unknown":          {"", vars("TERM", "xterm-256color"), Screen{Blocks, 30, false, Colours256}},
		"unknown, 24 bit":  {"", vars("TERM", "xterm-256color", "COLORTERM", "truecolor"), Screen{Blocks, 30, false, ColoursTrue}},
		"dumb":             {"", vars("TERM", "dumb"), Screen{None, 30, false, Colours256}},
		"tmux":             {"", vars("TERM", "tmux-256color", "TMUX", "/tmp/x"), Screen{Blocks, 30, false, Colours256}},
		"forced":           {Sixel, vars("TERM", "xterm-kitty"), Screen{Sixel, 30, false, ColoursTrue}},
		"forced in tmux":   {Kitty, vars("TERM", "tmux-256color", "TMUX", "/tmp/x"), Screen{Kitty, 30, true, Colours256}},
		"blocks in kitty":  {Blocks, vars("TERM", "xterm-kitty"), Screen{Blocks, 30, false, ColoursTrue}},
		"forced when dumb": {Blocks, vars("TERM", "dumb"), Screen{Blocks, 30, false, Colours256}},
	} {
		if got := NewScreen(c.forced, c.env, 30); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	for name, want := range map[string]Protocol{"": "", "auto": "", "KITTY": Kitty, "blocks": Blocks, "iterm2": ITerm2, "sixel": Sixel} {
		if got, err := Parse(name); err != nil || got != want {
			t.Errorf("%q: %q, %v", name, got, err)
		}
	}
	if _, err := Parse("none"); err == nil {
		t.Error("none is a protocol to force")
	}
}

// A picture of four colours comes out as two cells, whose halves have them.
func TestBlocks(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 2, 3))
	for i, c := range []color.NRGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 255, 255}, {0, 0, 0, 0}, {10, 20, 30, 255}} {
		img.SetNRGBA(i%2, i/2, c)
	}
	var b strings.Builder
	if err := (Screen{Protocol: Blocks, Columns: 10, Colours: ColoursTrue}).Draw(&b, img); err != nil {
		t.Fatal(err)
	}
	want := "\x1b[38;2;255;0;0;48;2;0;0;255m▀\x1b[38;2;0;255;0;48;2;255;255;255m▀\x1b[0m\n" +
		"\x1b[38;2;255;255;255;49m▀\x1b[38;2;10;20;30;49m▀\x1b[0m\n"
	if b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
	b.Reset()
	if err := (Screen{Protocol: Blocks, Columns: 20}).Draw(&b, image.NewNRGBA(image.Rect(0, 0, 400, 100))); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(strings.TrimRight(b.String(), "\n"), "\n"); len(lines) != 3 || strings.Count(lines[0], "▀") != 20 {
		t.Errorf("%d lines: %q", len(lines), lines[0])
	}
	for _, s := range []Screen{{Protocol: Blocks}, {Protocol: Blocks, Columns: 3}} {
		if err := s.Draw(&b, image.NewNRGBA(image.Rect(0, 0, 0, 0))); err == nil {
			t.Errorf("%+v draws nothing", s)
		}
	}
}

func TestNearest256(t *testing.T) {
	for c, want := range map[color.NRGBA]int{
		{0, 0, 0, 255}: 16, {255, 255, 255, 255}: 231, {255, 0, 0, 255}: 196, {128, 128, 128, 255}: 244, {95, 135, 175, 255}: 67, {8, 8, 8, 255}: 232,
	} {
		if got := nearest256(c); got != want {
			t.Errorf("%v: %d, want %d", c, got, want)
		}
	}
}

// Each sequence is wrapped by itself, with its escapes doubled.
func TestTmux(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 64, 64))
	for i := range img.Pix {
		img.Pix[i] = 0xff // one colour: sixel's palette of many comes in any order
	}
	for _, p := range []Protocol{Kitty, ITerm2, Sixel} {
		var b strings.Builder
		if err := (Screen{Protocol: p, Columns: 20, Tmux: true}).Draw(&b, img); err != nil {
			t.Fatal(err)
		}
		out := b.String()
		if !strings.HasPrefix(out, "\x1bPtmux;\x1b\x1b") || !strings.HasSuffix(out, "\x1b\\\n") {
			t.Errorf("%s: %.20q ... %q", p, out, out[len(out)-10:])
		}
		var bare strings.Builder
		if err := (Screen{Protocol: p, Columns: 20}).Draw(&bare, img); err != nil {
			t.Fatal(err)
		}
		var inside strings.Builder
		for part := range strings.SplitSeq(strings.TrimSuffix(out, "\n"), "\x1bPtmux;") {
			inside.WriteString(strings.ReplaceAll(strings.TrimSuffix(part, "\x1b\\"), "\x1b\x1b", "\x1b"))
		}
		if inside.String() != strings.TrimSuffix(bare.String(), "\n") {
			t.Errorf("%s: what comes through is not what was sent", p)
		}
	}
}
