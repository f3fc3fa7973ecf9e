package report

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"image"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/fileurl"
)

// What a page about a run shows at most, so that browsers open it however large the
// collection is.
const (
	bestOfLabel   = 8   // pictures of a label
	shownLabels   = 250 // labels with pictures; the others are listed with their counts
	shownPictures = 400 // pictures with their labels
)

// Facts are what a page says about a run.
type Facts struct {
	Run, Model, Labels, Time, Direction string
	Templates                           []string
	Pictures, Tagged, Tags              int64
}

// Tag is a label on a picture.
type Tag struct {
	Label       string
	Probability float32
}

// RunPage collects what a page about a tagging run shows. Memory grows with the
// number of labels, not with that of the pictures.
type RunPage struct {
	labels   map[string]*labelSection
	pictures []taggedPicture
	shown    map[string]int // of pictures, by content
}

// Picture is a file that a page shows. Those of equal content are shown once.
type Picture struct {
	Path    string // absolute
	Content string // equal for equal files; "" where that is not known
}

type labelSection struct {
	name  string
	count int64
	best  []bestPicture
}

type bestPicture struct {
	Picture
	probability float32
	copies      int
}

type taggedPicture struct {
	Picture
	tags   []Tag
	copies int
}

// NewRunPage returns an empty page.
func NewRunPage() *RunPage {
	return &RunPage{labels: make(map[string]*labelSection), shown: make(map[string]int)}
}

// Add takes a picture with its tags.
func (p *RunPage) Add(pic Picture, tags []Tag) {
	for _, t := range tags {
		s := p.labels[t.Label]
		if s == nil {
			s = &labelSection{name: t.Label}
			p.labels[t.Label] = s
		}
		s.add(bestPicture{Picture: pic, probability: t.Probability})
	}
	if pic.Content != "" {
		if i, ok := p.shown[pic.Content]; ok {
			p.pictures[i].copies++
			return
		}
	}
	// Pictures come in the order of their ids, which are hashes: the first of them are
	// as good as drawn by lot.
	if len(p.pictures) < shownPictures {
		if pic.Content != "" {
			p.shown[pic.Content] = len(p.pictures)
		}
		p.pictures = append(p.pictures, taggedPicture{Picture: pic, tags: slices.Clone(tags)})
	}
}

func (s *labelSection) add(b bestPicture) {
	s.count++
	if i := slices.IndexFunc(s.best, func(x bestPicture) bool { return b.Content != "" && x.Content == b.Content }); i >= 0 {
		s.best[i].copies++ // equal files have equal embeddings, and so the same place
		return
	}
	at, _ := slices.BinarySearchFunc(s.best, b, func(x, y bestPicture) int {
		return cmp.Or(cmp.Compare(y.probability, x.probability), strings.Compare(x.Path, y.Path))
	})
	if at < bestOfLabel {
		s.best = slices.Insert(s.best, at, b)
		s.best = s.best[:min(len(s.best), bestOfLabel)]
	}
}

// sections lists the labels, the most frequent first.
func (p *RunPage) sections() []*labelSection {
	var all []*labelSection
	for _, s := range p.labels {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *labelSection) int {
		return cmp.Or(cmp.Compare(b.count, a.count), strings.Compare(a.name, b.name))
	})
	return all
}

// The page as its template sees it. Each picture is in the page once, as a rule of
// the style sheet that every place where it is shown refers to.
type (
	pageThumb struct {
		Class, Path, Name, Percent string
		Link                       template.URL
		Copies                     int
	}
	pageLabel struct {
		Name  string
		Count int64
		Best  []pageThumb
	}
	pagePicture struct {
		pageThumb
		Tags []struct{ Label, Percent string }
	}
)

// thumbs numbers the pictures of a page.
type thumbs struct {
	class map[string]string
	rules []template.CSS
	load  func(path string) (image.Image, error)
	// folder is where the page lies, absolute: links are relative to it where they can be.
	folder string
}

// show returns how a picture is referred to. One that cannot be read any more is an
// empty frame with its name.
func (t *thumbs) show(file, text string, copies int) (pageThumb, error) {
	class, ok := t.class[file]
	if !ok {
		if img, err := t.load(file); err == nil {
			code, err := base64JPEG(img)
			if err != nil {
				return pageThumb{}, fmt.Errorf("%s: %w", file, err)
			}
			class = fmt.Sprintf("p%d", len(t.rules))
			// Nothing but base64 goes into the rule.
			t.rules = append(t.rules, template.CSS("."+class+"{background-image:url(data:image/jpeg;base64,"+code+")}"))
		}
		t.class[file] = class
	}
	link := template.URL(fileurl.From(t.folder, file)) // escaped there
	return pageThumb{Class: class, Path: file, Name: path.Base(file), Percent: text, Link: link, Copies: copies}, nil
}

// Write writes the page, which is to lie in a folder whose path is absolute. load reads a
// picture small.
func (p *RunPage) Write(ctx context.Context, w io.Writer, folder string, facts Facts, load func(path string) (image.Image, error)) error {
	t := &thumbs{class: make(map[string]string), load: load, folder: folder}
	data := struct {
		Facts    Facts
		Labels   []pageLabel
		Others   []pageLabel // with their counts alone
		Pictures []pagePicture
		All      bool // every tagged picture is shown
		Rules    []template.CSS
	}{Facts: facts, All: facts.Tagged <= shownPictures}
	for i, s := range p.sections() {
		label := pageLabel{Name: s.name, Count: s.count}
		if i >= shownLabels {
			data.Others = append(data.Others, label)
			continue
		}
		for _, b := range s.best {
			if err := ctx.Err(); err != nil {
				return err
			}
			thumb, err := t.show(b.Path, percent(b.probability), b.copies)
			if err != nil {
				return err
			}
			label.Best = append(label.Best, thumb)
		}
		data.Labels = append(data.Labels, label)
	}
	pictures := slices.SortedFunc(slices.Values(p.pictures), func(a, b taggedPicture) int { return strings.Compare(a.Path, b.Path) })
	for _, pic := range pictures {
		if err := ctx.Err(); err != nil {
			return err
		}
		thumb, err := t.show(pic.Path, "", pic.copies)
		if err != nil {
			return err
		}
		out := pagePicture{pageThumb: thumb}
		for _, tag := range pic.tags {
			out.Tags = append(out.Tags, struct{ Label, Percent string }{tag.Label, percent(tag.Probability)})
		}
		data.Pictures = append(data.Pictures, out)
	}
	data.Rules = t.rules
	tmpl, err := page("run.html")
	if err != nil {
		return err
	}
	return tmpl.Execute(w, data)
}
