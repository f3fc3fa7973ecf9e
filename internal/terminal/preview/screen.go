package preview

import (
	"fmt"
	"image"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Screen is a terminal, and how pictures are sent to it.
type Screen struct {
	Protocol Protocol
	Columns  int  // of a picture, at most
	Tmux     bool // sequences are wrapped, so that tmux hands them to the terminal around it
	Colours  Colours
}

// Protocols are the names of the ways that Parse takes.
func Protocols() []string {
	return []string{string(Kitty), string(ITerm2), string(Sixel), string(Blocks)}
}

// Parse reads the name of a protocol: "auto" and "" are "", which NewScreen finds out.
func Parse(name string) (Protocol, error) {
	switch p := Protocol(strings.ToLower(name)); p {
	case "", "auto":
		return "", nil
	case Kitty, ITerm2, Sixel, Blocks:
		return p, nil
	}
	return "", fmt.Errorf("%q is no way to show pictures; it can be auto, kitty, iterm2, sixel or blocks", name)
}

// NewScreen returns the screen that the environment tells of. forced is a protocol to
// use whatever the terminal is, "" for what Detect says; where that is nothing, and
// the terminal can colour text, it is Blocks.
//
// Within tmux what is forced is handed through, which tmux must allow (set -g
// allow-passthrough on). Nothing is handed through unasked: it cannot be seen from
// inside whether it is allowed.
func NewScreen(forced Protocol, env func(string) string, columns int) Screen {
	s := Screen{Protocol: forced, Columns: columns, Colours: coloursOf(env)}
	if forced == "" {
		s.Protocol = Detect(env)
		if term := env("TERM"); s.Protocol == None && term != "dumb" && term != "" {
			s.Protocol = Blocks
		}
	}
	s.Tmux = env("TMUX") != "" && s.Protocol != Blocks && s.Protocol != None
	return s
}

// Draw draws img at the cursor, as Write does.
func (s Screen) Draw(w io.Writer, img image.Image) error {
	if s.Protocol == Blocks {
		return s.drawBlocks(w, img)
	}
	if !s.Tmux {
		return Write(w, s.Protocol, img, s.Columns)
	}
	var b strings.Builder
	if err := Write(&b, s.Protocol, img, s.Columns); err != nil {
		return err
	}
	if _, err := io.WriteString(w, throughTmux(b.String())); err != nil {
		return fmt.Errorf("draw a preview: %w", err)
	}
	return nil
}

// throughTmux wraps each sequence by itself: tmux bounds the length of one.
func throughTmux(s string) string {
	const end = "\x1b\\" // ST, which ends what kitty, iTerm2 and sixel take
	var b strings.Builder
	for {
		i := strings.Index(s, end)
		if i < 0 {
			break
		}
		b.WriteString(ansi.TmuxPassthrough(s[:i+len(end)]))
		s = s[i+len(end):]
	}
	if text := strings.TrimRight(s, "\n"); text != "" { // ended in another way: with BEL
		b.WriteString(ansi.TmuxPassthrough(text))
		s = s[len(text):]
	}
	return b.String() + s
}
