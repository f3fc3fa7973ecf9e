// Package sidecar writes labels into the XMP files that lie beside pictures, where
// Lightroom, darktable and digiKam read them.
//
// A sidecar belongs to the person whose picture it is. What is in it stays byte for
// byte: labels go in as text between what is there, and come out the same way. A
// label that is there already is not written again, whatever its case, and one that
// a person has taken out is not put back. Which labels are ours, and from which run,
// is recorded in the sidecar itself (see Namespace), so that the record is written
// with the label in one step and travels with the file.
package sidecar

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/label"
)

// Namespace holds our two lists, subject and hierarchicalSubject. Each mirrors the
// list of the same name in Dublin Core's or Lightroom's namespace: an item is the id
// of a run, a blank, and the value that the run added there.
const Namespace = "https://github.com/sightline/sightline/ns/tags/1.0/"

const (
	nsRDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	nsDC  = "http://purl.org/dc/elements/1.1/"
	nsLR  = "http://ns.adobe.com/lightroom/1.0/"
)

// ErrUnusable says that a sidecar was left alone because it is not XMP as we know it.
var ErrUnusable = errors.New("the sidecar cannot be edited")

// Keyword is a label to write.
type Keyword struct {
	Label string
	// Parents are the labels above it, the topmost first; none for a label at the top.
	Parents []string
}

// hierarchy is the keyword as Lightroom writes it, "animal|dog"; empty where a bar in
// a name would be taken for a level.
func (k Keyword) hierarchy() string {
	levels := append(slices.Clone(k.Parents), k.Label)
	for _, l := range levels {
		if strings.Contains(l, "|") {
			return ""
		}
	}
	return strings.Join(levels, "|")
}

// skeleton is a sidecar that says nothing. A sidecar that we made and whose labels
// are all taken back is equal to it, and goes.
const skeleton = `<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Sightline">
 <rdf:RDF xmlns:rdf="` + nsRDF + `">
 </rdf:RDF>
</x:xmpmeta>
`

// Set makes the keywords of a run in a sidecar exactly those given, and returns its
// new content. nil content stands for a sidecar that does not exist, before and
// after. Errors are ErrUnusable.
func Set(content []byte, run string, keywords []Keyword) ([]byte, error) {
	old := content
	if content == nil {
		if len(keywords) == 0 {
			return nil, nil
		}
		content = []byte(skeleton)
	}
	d, err := parse(content)
	if err != nil {
		return nil, err
	}
	var subject, hierarchy []string
	for _, k := range keywords {
		subject = append(subject, k.Label)
		if h := k.hierarchy(); h != "" {
			hierarchy = append(hierarchy, h)
		}
	}
	changed := d.sync(dcSubject, ourSubject, run, subject)
	changed = d.sync(lrHierarchy, ourHierarchy, run, hierarchy) || changed
	if !changed {
		return old, nil
	}
	out := d.render()
	if string(out) == skeleton {
		return nil, nil
	}
	if err := check(d, out); err != nil {
		return nil, err
	}
	return out, nil
}

// sync brings a list and our record of it in line with what a run wants there. It
// reports whether anything is different now.
func (d *document) sync(what, record property, run string, want []string) bool {
	list, ours := d.lists[what], d.lists[record]
	wanted := make(map[string]bool, len(want))
	for _, v := range want {
		wanted[label.Fold(v)] = true
	}
	changed := false
	recorded := make(map[string]bool) // by any run
	mine := make(map[string]bool)     // by this one
	for _, it := range ours.items {
		by, value, _ := strings.Cut(it.text, " ")
		folded := label.Fold(value)
		if by == run && !wanted[folded] {
			it.drop, changed = true, true
			continue
		}
		recorded[folded] = true
		mine[folded] = mine[folded] || by == run
	}
	// What this run no longer wants goes, unless another run wants it too.
	for _, it := range ours.items {
		_, value, _ := strings.Cut(it.text, " ")
		if it.drop && !recorded[label.Fold(value)] {
			list.drop(value)
		}
	}
	for _, v := range want {
		folded := label.Fold(v)
		there := list.has(folded)
		switch {
		case mine[folded]: // and if it is not there, a person took it out
		case there && !recorded[folded]: // a person's
		case !there && recorded[folded]: // another run's, and a person took it out
		default:
			if !there {
				list.add(v)
			}
			ours.add(run + " " + v)
			recorded[folded], mine[folded], changed = true, true, true
		}
	}
	return changed
}

// check reads what was made once more: it must be a sidecar, and hold what it is
// meant to. A mistake here would cost a person's work.
func check(d *document, out []byte) error {
	again, err := parse(out)
	if err != nil {
		return fmt.Errorf("editing would break it: %w", err)
	}
	for p, l := range d.lists {
		if !slices.Equal(l.kept(), again.lists[p].kept()) {
			return fmt.Errorf("%w: editing would change other items of %s", ErrUnusable, p.name)
		}
	}
	return nil
}

// escape writes a text for XML.
func escape(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer takes everything
	return b.String()
}
