package report

import (
	"context"
	"html/template"
	"image"
	"io"
)

// EvalPage is a page about how well searching and labelling do: tables of figures, and
// pictures of the worst mistakes.
type EvalPage struct {
	Title     string
	Facts     []Fact
	Tables    []Table
	Galleries []Gallery
}

// Fact is a line of what the page is about.
type Fact struct{ Name, Value string }

// Table is figures.
type Table struct {
	Title, Note string
	Head        []string
	Rows        [][]string
}

// Gallery is rows of pictures.
type Gallery struct {
	Title, Note string
	Rows        []GalleryRow
}

// GalleryRow is some pictures with a heading, which may be empty.
type GalleryRow struct {
	Title    string
	Pictures []Shown
}

// Shown is a picture with a remark.
type Shown struct{ Path, Text string }

// Write writes the page. load reads a picture small. Each picture is in the page once.
func (p *EvalPage) Write(ctx context.Context, w io.Writer, load func(path string) (image.Image, error)) error {
	type row struct {
		Title  string
		Thumbs []pageThumb
	}
	type gallery struct {
		Title, Note string
		Rows        []row
	}
	t := &thumbs{class: make(map[string]string), load: load}
	data := struct {
		*EvalPage
		Galleries []gallery
		Rules     []template.CSS
	}{EvalPage: p}
	for _, g := range p.Galleries {
		out := gallery{Title: g.Title, Note: g.Note}
		for _, r := range g.Rows {
			line := row{Title: r.Title}
			for _, s := range r.Pictures {
				if err := ctx.Err(); err != nil {
					return err
				}
				thumb, err := t.show(s.Path, s.Text, 0)
				if err != nil {
					return err
				}
				line.Thumbs = append(line.Thumbs, thumb)
			}
			out.Rows = append(out.Rows, line)
		}
		data.Galleries = append(data.Galleries, out)
	}
	data.Rules = t.rules
	tmpl, err := page("eval.html")
	if err != nil {
		return err
	}
	return tmpl.Execute(w, data)
}
