package metadata

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRDFForms reads a list and a single value in the ways that RDF has of writing them.
func TestRDFForms(t *testing.T) {
	xmp := func(properties ...string) []byte { return xmpSegment(packetOf(strings.Join(properties, ""))) }
	subject := func(items string) string { return "<dc:subject>" + items + "</dc:subject>" }
	const two = `<rdf:_1>a</rdf:_1><rdf:_2>b</rdf:_2>`
	lists := map[string]string{
		"elements":                    subject(`<rdf:Bag><rdf:li>a</rdf:li><rdf:li>b</rdf:li></rdf:Bag>`),
		"numbered elements":           subject(`<rdf:Bag>` + two + `</rdf:Bag>`),
		"attributes":                  subject(`<rdf:Bag rdf:_1="a" rdf:_2="b"/>`),
		"attributes of the property":  `<dc:subject rdf:_1="a" rdf:_2="b"/>`,
		"no container":                subject(`<rdf:li>a</rdf:li><rdf:li>b</rdf:li>`),
		"a resource":                  `<dc:subject rdf:parseType="Resource">` + two + `</dc:subject>`,
		"a resource with a container": `<dc:subject rdf:parseType="Resource"><rdf:Bag>` + two + `</rdf:Bag></dc:subject>`,
		"a description":               subject(`<rdf:Description>` + two + `</rdf:Description>`),
		"a description's attributes":  subject(`<rdf:Description rdf:_1="a" rdf:_2="b"/>`),
		"a typed node":                subject(`<rdf:Description><rdf:type rdf:resource="#Bag"/>` + two + `</rdf:Description>`),
		"qualified, a resource": subject(`<rdf:Bag><rdf:li rdf:parseType="Resource"><rdf:value>a</rdf:value>` +
			`<xmpMM:q>no</xmpMM:q></rdf:li><rdf:li>b</rdf:li></rdf:Bag>`),
		"qualified, a description": subject(`<rdf:Bag><rdf:li><rdf:Description><xmpMM:q>no</xmpMM:q>` +
			`<rdf:value>a</rdf:value></rdf:Description></rdf:li><rdf:li>b</rdf:li></rdf:Bag>`),
		"qualified, attributes": subject(`<rdf:Bag><rdf:li rdf:value="a" xmpMM:q="no"/>` +
			`<rdf:li><rdf:Description rdf:value="b" xmpMM:q="no"/></rdf:li></rdf:Bag>`),
		"a qualifier that is a list": subject(`<rdf:Bag><rdf:li rdf:parseType="Resource"><rdf:value>a</rdf:value>` +
			bag("dc:subject", "no") + `</rdf:li><rdf:li>b</rdf:li></rdf:Bag>`),
		"a list in a list":                   subject(`<rdf:Bag><rdf:li><rdf:Bag><rdf:li>a</rdf:li></rdf:Bag></rdf:li><rdf:li>b</rdf:li></rdf:Bag>`),
		"CDATA and a comment":                subject(`<rdf:Bag><rdf:li><![CDATA[a]]></rdf:li><!-- no --><rdf:li><!-- no -->b</rdf:li></rdf:Bag>`),
		"a structure of other things beside": `<xmpMM:q rdf:parseType="Resource">` + bag("dc:subject", "no") + `</xmpMM:q>` + bag("dc:subject", "a", "b"),
	}
	for name, packet := range lists {
		if d := cmp.Diff([]string{"a", "b"}, Read(jpegOf(xmp(packet))).Keywords); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	values := map[string]string{
		"a resource":    `<%s rdf:parseType="Resource"><rdf:value>%s</rdf:value><xmpMM:q>2001-01-01</xmpMM:q></%[1]s>`,
		"a description": `<%s><rdf:Description><xmpMM:q>2001-01-01</xmpMM:q><rdf:value>%s</rdf:value></rdf:Description></%[1]s>`,
		"an attribute":  `<%s rdf:value="%s" xmpMM:q="2001-01-01"/>`,
		"markup":        `<%s rdf:parseType="Literal"><b>%s</b></%[1]s>`,
		"an alternative": `<%s><rdf:Alt><rdf:_1 xml:lang="de">2002-02-02</rdf:_1>` +
			`<rdf:_2 xml:lang="x-default" rdf:parseType="Resource"><rdf:value>%s</rdf:value></rdf:_2></rdf:Alt></%[1]s>`,
	}
	for name, form := range values {
		m := Read(jpegOf(xmp(fmt.Sprintf(form, "xmp:CreateDate", "2003-04-05"), fmt.Sprintf(form, "dc:title", "T"))))
		if m.Date.String() != "2003-04-05" || m.Title != "T" {
			t.Errorf("%s: date %q, title %q", name, m.Date, m.Title)
		}
	}
	alone := `<rdf:Description xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/">` +
		bag("dc:subject", "a") + `</rdf:Description>`
	for _, packet := range []string{alone, `<x:xmpmeta xmlns:x="adobe:ns:meta/">` + alone + `</x:xmpmeta>`} {
		if m, err := ReadSidecar([]byte(packet)); err != nil || len(m.Keywords) != 1 {
			t.Errorf("a description without rdf:RDF: %q, %v", m.Keywords, err)
		}
	}
}
