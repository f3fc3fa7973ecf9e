package sidecar

import (
	"cmp"
	"slices"
	"strings"
)

// edit replaces a stretch of the document.
type edit struct {
	span
	text string
}

// render returns the document with the changes of its lists. Lists outside of our
// block are edited item by item; the block is rewritten.
func (d *document) render() []byte {
	edits := d.blockEdits()
	for _, p := range properties {
		if l := d.lists[p]; !l.inside {
			edits = append(edits, d.listEdits(p, l)...)
		}
	}
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Compare(a.from, b.from) })
	var out []byte
	at := 0
	for _, e := range edits {
		out = append(append(out, d.text[at:e.from]...), e.text...)
		at = e.to
	}
	return append(out, d.text[at:]...)
}

// listEdits takes dropped items out, each with the blanks before it, and puts new
// ones behind the last, with the blanks that stand before that one.
func (d *document) listEdits(p property, l *list) []edit {
	var edits []edit
	var added strings.Builder
	end := l.open.to
	gap := d.newline + "     "
	for _, it := range l.items {
		switch {
		case it.to == 0:
			if !it.drop {
				added.WriteString(gap + "<" + l.tag + ">" + escape(it.text) + "</" + l.tag + ">")
			}
			continue
		case it.drop:
			edits = append(edits, edit{span: span{d.blanksBefore(it.from), it.to}})
		}
		end, gap = it.to, string(d.text[d.blanksBefore(it.from):it.from])
	}
	if added.Len() == 0 {
		return edits
	}
	if !l.closed {
		return append(edits, edit{span{end, end}, added.String()})
	}
	// <rdf:Bag/> is opened.
	start := string(d.text[l.open.from:l.open.to])
	name := strings.TrimLeft(start, "<")
	name = name[:strings.IndexAny(name, " \t\r\n/>")]
	start = strings.TrimRight(strings.TrimSuffix(start, "/>"), " \t\r\n") + ">"
	return append(edits, edit{l.open, start + added.String() + d.newline + "    </" + name + ">"})
}

// blockEdits writes our block, takes it out where it would be empty, and puts it
// behind the last description where there is none yet.
func (d *document) blockEdits() []edit {
	block := d.blockText()
	if d.block.to != 0 {
		from := d.blanksBefore(d.block.from)
		if block == "" {
			return []edit{{span: span{from, d.block.to}}}
		}
		return []edit{{span{from, d.block.to}, block}}
	}
	if block == "" {
		return nil
	}
	at := d.blanksBefore(d.rdf.to)
	return []edit{{span{at, at}, block}}
}

func (d *document) blockText() string {
	var body strings.Builder
	line := func(depth int, text string) { body.WriteString(d.newline + strings.Repeat(" ", depth) + text) }
	var spaces []property
	for _, p := range properties {
		l := d.lists[p]
		if kept := l.kept(); l.inside && len(kept) > 0 {
			spaces = append(spaces, p)
			line(3, "<"+p.prefix+":"+p.name+">")
			line(4, "<rdf:Bag>")
			for _, text := range kept {
				line(5, "<rdf:li>"+escape(text)+"</rdf:li>")
			}
			line(4, "</rdf:Bag>")
			line(3, "</"+p.prefix+":"+p.name+">")
		}
	}
	if len(spaces) == 0 {
		return ""
	}
	var start strings.Builder
	start.WriteString(d.newline + `  <rdf:Description rdf:about="` + escape(d.about) + `"`)
	declare := func(prefix, space string) {
		start.WriteString(d.newline + `    xmlns:` + prefix + `="` + space + `"`)
	}
	if d.prefix != "rdf" {
		declare("rdf", nsRDF)
	}
	for _, p := range slices.CompactFunc(spaces, func(a, b property) bool { return a.space == b.space }) {
		declare(p.prefix, p.space)
	}
	return start.String() + ">" + body.String() + d.newline + "  </rdf:Description>"
}

// blanksBefore is where the blanks that end at a place begin.
func (d *document) blanksBefore(at int) int {
	for at > 0 && strings.IndexByte(" \t\r\n", d.text[at-1]) >= 0 {
		at--
	}
	return at
}
