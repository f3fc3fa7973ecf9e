// Package contactsheet puts the hits of a search on one page: HTML, whose pictures link to
// their files, or PNG. The page is a single file that needs nothing from elsewhere.
package contactsheet

import (
	"bytes"
	"context"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"image"
	"image/jpeg"
	"io"
	"path"
	"path/filepath"
	"strings"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/fileurl"
	"github.com/sightline/sightline/internal/terminal"
)

//go:embed template/sheet.html
var templates embed.FS

// ErrFormat says that a file's name ends in neither .html nor .png.
var ErrFormat = errors.New("a contact sheet is a .html or a .png file")

// MaxPNG is how many pictures a PNG takes: more would be taller than most programs open.
const MaxPNG = 300

// MaxHTML is how many pictures a page takes, so that browsers open it.
const MaxHTML = 2000

// thumbnailQuality is that of the JPEGs in a page: at their size nobody sees more.
const thumbnailQuality = 80

// Picture is one on the sheet.
type Picture struct {
	Path  string // absolute
	Score string // as it is shown; "" for none
	Note  string // such as +7 copies; "" for none
}

// Sheet is what a contact sheet shows.
type Sheet struct {
	Title    string
	Pictures []Picture
	// Load reads a picture small. One that cannot be read is a frame with its name.
	Load func(path string) (image.Image, error)
}

// ErrForeign says that a file is there that is no contact sheet.
var ErrForeign = errors.New("a file of that name is there, and it is no contact sheet")

// mark stands near the beginning of every sheet, by which it is known.
const mark = "Sightline contact sheet"

// Check reports, before any work is done, why no sheet is written to a file: its name, its
// folder, or what is there. A sheet replaces another sheet, and nothing else.
func Check(file string) error {
	if err := checkName(file); err != nil {
		return err
	}
	return atomicfile.CheckReplace(file, func(head []byte) error {
		if !bytes.Contains(head, []byte(mark)) {
			return fmt.Errorf("%w: %s", ErrForeign, file)
		}
		return nil
	})
}

func checkName(file string) error {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".html", ".htm", ".png":
		return nil
	}
	return fmt.Errorf("%w, not %s", ErrFormat, file)
}

// WriteFile writes the sheet to a file, whole or not at all.
func (s Sheet) WriteFile(ctx context.Context, file string) error {
	if err := checkName(file); err != nil {
		return err
	}
	absolute, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	return atomicfile.Write(file, func(w io.Writer) error {
		if strings.EqualFold(filepath.Ext(file), ".png") {
			return s.WritePNG(ctx, w)
		}
		return s.WriteHTML(ctx, w, filepath.Dir(absolute))
	})
}

// WriteHTML writes the sheet as a page that will lie in a folder, whose path is absolute.
func (s Sheet) WriteHTML(ctx context.Context, w io.Writer, folder string) error {
	type cell struct {
		Name, Path, Score, Note string
		Link, Image             template.URL
	}
	data := struct {
		Title string
		Cells []cell
		More  int
	}{Title: s.Title}
	for i, p := range s.Pictures {
		if err := ctx.Err(); err != nil {
			return err
		}
		if i == MaxHTML {
			data.More = len(s.Pictures) - i
			break
		}
		c := cell{Name: terminal.Safe(path.Base(p.Path)), Path: terminal.Safe(p.Path), Score: p.Score, Note: p.Note}
		c.Link = template.URL(fileurl.From(folder, p.Path)) // escaped there
		if img, err := s.Load(p.Path); err == nil {
			var b bytes.Buffer
			if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: thumbnailQuality}); err != nil {
				return fmt.Errorf("%s: %w", p.Path, err)
			}
			c.Image = template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(b.Bytes()))
		}
		data.Cells = append(data.Cells, c)
	}
	t, err := template.ParseFS(templates, "template/sheet.html")
	if err != nil {
		return fmt.Errorf("the page of contact sheets: %w", err)
	}
	return t.Execute(w, data)
}
