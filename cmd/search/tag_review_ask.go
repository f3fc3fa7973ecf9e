package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/tagging/corrections"
	"github.com/sightline/sightline/internal/tagging/review"
	"github.com/sightline/sightline/internal/terminal"
	"github.com/sightline/sightline/internal/terminal/preview"
)

// asker asks a person the questions of a session.
type asker struct {
	program *cmdline.Program
	session *review.Session
	json    bool
}

// run asks until the questions, the keys or the person's patience end.
func (a *asker) run(c *cli.Context) error {
	p := a.program
	keys := keysOf(p.Stdin)
	q, ok := a.session.Next()
	for ok {
		if err := c.Context.Err(); err != nil {
			return err
		}
		a.show(q)
		key, err := keys()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("reading the answer: %w", err)
		}
		again := false
		switch key {
		case 'y':
			err = a.say(c, q, corrections.Approved)
		case 'n':
			err = a.say(c, q, corrections.Rejected)
		case 's':
			err = a.session.Skip()
			p.Notef("skipped")
		case 'u':
			var undone review.Question
			if undone, again, err = a.session.Undo(c.Context); again {
				q = undone
				p.Notef("taken back")
			} else {
				p.Notef("there is nothing to undo")
			}
		case 'q', 3, 4: // Ctrl-C and Ctrl-D, which a raw terminal hands over
			return nil
		default:
			p.Notef("y yes, n no, s skip, u undo, q quit")
			continue
		}
		if err != nil {
			return err
		}
		if !again {
			q, ok = a.session.Next()
		}
	}
	if !ok {
		p.Notef("nothing uncertain is left")
	}
	return nil
}

// show asks a question.
func (a *asker) show(q review.Question) {
	p := a.program
	if protocol := preview.Detect(p.Getenv); cmdline.IsTerminal(p.Stderr) && protocol != preview.None {
		img, err := imaging.Thumbnail(q.Picture.Path, reviewSide)
		if err == nil {
			err = preview.Write(p.Stderr, protocol, img, reviewColumns)
		}
		if err != nil {
			p.Notef("(%s)", terminal.Safe(fault.Words(err)))
		}
	}
	p.Notef("%s\n%s? (%.0f %%)  y n s u q", terminal.Safe(q.Picture.Path), terminal.Safe(q.Label), 100*q.Probability)
}

// The size of a preview: pixels that are sent, and columns on the terminal.
const reviewSide, reviewColumns = 480, 48

// say keeps an answer.
func (a *asker) say(c *cli.Context, q review.Question, v corrections.Verdict) error {
	o, err := a.session.Answer(c.Context, v)
	if err != nil {
		return err
	}
	if a.json {
		a.program.PrintJSON(struct {
			Label       string              `json:"label"`
			Path        string              `json:"path"`
			PathBase64  string              `json:"path_base64,omitempty"`
			Verdict     corrections.Verdict `json:"verdict"`
			Probability float32             `json:"probability"` // before the answer
		}{q.Label, q.Picture.Path, query.PathBase64(q.Picture.Path), v, q.Probability})
	}
	if o.InFile {
		a.program.Notef("note: %s is among the keywords of the file itself, and stays there", terminal.Safe(q.Label))
	}
	return nil
}

// keysOf reads single keys: from a terminal without waiting for the end of a line, from
// anything else one after the other, without spaces.
func keysOf(in io.Reader) func() (rune, error) {
	r := bufio.NewReader(in)
	return func() (rune, error) {
		if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			state, err := term.MakeRaw(int(f.Fd()))
			if err != nil {
				return 0, err
			}
			defer func() { _ = term.Restore(int(f.Fd()), state) }() // what is printed needs its ends of lines
		}
		for {
			key, _, err := r.ReadRune()
			if err != nil {
				return 0, err
			}
			if !unicode.IsSpace(key) {
				return unicode.ToLower(key), nil
			}
		}
	}
}
