package cmdline

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/query/contactsheet"
	"github.com/sightline/sightline/internal/terminal"
)

// sheetSide is the longer side of a picture on a contact sheet, in pixels.
const sheetSide = 400

// sheetOf is the contact sheet of an answer.
func sheetOf(a query.Answer) contactsheet.Sheet {
	s := contactsheet.Sheet{
		Title: fmt.Sprintf("%d pictures", len(a.Hits)),
		Load:  thumbnail,
	}
	if a.Query != "" {
		s.Title = a.Query
	}
	for i, h := range a.Hits {
		p := contactsheet.Picture{Path: h.Path, Note: strings.TrimSpace(copiesOf(a, i))}
		if len(a.Terms) > 0 {
			p.Score = fmt.Sprintf("%.3f", h.Score)
		}
		s.Pictures = append(s.Pictures, p)
	}
	return s
}

// CheckSheet refuses a contact sheet that could not be written, before any work is done.
func CheckSheet(c *cli.Context) error {
	file := c.String("contact-sheet")
	if file == "" {
		return nil
	}
	err := contactsheet.Check(file)
	switch {
	case errors.Is(err, contactsheet.ErrFormat):
		return fault.Usagef("for example: --contact-sheet hits.html", "--contact-sheet: %s", err)
	case errors.Is(err, contactsheet.ErrForeign):
		return fault.Usagef("give another name, or remove that file", "--contact-sheet: %s", err)
	}
	return err
}

// writeSheet writes the contact sheet that the flags ask for.
func (p *Program) writeSheet(c *cli.Context, a query.Answer) error {
	file := c.String("contact-sheet")
	if file == "" {
		return nil
	}
	if err := sheetOf(a).WriteFile(c.Context, file); err != nil {
		return err
	}
	p.Notef("%d pictures are on %s", len(a.Hits), terminal.Safe(file))
	return nil
}

// openHits opens the picture, or a page of several, in the viewer.
func (p *Program) openHits(c *cli.Context, a query.Answer) error {
	cfg, err := p.Config(c)
	if err != nil {
		return err
	}
	if len(a.Hits) == 1 {
		return p.view(cfg, a.Hits[0].Path)
	}
	dir := config.DefaultCache(p.Getenv)
	if dir == "" {
		dir = os.TempDir()
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	page := filepath.Join(dir, "hits.html")
	if err := sheetOf(a).WriteFile(c.Context, page); err != nil {
		return err
	}
	return p.view(cfg, page)
}

// Open opens a file in the viewer that the settings name.
func (p *Program) Open(c *cli.Context, file string) error {
	cfg, err := p.Config(c)
	if err != nil {
		return err
	}
	return p.view(cfg, file)
}

// atOnce is how long a viewer is watched for failing at once.
const atOnce = 300 * time.Millisecond

// view opens a file in the viewer of the settings or of the system. A viewer that stays
// open is not waited for.
func (p *Program) view(cfg config.Config, file string) error {
	viewer := strings.Fields(cfg.Viewer)
	if len(viewer) == 0 {
		viewer = []string{"xdg-open"}
		if runtime.GOOS == "darwin" {
			viewer = []string{"open"}
		}
	}
	cmd := exec.Command(viewer[0], append(viewer[1:], file)...)
	err := cmd.Start()
	if err == nil {
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		select {
		case err = <-done:
		case <-time.After(atOnce):
		}
	}
	if err != nil {
		var missing *exec.Error
		if errors.As(err, &missing) {
			err = missing.Err
		}
		return fault.Fatalf("the setting viewer names the program to open pictures with", "%s cannot be opened with %s: %s", file, viewer[0], err)
	}
	return nil
}

// thumbnail reads a picture for a sheet.
func thumbnail(path string) (image.Image, error) { return imaging.Thumbnail(path, sheetSide) }

// NoteOnce writes a remark to stderr that need not be read twice: a file in the cache
// folder remembers that it was. Without such a folder it comes each time.
func (p *Program) NoteOnce(text string) {
	if p.FirstTime(text) {
		p.Notef("note: %s", text)
	}
}

// FirstTime reports whether a text is about to be said for the first time, and remembers
// that it was.
func (p *Program) FirstTime(text string) bool {
	dir := config.DefaultCache(p.Getenv)
	if dir == "" {
		return true
	}
	dir = filepath.Join(dir, "noted")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return true
	}
	sum := sha256.Sum256([]byte(text))
	f, err := os.OpenFile(filepath.Join(dir, hex.EncodeToString(sum[:8])), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return !errors.Is(err, os.ErrExist)
	}
	return f.Close() == nil
}
