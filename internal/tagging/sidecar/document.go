package sidecar

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sightline/sightline/internal/label"
)

// property is the name of one of the lists that we read and write.
type property struct{ space, prefix, name string }

var (
	dcSubject    = property{nsDC, "dc", "subject"}
	lrHierarchy  = property{nsLR, "lr", "hierarchicalSubject"}
	ourSubject   = property{Namespace, "sightline", "subject"}
	ourHierarchy = property{Namespace, "sightline", "hierarchicalSubject"}
)

// properties is the order in which they are written.
var properties = []property{dcSubject, lrHierarchy, ourSubject, ourHierarchy}

// span is a stretch of the document.
type span struct{ from, to int }

// document is a sidecar as text, with the places that matter.
type document struct {
	text    []byte
	newline string
	rdf     span   // between the tags of rdf:RDF
	prefix  string // of the RDF namespace, usually "rdf"
	about   string // what all descriptions are about, usually nothing
	lists   map[property]*list
	block   span // the rdf:Description that we made; empty if there is none
}

// list is one array of the document.
type list struct {
	open   span   // start tag of rdf:Bag; equal to the whole element if it is <rdf:Bag/>
	closed bool   // it is
	tag    string // of the items, usually "rdf:li"
	inside bool   // of our own block, or not in the document at all
	items  []*item
}

// item is an entry of a list. One that is new has no place in the document.
type item struct {
	span
	text string
	drop bool
}

func (l *list) has(folded string) bool {
	return slices.ContainsFunc(l.items, func(it *item) bool {
		return !it.drop && label.Fold(strings.TrimSpace(it.text)) == folded
	})
}

func (l *list) add(text string) { l.items = append(l.items, &item{text: text}) }

// drop takes one entry out: the last that is equal, which is where we put ours.
func (l *list) drop(text string) {
	for _, it := range slices.Backward(l.items) {
		if !it.drop && it.text == text {
			it.drop = true
			return
		}
	}
}

// kept lists what stays.
func (l *list) kept() []string {
	var out []string
	for _, it := range l.items {
		if !it.drop {
			out = append(out, it.text)
		}
	}
	return out
}

// element is an open element while reading.
type element struct {
	name  xml.Name
	tag   span // the start tag
	about string
	text  strings.Builder
	ours  int // children that we may have made
	other int // children and attributes that are not ours
	array *list
}

// parse finds the lists of a sidecar.
func parse(text []byte) (*document, error) {
	d := &document{text: text, newline: "\n", lists: make(map[property]*list)}
	if bytes.Contains(text, []byte("\r\n")) {
		d.newline = "\r\n"
	}
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("%w: it is not UTF-8", ErrUnusable)
	}
	r := reader{document: d}
	dec := xml.NewDecoder(bytes.NewReader(text))
	for {
		from := int(dec.InputOffset())
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: not XML: %w", ErrUnusable, err)
		}
		if err := r.token(tok, span{from, int(dec.InputOffset())}); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnusable, err)
		}
	}
	if r.rdfs != 1 || d.rdf.to == 0 {
		return nil, fmt.Errorf("%w: it holds no rdf:RDF, or several", ErrUnusable)
	}
	for _, p := range properties {
		switch l := d.lists[p]; {
		case l == nil:
			d.lists[p] = &list{inside: true}
		case l.tag == "":
			return nil, fmt.Errorf("%w: its %s:%s is no list", ErrUnusable, p.prefix, p.name)
		}
	}
	return d, nil
}

// reader follows the elements of a document.
type reader struct {
	*document
	stack []*element
	rdfs  int
	seen  bool // a description, whose subject is that of all
}

// maxDepth is far deeper than XMP is nested.
const maxDepth = 100

func (r *reader) token(tok xml.Token, at span) error {
	switch tok := tok.(type) {
	case xml.StartElement:
		if len(r.stack) == maxDepth {
			return errors.New("it is nested too deeply")
		}
		return r.start(tok, at)
	case xml.EndElement:
		r.end(at)
	case xml.CharData:
		if n := len(r.stack); n > 0 {
			r.stack[n-1].text.Write(tok)
		}
	case xml.Directive:
		return errors.New("it has a document type declaration")
	}
	return nil
}

// is reports whether the open element i levels up, 0 for the innermost, is RDF's name.
func (r *reader) is(i int, name string) bool {
	i = len(r.stack) - 1 - i
	return i >= 0 && r.stack[i].name == xml.Name{Space: nsRDF, Local: name}
}

func (r *reader) start(tok xml.StartElement, at span) error {
	e := &element{name: tok.Name, tag: at}
	rdf := tok.Name.Space == nsRDF
	switch {
	case rdf && tok.Name.Local == "RDF":
		r.rdfs++
		r.prefix, _ = r.rawName(at)
		if r.selfClosed(at) {
			return errors.New("its rdf:RDF is empty")
		}
		r.rdf.from = at.to
	case rdf && tok.Name.Local == "Description" && r.is(0, "RDF"):
		for _, a := range tok.Attr {
			switch {
			case a.Name == xml.Name{Space: nsRDF, Local: "about"}:
				e.about = a.Value
			case a.Name.Space != "xmlns" && a.Name.Local != "xmlns":
				e.other++
				if a.Name.Space == nsDC && a.Name.Local == "subject" {
					return errors.New("its dc:subject is no list")
				}
			}
		}
		if !r.seen {
			r.seen, r.about = true, e.about
		}
	case r.is(0, "Description") && r.is(1, "RDF"):
		r.child(tok, e)
	case r.is(1, "Description") && r.is(2, "RDF") && rdf:
		r.array(tok, e, at)
	}
	r.stack = append(r.stack, e)
	return nil
}

// child is a property of the picture.
func (r *reader) child(tok xml.StartElement, e *element) {
	parent := r.stack[len(r.stack)-1]
	i := slices.IndexFunc(properties, func(p property) bool {
		return p.space == tok.Name.Space && p.name == tok.Name.Local
	})
	switch {
	case i < 0:
		parent.other++
	default:
		if properties[i].space == Namespace {
			parent.ours++
		}
		if r.lists[properties[i]] == nil {
			e.array = &list{}
			r.lists[properties[i]] = e.array
		} else {
			e.array = r.lists[properties[i]] // a second list, which should not be: its items count
			parent.other++
		}
	}
}

// array is the rdf:Bag of a property.
func (r *reader) array(tok xml.StartElement, e *element, at span) {
	l := r.stack[len(r.stack)-1].array
	if l == nil || l.tag != "" || !slices.Contains([]string{"Bag", "Seq", "Alt"}, tok.Name.Local) {
		return
	}
	prefix, _ := r.rawName(at)
	l.tag = "li"
	if prefix != "" {
		l.tag = prefix + ":li"
	}
	l.open, l.closed = at, r.selfClosed(at)
}

func (r *reader) end(at span) {
	n := len(r.stack) - 1
	e := r.stack[n]
	r.stack = r.stack[:n]
	switch {
	case e.name == xml.Name{Space: nsRDF, Local: "RDF"}:
		r.rdf.to = at.from
	case e.name == xml.Name{Space: nsRDF, Local: "li"} && n >= 2 && r.stack[n-2].array != nil:
		l := r.stack[n-2].array
		l.items = append(l.items, &item{span: span{e.tag.from, at.to}, text: e.text.String()})
	case e.name == xml.Name{Space: nsRDF, Local: "Description"} && r.is(0, "RDF") && e.ours > 0 && e.other == 0:
		r.block = span{e.tag.from, at.to}
		for _, l := range r.lists {
			l.inside = l.inside || e.tag.from <= l.open.from && l.open.from < at.to
		}
	}
}

// rawName is an element's name as it is written.
func (r *reader) rawName(at span) (prefix, local string) {
	name := string(r.text[at.from+1 : at.to])
	name = name[:strings.IndexAny(name, " \t\r\n/>")]
	if before, after, ok := strings.Cut(name, ":"); ok {
		return before, after
	}
	return "", name
}

func (r *reader) selfClosed(at span) bool {
	return at.to-2 >= at.from && r.text[at.to-2] == '/'
}
