package report

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"image"
	"io"
	"path/filepath"
	"strings"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/imaging"
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

// ErrPicture says that a picture is there that is no chart.
var ErrPicture = errors.New("a picture of that name is there, and it is no chart")

// chartMark stands near the beginning of a chart that is a PNG.
const chartMark = "Sightline chart"

// CheckChart reports, before any work is done, why no chart is written to a file: its
// folder, or a picture that is there. A chart replaces another, and no photo.
func CheckChart(path string) error {
	return atomicfile.CheckReplace(path, func(head []byte) error {
		switch imaging.KindOf("", head[:min(64, len(head))]) {
		case imaging.KindPicture, imaging.KindRAW:
			if !bytes.Contains(head, []byte(chartMark)) {
				return fmt.Errorf("%w: %s", ErrPicture, path)
			}
		}
		return nil
	})
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
