package explore

import (
	"bytes"
	"context"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"image"
	"image/jpeg"
	"io"
	"path"
	"strings"
)

const (
	// mostThumbs and mostDots bound what a page shows, so that browsers open it however
	// large the collection is.
	mostThumbs = 600
	mostDots   = 60_000
	// mapSide is the side of the map in its own units, and mapMargin what is around it.
	mapSide, mapMargin = 1000, 40

	thumbnailQuality = 80 // of JPEG
)

//go:embed page/page.html
var pages embed.FS

// Picture is what a page shows of a picture.
type Picture struct {
	Path  string
	Image image.Image // small; nil where it cannot be read any more
}

// The page as its template sees it.
type (
	pageCluster struct {
		*Cluster
		Title  string
		Colour template.CSS
		Thumbs []pageThumb
		Parts  []pageCluster
	}
	pageThumb struct {
		Path, Name string
		Source     template.URL // "" where there is no picture
	}
	pageDots struct {
		Cluster pageCluster
		Path    string // of SVG
		X, Y    int
	}
)

// WritePage writes the map and the clusters as one HTML page, which needs nothing from
// elsewhere and runs no code. pictures looks up what it shows of some ids, those that are
// there.
func (m *Map) WritePage(ctx context.Context, w io.Writer, pictures func(ctx context.Context, ids []string) (map[string]Picture, error)) error {
	left := mostThumbs
	var build func(parent int) ([]pageCluster, error)
	build = func(parent int) ([]pageCluster, error) {
		var out []pageCluster
		for n, i := range m.Parts(parent) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			c := pageCluster{Cluster: &m.Clusters[i], Title: m.Clusters[i].Title(), Colour: colourOf(n)}
			ids := c.Representatives[:min(len(c.Representatives), left)]
			found, err := pictures(ctx, ids)
			if err != nil {
				return nil, err
			}
			for _, id := range ids {
				if p, ok := found[id]; ok {
					left--
					thumb, err := newThumb(p)
					if err != nil {
						return nil, err
					}
					c.Thumbs = append(c.Thumbs, thumb)
				}
			}
			out = append(out, c)
		}
		return out, nil
	}
	// Level by level, so that the small ones go without pictures and not the last.
	tops, err := build(-1)
	if err != nil {
		return err
	}
	places := m.Parts(-1)
	for i := range tops {
		if tops[i].Parts, err = build(places[i]); err != nil {
			return err
		}
	}
	for i := range tops {
		for j, place := range m.Parts(places[i]) {
			if tops[i].Parts[j].Parts, err = build(place); err != nil {
				return err
			}
		}
	}
	t, err := template.ParseFS(pages, "page/page.html")
	if err != nil {
		return err
	}
	dots, shown := m.dots(tops)
	return t.Execute(w, struct {
		Map      *Map
		Model    string
		Time     string
		Box      int // the side of what is seen: the map and its margins
		Dots     []pageDots
		Shown    int
		Clusters []pageCluster
	}{m, m.Model.Label(), m.Created.UTC().Format("2006-01-02 15:04 UTC"), mapSide + 2*mapMargin, dots, shown, tops})
}

// dots draws the pictures of each cluster of the first level as one path of dots, and says
// how many pictures that are.
func (m *Map) dots(tops []pageCluster) (out []pageDots, shown int) {
	every := max(1, (len(m.rows)+mostDots-1)/mostDots)
	points := m.Points()
	for _, c := range tops {
		x, y := m.Place(c.At)
		d := pageDots{Cluster: c, X: int(x * mapSide), Y: int(y * mapSide)}
		var b strings.Builder
		for i := c.first; i < c.last; i += every {
			fmt.Fprintf(&b, "M%.1f %.1fh0", points[i].X*mapSide, points[i].Y*mapSide)
			shown++
		}
		d.Path = b.String()
		out = append(out, d)
	}
	return out, shown
}

// colourOf is one of many colours that are easy to tell from those before: hues that are
// the golden angle apart.
func colourOf(n int) template.CSS {
	return template.CSS(fmt.Sprintf("hsl(%d 65%% %d%%)", n*137%360, 45+n/3%3*8))
}

func newThumb(p Picture) (pageThumb, error) {
	t := pageThumb{Path: p.Path, Name: path.Base(p.Path)}
	if p.Image == nil {
		return t, nil
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p.Image, &jpeg.Options{Quality: thumbnailQuality}); err != nil {
		return t, fmt.Errorf("%s: %w", p.Path, err)
	}
	// Nothing but base64 goes into the address.
	t.Source = template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(b.Bytes()))
	return t, nil
}
