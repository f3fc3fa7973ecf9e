package cmdline

import (
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/terminal/preview"
)

// HitFlags choose how hits are printed, beside OutputFlags.
func HitFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "paths", Aliases: []string{"f", "filepath-only"}, Usage: "print paths alone", Category: categoryOut},
		&cli.BoolFlag{Name: "0", Aliases: []string{"print0"}, Usage: "end each path with a NUL, for xargs -0", Category: categoryOut},
		&cli.GenericFlag{
			Name: "preview", Aliases: []string{"p"}, Value: new(optional),
			Usage: "show the pictures, in one of these ways (`kitty|iterm2|sixel|blocks`)", DefaultText: "as the terminal can", Category: categoryOut,
		},
		&cli.BoolFlag{Name: "open", Usage: "open the picture, or a page of several, in a viewer", Category: categoryOut},
		&cli.StringFlag{Name: "contact-sheet", Usage: "write the hits as a page or a picture to a .html or .png `FILE`", Category: categoryOut},
	}
}

// optional is the value of a flag that also stands alone: --preview, --preview=kitty.
type optional struct {
	given bool
	value string // "" where the flag stands alone
}

// Set takes what stands behind the equals sign, or "true" where there is none.
func (o *optional) Set(value string) error {
	o.given = value != "false"
	if o.value = value; value == "true" || value == "false" {
		o.value = ""
	}
	return nil
}

// String is the value.
func (o *optional) String() string {
	if o == nil {
		return ""
	}
	return o.value
}

// IsBoolFlag lets the flag stand alone.
func (o *optional) IsBoolFlag() bool { return true }

// optionalOf is the value of an optional flag.
func optionalOf(c *cli.Context, name string) optional {
	if o, ok := c.Generic(name).(*optional); ok && o != nil {
		return *o
	}
	return optional{}
}

// screenOf is how pictures are shown, as the flag says. ok reports whether they are to be.
func (p *Program) screenOf(c *cli.Context) (s preview.Screen, ok bool, err error) {
	o := optionalOf(c, "preview")
	if !o.given {
		return s, false, nil
	}
	forced, err := preview.Parse(o.value)
	if err != nil {
		return s, false, fault.Usagef("", "--preview: %s", err)
	}
	if forced == "" && !IsTerminal(p.Stdout) {
		return preview.Screen{Protocol: preview.None}, true, nil
	}
	columns := previewColumns
	if w := p.width(); w > 0 {
		columns = min(columns, max(1, w-2))
	}
	return preview.NewScreen(forced, p.Getenv, columns), true, nil
}
