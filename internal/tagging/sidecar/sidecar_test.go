package sidecar

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func fixture(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func set(t *testing.T, content []byte, run string, labels ...string) []byte {
	t.Helper()
	var kw []Keyword
	for _, l := range labels {
		k := Keyword{Label: l}
		if parents, label, ok := strings.Cut(l, "|"); ok {
			k = Keyword{Label: label, Parents: []string{parents}}
		}
		kw = append(kw, k)
	}
	out, err := Set(content, run, kw)
	if err != nil {
		t.Fatalf("Set %v: %v", labels, err)
	}
	return out
}

// subjects reads a list back.
func subjects(t *testing.T, content []byte, p property) []string {
	t.Helper()
	if content == nil {
		return nil
	}
	d, err := parse(content)
	if err != nil {
		t.Fatalf("parse: %v\n%s", err, content)
	}
	return d.lists[p].kept()
}

func TestRealSidecarsKeepEveryByte(t *testing.T) {
	for name, before := range map[string][]string{
		"darktable.xmp": {"Norderney", "Familie & Freunde"},
		"lightroom.xmp": nil,
		"digikam.xmp":   {"Strand", "東京"},
	} {
		t.Run(name, func(t *testing.T) {
			old := fixture(t, name)
			if got := set(t, old, "run1"); !bytes.Equal(got, old) {
				t.Errorf("nothing to write changed it")
			}
			tagged := set(t, old, "run1", "nature|beach", `sun & "sea" <3`)
			want := append(slices.Clone(before), "beach", `sun & "sea" <3`)
			if diff := cmp.Diff(want, subjects(t, tagged, dcSubject)); diff != "" {
				t.Errorf("dc:subject (-want +got):\n%s", diff)
			}
			if h := subjects(t, tagged, lrHierarchy); !slices.Contains(h, "nature|beach") {
				t.Errorf("lr:hierarchicalSubject is %v", h)
			}
			// What was there stands there still: the new text is the old with pieces put in.
			if !subsequence(old, tagged) {
				t.Errorf("something of the old text is gone:\n%s", tagged)
			}
			if again := set(t, tagged, "run1", "nature|beach", `sun & "sea" <3`); !bytes.Equal(again, tagged) {
				t.Errorf("the second time changed it:\n%s", again)
			}
			if undone := set(t, tagged, "run1"); !bytes.Equal(undone, old) {
				t.Errorf("taken back, it is not what it was (-was +is):\n%s", cmp.Diff(string(old), string(undone)))
			}
		})
	}
}

// subsequence reports whether the lines of a are lines of b, in order.
func subsequence(a, b []byte) bool {
	rest := strings.Split(string(b), "\n")
	for _, l := range strings.Split(string(a), "\n") {
		i := slices.Index(rest, l)
		if i < 0 && !strings.Contains(l, "</rdf:Bag>") { // digiKam's one line
			return false
		}
		rest = rest[i+1:]
	}
	return true
}

func TestNewSidecar(t *testing.T) {
	got := set(t, nil, "run1", "nature|beach", "dog")
	want := `<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Sightline">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
    xmlns:sightline="https://github.com/sightline/sightline/ns/tags/1.0/">
   <dc:subject>
    <rdf:Bag>
     <rdf:li>beach</rdf:li>
     <rdf:li>dog</rdf:li>
    </rdf:Bag>
   </dc:subject>
   <lr:hierarchicalSubject>
    <rdf:Bag>
     <rdf:li>nature|beach</rdf:li>
     <rdf:li>dog</rdf:li>
    </rdf:Bag>
   </lr:hierarchicalSubject>
   <sightline:subject>
    <rdf:Bag>
     <rdf:li>run1 beach</rdf:li>
     <rdf:li>run1 dog</rdf:li>
    </rdf:Bag>
   </sightline:subject>
   <sightline:hierarchicalSubject>
    <rdf:Bag>
     <rdf:li>run1 nature|beach</rdf:li>
     <rdf:li>run1 dog</rdf:li>
    </rdf:Bag>
   </sightline:hierarchicalSubject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if undone := set(t, got, "run1"); undone != nil {
		t.Errorf("taken back, this is left:\n%s", undone)
	}
}

func TestWhatPersonsDoStays(t *testing.T) {
	old := fixture(t, "darktable.xmp")
	tagged := set(t, old, "run1", "NORDERNEY", "beach", "dog")
	want := []string{"Norderney", "Familie & Freunde", "beach", "dog"}
	if got := subjects(t, tagged, dcSubject); !slices.Equal(got, want) {
		t.Errorf("a person's label was doubled: %v", got)
	}
	// A person takes one of ours out: it is not put back, and goes from our record with the run.
	edited := bytes.Replace(tagged, []byte("\n     <rdf:li>beach</rdf:li>"), nil, 1)
	again := set(t, edited, "run1", "NORDERNEY", "beach", "dog")
	if got := subjects(t, again, dcSubject); slices.Contains(got, "beach") {
		t.Errorf("what a person took out is back: %v", got)
	}
	if got := subjects(t, set(t, again, "run2", "beach"), dcSubject); slices.Contains(got, "beach") {
		t.Errorf("another run put back what a person took out: %v", got)
	}
	undone := set(t, again, "run1")
	if got := subjects(t, undone, dcSubject); !slices.Equal(got, want[:2]) {
		t.Errorf("after undo: %v", got)
	}
	// A person adds one beside ours in the block that we made.
	ours := set(t, nil, "run1", "dog")
	edited = bytes.Replace(ours, []byte("<rdf:li>dog</rdf:li>"), []byte("<rdf:li>dog</rdf:li><rdf:li>Rex</rdf:li>"), 1)
	if got := subjects(t, set(t, edited, "run1"), dcSubject); !slices.Equal(got, []string{"Rex"}) {
		t.Errorf("after undo: %v", got)
	}
}

func TestTwoRuns(t *testing.T) {
	both := set(t, set(t, nil, "run1", "beach", "dog"), "run2", "beach", "sea")
	if got := subjects(t, both, dcSubject); !slices.Equal(got, []string{"beach", "dog", "sea"}) {
		t.Errorf("both: %v", got)
	}
	second := set(t, both, "run1")
	if got := subjects(t, second, dcSubject); !slices.Equal(got, []string{"beach", "sea"}) {
		t.Errorf("the second run's label went with the first: %v", got)
	}
	if left := set(t, second, "run2"); left != nil {
		t.Errorf("left:\n%s", left)
	}
	// A run that has changed its mind.
	if got := subjects(t, set(t, both, "run1", "cat", "beach"), dcSubject); !slices.Equal(got, []string{"beach", "sea", "cat"}) {
		t.Errorf("changed: %v", got)
	}
}

func TestAfterAnotherProgramMergedIt(t *testing.T) {
	old := fixture(t, "merged.xmp")
	undone := set(t, old, "run1")
	if got := subjects(t, undone, dcSubject); !slices.Equal(got, []string{"Oma"}) {
		t.Errorf("after undo: %v\n%s", got, undone)
	}
	if !bytes.Contains(undone, []byte(`xmp:Rating="5"`)) {
		t.Error("the rating is gone")
	}
	more := set(t, old, "run2", "sea")
	if got := subjects(t, more, dcSubject); !slices.Equal(got, []string{"Oma", "beach", "sea"}) {
		t.Errorf("another run: %v\n%s", got, more)
	}
}

func TestOtherPrefixes(t *testing.T) {
	out := set(t, fixture(t, "prefixes.xmp"), "run1", "beach")
	if got := subjects(t, out, dcSubject); !slices.Equal(got, []string{"beach"}) {
		t.Errorf("%v\n%s", got, out)
	}
	if !bytes.Contains(out, []byte(`rdf:about="uuid:4f"`)) || !bytes.Contains(out, []byte("<r:li>beach</r:li>")) {
		t.Errorf("%s", out)
	}
}

func TestUnusable(t *testing.T) {
	const rdf = `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/">`
	for name, content := range map[string]string{
		"empty":        "",
		"text":         "this is not XML",
		"cut":          rdf + `<rdf:Description><dc:subj`,
		"unbalanced":   rdf + `<rdf:Description></rdf:RDF>`,
		"other XML":    `<html><body/></html>`,
		"two":          "<a>" + rdf + "</rdf:RDF>" + rdf + "</rdf:RDF></a>",
		"empty RDF":    strings.TrimSuffix(rdf, ">") + "/>",
		"entities":     `<!DOCTYPE x [<!ENTITY a "aa">]>` + rdf + `</rdf:RDF>`,
		"entity":       rdf + `<rdf:Description>&a;</rdf:Description></rdf:RDF>`,
		"not UTF-8":    rdf + "<rdf:Description>\xff</rdf:Description></rdf:RDF>",
		"Latin-1":      `<?xml version="1.0" encoding="ISO-8859-1"?>` + rdf + `</rdf:RDF>`,
		"a text":       rdf + `<rdf:Description><dc:subject>beach</dc:subject></rdf:Description></rdf:RDF>`,
		"an attribute": rdf + `<rdf:Description dc:subject="beach"/></rdf:RDF>`,
		"deep":         rdf + strings.Repeat("<a>", 200) + strings.Repeat("</a>", 200) + "</rdf:RDF>",
	} {
		if out, err := Set([]byte(content), "run1", []Keyword{{Label: "beach"}}); !errors.Is(err, ErrUnusable) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func FuzzSet(f *testing.F) {
	for _, name := range []string{"darktable.xmp", "lightroom.xmp", "digikam.xmp", "merged.xmp", "prefixes.xmp"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, "beach")
	}
	f.Fuzz(func(t *testing.T, content []byte, label string) {
		kw := []Keyword{{Label: label, Parents: []string{"p"}}}
		out, err := Set(content, "run1", kw)
		if err != nil {
			return
		}
		again, err := Set(out, "run1", kw)
		if err != nil || !bytes.Equal(again, out) {
			t.Errorf("the second time: %v\n%s\n%s", err, out, again)
		}
		if _, err := Set(out, "run1", nil); err != nil {
			t.Errorf("taking back: %v", err)
		}
	})
}
