package contactsheet

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func wide(c color.Color) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, 400, 100))
	for i := range 400 * 100 {
		img.Set(i%400, i/400, c)
	}
	return img
}

func TestHTML(t *testing.T) {
	dir := t.TempDir()
	s := Sheet{
		Title: `<script>alert(1)</script>`,
		Pictures: []Picture{
			{Path: dir + "/a b.jpg", Score: "0.250", Note: "+7 copies"}, {Path: "/elsewhere/100%.jpg"},
			{Path: dir + `/"><img src=x onerror=alert(1)>.jpg`}, {Path: dir + "/javascript:alert(1)"}, {Path: "/broken.jpg"},
		},
		Load: func(p string) (image.Image, error) {
			if strings.Contains(p, "broken") {
				return nil, errors.New("broken")
			}
			return wide(color.Black), nil
		},
	}
	file := filepath.Join(dir, "out.html")
	if err := s.WriteFile(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var links []string
	images := 0
	for z := html.NewTokenizer(bytes.NewReader(page)); ; {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		tok := z.Token()
		if tok.Data == "script" && kind == html.StartTagToken {
			t.Error("the page has a script")
		}
		for _, a := range tok.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"):
				t.Errorf("<%s %s>", tok.Data, a.Key)
			case a.Key == "href":
				links = append(links, a.Val)
			case a.Key == "src":
				images++
				if !strings.HasPrefix(a.Val, "data:image/jpeg;base64,") {
					t.Errorf("src %.40s", a.Val)
				}
			}
		}
	}
	if len(links) != 5 || links[0] != "a%20b.jpg" || links[1] != "file:///elsewhere/100%25.jpg" || images != 4 {
		t.Errorf("links %q, %d images", links, images)
	}
	for _, l := range links {
		if strings.HasPrefix(strings.ToLower(l), "javascript:") {
			t.Errorf("a link runs: %s", l)
		}
	}
	for _, want := range []string{"0.250", "+7 copies", "cannot be read", "object-fit: contain"} {
		if !strings.Contains(html.UnescapeString(string(page)), want) {
			t.Errorf("%q is not on the page", want)
		}
	}
}

// A picture is shown whole, and in its place.
func TestPNG(t *testing.T) {
	s := Sheet{Load: func(string) (image.Image, error) { return wide(color.NRGBA{200, 0, 0, 255}), nil }}
	for range 6 {
		s.Pictures = append(s.Pictures, Picture{Path: "/a/" + strings.Repeat("long", 40) + ".jpg", Score: "0.1"})
	}
	file := filepath.Join(t.TempDir(), "out.png")
	if err := s.WriteFile(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if b := img.Bounds(); b.Dx() != 5*(side+margin)+margin || b.Dy() != 2*(side+2*lineHeight+margin)+margin {
		t.Errorf("%v", b)
	}
	at := func(x, y int) color.NRGBA { return color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA) }
	middle := at(margin+side/2, margin+side/2)
	if middle.R < 180 || middle.G > 20 || at(margin+2, margin+2) != track || at(margin+2, margin+side/2).R < 180 {
		t.Errorf("middle %v, corner %v", middle, at(margin+2, margin+2))
	}
	s.Pictures = nil
	if err := s.WriteFile(t.Context(), file); err == nil {
		t.Error("a sheet of nothing")
	}
	if err := s.WriteFile(t.Context(), "out.pdf"); !errors.Is(err, ErrFormat) {
		t.Errorf("%v", err)
	}
}
