// Package report draws what a model says about pictures for people to look at: bar
// charts of class probabilities beside each picture, as PNG or HTML, and a page about
// a tagging run. The pages are single files that need nothing from elsewhere.
package report

import (
	"bytes"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"image"
	"image/jpeg"
)

//go:embed template/*.html
var templates embed.FS

// page parses one of the pages. Everything that is put into it is escaped for where
// it stands by html/template.
func page(name string) (*template.Template, error) {
	t, err := template.ParseFS(templates, "template/"+name)
	if err != nil {
		return nil, fmt.Errorf("page %s: %w", name, err)
	}
	return t, nil
}

// thumbnailQuality is that of embedded JPEGs: at their size nobody sees more.
const thumbnailQuality = 80

// base64JPEG is a picture as it is put into a page.
func base64JPEG(img image.Image) (string, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: thumbnailQuality}); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// percent writes a probability for people: whole where it is all but certain.
func percent(p float32) string {
	switch v := float64(p) * 100; {
	case v >= 99.95:
		return "100 %"
	case v > 0 && v < 0.1:
		return "< 0.1 %"
	default:
		return fmt.Sprintf("%.1f %%", v)
	}
}
