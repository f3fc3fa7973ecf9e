package label

import (
	"embed"
	"fmt"
	"path"
	"strings"
)

//go:embed data/lists/*.yaml
var lists embed.FS

// BundledList is a list of labels that ships with the program.
type BundledList struct {
	Name    string `json:"name"` // to load it by
	Title   string `json:"title"`
	About   string `json:"about"`
	Licence string `json:"licence"` // SPDX identifier
	Labels  int    `json:"labels"`

	text []byte
}

// Text is the list as a YAML file, with its licence.
func (b BundledList) Text() []byte { return b.text }

// List makes the list ready, with the source that Load gives it.
func (b BundledList) List() (*List, error) {
	labels, err := readYAML(b.text)
	if err != nil {
		return nil, err
	}
	return NewList(b.source(), labels)
}

// source names the list in messages and in tag runs.
func (b BundledList) source() string { return b.Name + ", a bundled list" }

// Bundled returns the lists that ship with the program, by name.
func Bundled() ([]BundledList, error) {
	entries, err := lists.ReadDir("data/lists")
	if err != nil {
		return nil, fmt.Errorf("the bundled lists: %w", err)
	}
	var all []BundledList
	for _, e := range entries {
		b, err := bundled(strings.TrimSuffix(e.Name(), path.Ext(e.Name())))
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, nil
}

// BundledNames lists the names of the bundled lists.
func BundledNames() []string {
	entries, err := lists.ReadDir("data/lists")
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), path.Ext(e.Name())))
	}
	return names
}

// FindBundled returns a bundled list, and whether there is one of that name.
func FindBundled(name string) (BundledList, bool) {
	b, err := bundled(name)
	return b, err == nil
}

func bundled(name string) (BundledList, error) {
	if name == "" || strings.ContainsAny(name, `/\.`) {
		return BundledList{}, fmt.Errorf("%w: there is no bundled list %q", ErrInvalid, name)
	}
	text, err := lists.ReadFile("data/lists/" + name + ".yaml")
	if err != nil {
		return BundledList{}, fmt.Errorf("%w: there is no bundled list %q", ErrInvalid, name)
	}
	b := BundledList{Name: name, text: text}
	for line := range strings.Lines(string(text)) {
		key, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "# "), ": ")
		if !ok || !strings.HasPrefix(line, "#") {
			break
		}
		switch key {
		case "title":
			b.Title = value
		case "about":
			b.About = value
		case "licence":
			b.Licence = value
		}
	}
	labels, err := readYAML(text)
	if err != nil {
		return b, fmt.Errorf("the bundled list %s: %w", name, err)
	}
	b.Labels = len(labels)
	return b, nil
}
