package report

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func picture(w, h int, c color.Color) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, c)
		}
	}
	return img
}

// hostile are names that would run as code, break out of an attribute or end the
// style sheet, were they not escaped.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`,
	`</style><script>alert(1)</script>`, `javascript:alert(1)`, "{{.}}", `a&lt;b`, "\xff\xfe.jpg", `](x)`, "`${1}`",
}

// checkPage parses a page and fails on anything that could only come from a name that
// was not escaped, or that is loaded from elsewhere.
func checkPage(t *testing.T, page []byte) (text string) {
	t.Helper()
	z := html.NewTokenizer(bytes.NewReader(page))
	var b strings.Builder
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			b.WriteString(z.Token().Data)
		case html.StartTagToken, html.SelfClosingTagToken:
			tok := z.Token()
			if tok.Data == "script" {
				t.Errorf("the page has a script")
			}
			for _, a := range tok.Attr {
				if strings.HasPrefix(a.Key, "on") {
					t.Errorf("<%s %s>", tok.Data, a.Key)
				}
				if a.Key == "href" && tok.Data == "a" {
					if u, err := url.Parse(a.Val); err != nil || u.Scheme != "" && u.Scheme != "file" || u.Host != "" {
						t.Errorf("a link to %.40q", a.Val)
					}
					continue
				}
				if (a.Key == "src" || a.Key == "href") && !strings.HasPrefix(a.Val, "data:image/jpeg;base64,") {
					t.Errorf("<%s %s=%.40q>", tok.Data, a.Key, a.Val)
				}
			}
		}
	}
}

func TestChartHTMLEscapes(t *testing.T) {
	var charts []Chart
	for _, name := range hostile {
		charts = append(charts, Chart{Name: name, Image: picture(8, 6, color.White), Bars: []Bar{{name, 0.5}}})
	}
	var out bytes.Buffer
	if err := WriteChartHTML(&out, hostile[0], charts); err != nil {
		t.Fatal(err)
	}
	text := checkPage(t, out.Bytes())
	for _, name := range hostile {
		if want := strings.ToValidUTF8(name, "\ufffd"); !strings.Contains(text, want) && !strings.Contains(text, name) {
			t.Errorf("%q is not on the page", name)
		}
	}
}

func TestRunPageEscapes(t *testing.T) {
	p := NewRunPage()
	for _, name := range hostile {
		p.Add(Picture{Path: "/p/" + name}, []Tag{{name, 0.5}})
	}
	facts := Facts{Run: hostile[0], Model: hostile[1], Labels: hostile[2], Templates: hostile, Tagged: int64(len(hostile))}
	var out bytes.Buffer
	if err := p.Write(t.Context(), &out, "/p", facts, func(string) (image.Image, error) { return picture(8, 6, color.Black), nil }); err != nil {
		t.Fatal(err)
	}
	checkPage(t, out.Bytes())
}

func TestRunPage(t *testing.T) {
	p := NewRunPage()
	const pictures = 1000
	for i := range pictures {
		tags := []Tag{{"beach", float32(i) / pictures}}
		if i%10 == 0 {
			tags = append(tags, Tag{"dog", 0.5})
		}
		p.Add(Picture{Path: fmt.Sprintf("/p/%04d.jpg", i)}, tags)
	}
	for i := range shownLabels {
		p.Add(Picture{Path: "/p/many.jpg"}, []Tag{{fmt.Sprintf("rare %d", i), 1}})
	}
	loaded := make(map[string]int)
	var out bytes.Buffer
	err := p.Write(t.Context(), &out, "/p", Facts{Tagged: pictures + 1}, func(path string) (image.Image, error) {
		if loaded[path]++; path == "/p/0999.jpg" {
			return nil, errors.New("the file is gone")
		}
		return picture(16, 9, color.Black), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for path, n := range loaded {
		if n != 1 {
			t.Errorf("%s was read %d times", path, n)
		}
	}
	if n := len(loaded); n > shownPictures+bestOfLabel*3 {
		t.Errorf("%d pictures were read", n)
	}
	text := checkPage(t, out.Bytes())
	for _, want := range []string{"beach 1000", "dog 100", "99.9 % 0999.jpg", "99.2 % 0992.jpg", "More labels", "400 of them, drawn by lot"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	if strings.Contains(text, "0991.jpg") && strings.Contains(text, "99.1 % 0991.jpg") {
		t.Error("a label shows more than its best pictures")
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := p.Write(ctx, &out, "/p", Facts{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestNoTags(t *testing.T) {
	var out bytes.Buffer
	if err := NewRunPage().Write(t.Context(), &out, "/p", Facts{}, nil); err != nil {
		t.Fatal(err)
	}
	if text := checkPage(t, out.Bytes()); !strings.Contains(text, "No picture got a label") {
		t.Error(text)
	}
}

func TestChartPNG(t *testing.T) {
	red := color.NRGBA{200, 10, 10, 255}
	charts := []Chart{
		{Name: "wide.jpg", Image: picture(400, 100, red), Bars: []Bar{{"all", 1}, {"half", 0.5}, {"none", 0}}},
		{Name: strings.Repeat("long", 500) + ".jpg", Image: picture(3, 900, red), Bars: []Bar{{strings.Repeat("W", 5000), 2}}},
		{Name: "none"},
	}
	var out bytes.Buffer
	if err := WriteChartPNG(&out, charts); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&out)
	if err != nil {
		t.Fatal(err)
	}
	if w := img.Bounds().Dx(); w != chartWidth {
		t.Errorf("%d pixels wide", w)
	}
	is := func(x, y int, want color.Color) bool {
		r, g, b, _ := img.At(x, y).RGBA()
		wr, wg, wb, _ := want.RGBA()
		return r>>8 == wr>>8 && g>>8 == wg>>8 && b>>8 == wb>>8
	}
	if !is(margin*2+200, margin*2+60, red) {
		t.Error("the first picture is not where it should be")
	}
	// The bars of the first chart: where they begin, and where their halves are.
	card := margin + charts[0].height()/2 - len(charts[0].Bars)*barPitch/2
	left := margin*3 + pictureSide + labelWidth
	right := chartWidth - 2*margin - percentWidth
	for i, want := range []struct {
		at   int
		what color.Color
	}{{right - 20, bestColor}, {(left+right)/2 - 20, barColor}, {left + 20, trackColor}} {
		if y := card + i*barPitch + barPitch/2; !is(want.at, y, want.what) {
			t.Errorf("bar %d: the colour at %d, %d is %v", i, want.at, y, img.At(want.at, y))
		}
	}
	if y := card + barPitch + barPitch/2; !is((left+right)/2+60, y, trackColor) {
		t.Error("a bar of a half is too long")
	}
	for _, n := range []int{0, MaxChartsPNG + 1} {
		if err := WriteChartPNG(&out, make([]Chart, n)); err == nil {
			t.Errorf("%d pictures were drawn", n)
		}
	}
}

func TestPercent(t *testing.T) {
	for p, want := range map[float32]string{0: "0.0 %", 0.0004: "< 0.1 %", 0.5: "50.0 %", 0.9994: "99.9 %", 0.99999: "100 %", 1: "100 %"} {
		if got := percent(p); got != want {
			t.Errorf("%v: %q, want %q", p, got, want)
		}
	}
}

func TestWriteChartFile(t *testing.T) {
	charts := []Chart{{Name: "a.jpg", Bars: []Bar{{"red", 0.7}}}}
	for name, want := range map[string]string{"c.PNG": "\x89PNG", "c.html": "<!"} {
		path := filepath.Join(t.TempDir(), name)
		if err := WriteChartFile(path, "colours", charts); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil || !bytes.HasPrefix(data, []byte(want)) {
			t.Errorf("%s: %v, %.20q", name, err, data)
		}
	}
	if err := WriteChartFile(filepath.Join(t.TempDir(), "none", "c.html"), "", charts); err == nil {
		t.Error("a chart was written into a folder that is not there")
	}
}

// Pictures are links, and equal files are one.
func TestRunPageLinksAndCopies(t *testing.T) {
	p := NewRunPage()
	for _, pic := range []Picture{{"/p/a b.jpg", "x"}, {"/q/copy.jpg", "x"}, {"/q/copy 2.jpg", "x"}, {"/q/other.jpg", "y"}, {"/p/no hash.jpg", ""}} {
		p.Add(pic, []Tag{{"sea", 0.5}})
	}
	var out bytes.Buffer
	if err := p.Write(t.Context(), &out, "/p", Facts{Tagged: 5}, func(string) (image.Image, error) { return picture(8, 6, color.Black), nil }); err != nil {
		t.Fatal(err)
	}
	checkPage(t, out.Bytes())
	for want, n := range map[string]int{`href="a%20b.jpg"`: 2, `href="file:///q/other.jpg"`: 2, `href="file:///q/copy`: 0, "+2 copies": 2, "contain no-repeat": 1, "sea <small>5": 1} {
		if got := bytes.Count(out.Bytes(), []byte(want)); got != n {
			t.Errorf("%s: %d times, want %d", want, got, n)
		}
	}
}
