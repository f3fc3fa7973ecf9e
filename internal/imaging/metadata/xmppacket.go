package metadata

import (
	"encoding/xml"
	"strings"
)

// packet is where one is in an XMP packet. Only properties of the picture itself
// count, those of an rdf:Description that stands in rdf:RDF; structures inside them
// (the history, other pictures) have properties of the same names.
//
// A value is a text, or a node: a list (rdf:Bag, rdf:Seq, rdf:Alt) of values, or an
// rdf:Description whose rdf:value is the value that its other properties qualify. RDF
// has several ways to write each: items are rdf:li or rdf:_1, elements or attributes,
// and rdf:parseType="Resource" leaves out the element of the node.
type packet struct {
	c     *collector
	found bool // an rdf:RDF, or a description without one

	path     []element
	property xml.Name // the property one is in
	items    int      // of the property
	values   alternatives
}

// element is one that is open.
type element struct {
	role   role
	inside role // what its elements take it for: of a value whose node is left out, a node
	// Of properties and items:
	text     []byte
	language string
}

// role is what an element means by its place.
type role uint8

const (
	outside     role = iota // above or beside rdf:RDF
	inRDF                   // rdf:RDF
	description             // rdf:Description in it, or a typed node in its place
	property                // of the picture: a value
	item                    // of a list: a value too
	node                    // what a value is made of
	value                   // rdf:value, or markup in a literal: its text is the value's
	foreign                 // a property of something else
)

// alternatives is the text of a property in several languages: the default one where
// there is one, else the first.
type alternatives struct {
	first, byDefault string
}

// start opens an element. It reports false where elements are nested too deeply.
func (p *packet) start(t xml.StartElement) bool {
	name, above := canonical(t.Name), outside
	if n := len(p.path); n > 0 {
		above = p.path[n-1].inside
	}
	if len(p.path) == maxXMPDepth {
		return false
	}
	e := element{role: roleOf(name, above)}
	e.inside = e.role
	switch e.role {
	case inRDF:
		p.found = true
	case description:
		p.found = true
		for _, a := range t.Attr {
			if n := canonical(a.Name); n.Space != nsRDF && n.Space != nsXML && n.Space != "xmlns" {
				p.c.xmpItem(n, a.Value)
				p.c.xmpValue(n, a.Value)
			}
		}
	case property:
		p.property, p.items, p.values = name, 0, alternatives{}
		e.attributes(p, t.Attr)
	case item:
		e.attributes(p, t.Attr)
	case node:
		// What its attributes say is said of the value that it stands for.
		if v := p.enclosing(); v != nil {
			v.attributes(p, t.Attr)
		}
	}
	p.path = append(p.path, e)
	return true
}

// roleOf is what an element in one of another role means.
func roleOf(name xml.Name, above role) role {
	switch above {
	case outside:
		switch name {
		case xml.Name{Space: nsRDF, Local: "RDF"}:
			return inRDF
		case xml.Name{Space: nsRDF, Local: "Description"}: // alone it needs no rdf:RDF
			return description
		}
		return outside
	case inRDF:
		return description
	case description:
		return property
	case property, item, node:
		switch {
		case isItem(name):
			return item
		case name == xml.Name{Space: nsRDF, Local: "value"}:
			return value
		case above != node:
			return node
		case isContainer(name): // in a description without a property
			return node
		}
		return foreign
	case value:
		return value
	}
	return foreign
}

// isItem reports whether a name is that of an item of a list: rdf:li or rdf:_1.
func isItem(name xml.Name) bool {
	if name.Space != nsRDF {
		return false
	}
	digits, numbered := strings.CutPrefix(name.Local, "_")
	return name.Local == "li" || numbered && digits != "" && strings.Trim(digits, "0123456789") == ""
}

func isContainer(name xml.Name) bool {
	return name.Space == nsRDF && (name.Local == "Bag" || name.Local == "Seq" || name.Local == "Alt")
}

// attributes takes what the attributes of a value say: its language, the value itself,
// or the items of a list. rdf:parseType says
// that the element of a node is left out, or that markup is text.
func (e *element) attributes(p *packet, attributes []xml.Attr) {
	for _, a := range attributes {
		switch n := canonical(a.Name); {
		case n == xml.Name{Space: nsXML, Local: "lang"}:
			e.language = a.Value
		case n == xml.Name{Space: nsRDF, Local: "parseType"} && a.Value == "Resource":
			e.inside = node
		case n == xml.Name{Space: nsRDF, Local: "parseType"} && a.Value == "Literal":
			e.inside = value
		case n == xml.Name{Space: nsRDF, Local: "value"}, n == xml.Name{Space: nsRDF, Local: "resource"}:
			e.add(a.Value)
		case isItem(n):
			p.item(a.Value, "")
		}
	}
}

// add adds to the text of a value.
func (e *element) add(text string) {
	if room := maxValueBytes - len(e.text); room > 0 {
		e.text = append(e.text, text[:min(len(text), room)]...)
	}
}

// enclosing is the innermost value that one is in, nil outside of any.
func (p *packet) enclosing() *element {
	for i := len(p.path) - 1; i >= 0; i-- {
		if e := &p.path[i]; e.role == property || e.role == item {
			return e
		}
	}
	return nil
}

// characters takes text: that of lists and structures, between their elements, is none.
func (p *packet) characters(t xml.CharData) {
	if len(p.path) == 0 {
		return
	}
	switch p.path[len(p.path)-1].role {
	case property, item, value:
		p.enclosing().add(string(t))
	}
}

// end closes an element.
func (p *packet) end() {
	if len(p.path) == 0 {
		return
	}
	e := p.path[len(p.path)-1]
	p.path = p.path[:len(p.path)-1]
	switch e.role {
	case item:
		p.item(string(e.text), e.language)
	case property:
		if p.items == 0 { // no list but a text, where a list may be meant
			text := string(e.text)
			p.c.xmpItem(p.property, text)
			p.c.xmpValue(p.property, text)
			return
		}
		p.c.xmpValue(p.property, first([]string{p.values.byDefault, p.values.first}))
	}
}

// item takes an item of the property one is in.
func (p *packet) item(text, language string) {
	p.c.xmpItem(p.property, text)
	if p.items++; p.items == 1 || p.values.first == "" {
		p.values.first = text
	}
	if language == "x-default" && p.values.byDefault == "" {
		p.values.byDefault = text
	}
}
