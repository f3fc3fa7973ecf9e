package cmdline

import (
	"os"
	"strconv"

	"golang.org/x/term"

	"github.com/sightline/sightline/internal/doctor"
	"github.com/sightline/sightline/internal/terminal/preview"
	"github.com/sightline/sightline/internal/terminal/style"
)

// usualWidth is the width of a terminal that does not tell.
const usualWidth = 80

// width is that of the terminal on stdout in cells, 0 where it is none. COLUMNS wins where
// it is set, as for other programs.
func (p *Program) width() int {
	f, ok := p.Stdout.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	if n, err := strconv.Atoi(p.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
		return w
	}
	return usualWidth
}

// Terminal is what is known of the terminal on stdout.
func (p *Program) Terminal() doctor.Terminal {
	s := p.Style()
	return doctor.Terminal{
		There: s.Width > 0, Columns: s.Width, Colours: s.Colour,
		Pictures: string(preview.NewScreen("", p.Getenv, 1).Protocol),
	}
}

// Style is how text looks on stdout: plain where it is no terminal.
func (p *Program) Style() style.Style {
	w := p.width()
	if w == 0 {
		return style.Style{}
	}
	host, err := os.Hostname()
	if err != nil {
		host = "" // the terminal's own machine is meant then
	}
	return style.Of(p.Getenv, w, host)
}
