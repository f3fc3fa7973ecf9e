package report

import (
	"fmt"
	"html/template"
	"image"
	"io"
	"path/filepath"
	"strings"

	"github.com/sightline/sightline/internal/atomicfile"
)

// Bar is a class and how probable it is, 0 to 1.
type Bar struct {
	Label       string
	Probability float32
}

// Chart is a picture and its classes, the most probable first.
type Chart struct {
	Name  string      // of the picture, for people
	Image image.Image // small; nil where there is none to show
	Bars  []Bar
}

// WriteChartFile writes charts to a file: a drawing where its name ends in .png, else a
// page with a title. The file is written whole or not at all.
func WriteChartFile(path, title string, charts []Chart) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		if strings.EqualFold(filepath.Ext(path), ".png") {
			return WriteChartPNG(w, charts)
		}
		return WriteChartHTML(w, title, charts)
	})
}

// WriteChartHTML writes a page of charts.
func WriteChartHTML(w io.Writer, title string, charts []Chart) error {
	type bar struct {
		Label, Percent string
		Width          float64 // of 100
	}
	type chart struct {
		Name    string
		Picture template.URL
		Bars    []bar
	}
	data := struct {
		Title  string
		Charts []chart
	}{Title: title}
	for _, c := range charts {
		out := chart{Name: c.Name}
		if c.Image != nil {
			code, err := base64JPEG(c.Image)
			if err != nil {
				return fmt.Errorf("%s: %w", c.Name, err)
			}
			out.Picture = template.URL("data:image/jpeg;base64," + code) // of our own making
		}
		for _, b := range c.Bars {
			out.Bars = append(out.Bars, bar{b.Label, percent(b.Probability), float64(b.Probability) * 100})
		}
		data.Charts = append(data.Charts, out)
	}
	t, err := page("chart.html")
	if err != nil {
		return err
	}
	return t.Execute(w, data)
}
