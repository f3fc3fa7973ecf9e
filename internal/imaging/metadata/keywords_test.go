package metadata

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKeywords(t *testing.T) {
	iptc := func(sets ...string) []byte {
		var b []byte
		for _, s := range sets {
			if rest, ok := strings.CutPrefix(s, "charset:"); ok {
				b = append(b, dataset(iptcCharset, rest)...)
				continue
			}
			b = append(b, dataset(iptcKeywords, s)...)
		}
		return iptcSegment(b)
	}
	xmp := func(properties ...string) []byte { return xmpSegment(packetOf(strings.Join(properties, ""))) }
	xp := func(s string) []byte {
		b := utf16LE(s)
		return exifSegment(tiffBlock([]entry{raw(tagXPKeywords, 1, b...)}, nil, nil))
	}
	tests := []struct {
		name     string
		segments [][]byte
		want     []string
	}{
		{"IPTC marked as UTF-8", [][]byte{iptc("charset:\x1b%G", "d\xc3\xa4nemark")}, []string{"dänemark"}},
		{"IPTC unmarked UTF-8", [][]byte{iptc("d\xc3\xa4nemark")}, []string{"dänemark"}},
		{"IPTC unmarked Latin-1", [][]byte{iptc("d\xe4nemark")}, []string{"dänemark"}},
		{"IPTC unmarked Windows", [][]byte{iptc("\x80uro")}, []string{"€uro"}},
		{"IPTC marked as Latin-1", [][]byte{iptc("charset:\x1b.A", "d\xc3\xa4")}, []string{"dÃ¤"}},
		{"IPTC marked as UTF-8 that is not", [][]byte{iptc("charset:\x1b%G", "d\xe4nemark")}, []string{"dänemark"}},
		{"decomposed", [][]byte{iptc("cafe\u0301")}, []string{"café"}},
		{"once in either case or composition", [][]byte{iptc("Café"), xmp(bag("dc:subject", "cafe\u0301", "CAFÉ", "bar"))},
			[]string{"Café", "bar"}},
		{"commas", [][]byte{xmp(bag("dc:subject", "denmark, skagen, beach")), iptc("a, b")}, []string{"a, b", "denmark, skagen, beach"}},
		{"a flat bar", [][]byte{xmp(bag("dc:subject", "a|b"))}, []string{"a|b"}},
		{"Lightroom", [][]byte{xmp(bag("lr:hierarchicalSubject", "Places|Denmark|Skagen", "Places|Norway", "plain"))},
			[]string{"Places", "Denmark", "Skagen", "Places|Denmark|Skagen", "Norway", "Places|Norway", "plain"}},
		{"digiKam", [][]byte{xmp(bag("digiKam:TagsList", "Places/Denmark/Skagen"))},
			[]string{"Places", "Denmark", "Skagen", "Places|Denmark|Skagen"}},
		{"Microsoft", [][]byte{xmp(bag("MicrosoftPhoto:LastKeywordXMP", "Places/Denmark"))},
			[]string{"Places", "Denmark", "Places|Denmark"}},
		{"Microsoft, of IPTC", [][]byte{xmp(bag("MicrosoftPhoto:LastKeywordIPTC", "Places/Denmark"))}, []string{"Places/Denmark"}},
		{"Media Pro", [][]byte{xmp(bag("mediapro:CatalogSets", "Sets|One"))}, []string{"Sets", "One", "Sets|One"}},
		{"ACDSee", [][]byte{xmp(bag("acdsee:keywords", "one", "two"))}, []string{"one", "two"}},
		{"ACDSee's categories", [][]byte{xmp(`<acdsee:categories>&lt;Categories&gt;&lt;Category Assigned="0"&gt;Places` +
			`&lt;Category Assigned="1"&gt;Skagen&lt;/Category&gt;&lt;/Category&gt;&lt;Category Assigned="0"&gt;No&lt;/Category&gt;` +
			`&lt;/Categories&gt;</acdsee:categories>`)}, []string{"Places", "Skagen", "Places|Skagen"}},
		{"a Greek capital", [][]byte{xmp(bag("dc:subject", "\u03aa\u0301", "\u0390"))}, []string{"\u03aa\u0301"}},
		{"the same flat and hierarchical", [][]byte{xmp(bag("dc:subject", "Skagen"), bag("lr:hierarchicalSubject", "Places|skagen"))},
			[]string{"Skagen", "Places", "Places|skagen"}},
		{"empty levels", [][]byte{xmp(bag("lr:hierarchicalSubject", "|a||b|", "|", ""))}, []string{"a", "b", "a|b"}},
		{"Windows", [][]byte{xp("été;beach, sea; ;Beach, Sea")}, []string{"été", "beach, sea"}},
		{"one text where a list is meant", [][]byte{xmp(`<dc:subject>alone</dc:subject>`)}, []string{"alone"}},
		{"in a sequence", [][]byte{xmp(`<dc:subject><rdf:Seq><rdf:li>a</rdf:li></rdf:Seq></dc:subject>`)}, []string{"a"}},
		{"with entities and spaces", [][]byte{xmp(bag("dc:subject", " Tom &amp; Jerry&#x20;", "&#228;", "a\x01b", "&#1;c"))},
			[]string{"Tom & Jerry", "ä", "a b", "c"}},
		{"of another picture in a structure", [][]byte{xmp(`<xmpMM:Ingredients><rdf:Bag><rdf:li rdf:parseType="Resource">`+
			bag("dc:subject", "not")+`</rdf:li></rdf:Bag></xmpMM:Ingredients>`, bag("dc:subject", "yes"))}, []string{"yes"}},
		{"our own labels", [][]byte{xmp(bag("dc:subject", "dog", "beach"), bag("lr:hierarchicalSubject", "animal|dog"),
			bag("sightline:subject", "r1 dog"), bag("sightline:hierarchicalSubject", "r1 animal|dog"))}, []string{"beach"}},
		{"a person's word that a run gave too", [][]byte{xmp(bag("dc:subject", "dog", "fox"), bag("lr:hierarchicalSubject", "animal|dog", "fox"),
			bag("sightline:subject", "r1 fox"), bag("sightline:hierarchicalSubject", "r1 animal|dog", "r1 fox"))}, []string{"dog"}},
		{"a person's path over a run's word", [][]byte{xmp(bag("dc:subject", "animal"), bag("lr:hierarchicalSubject", "animal|cat"),
			bag("sightline:subject", "r1 animal"))}, []string{"animal", "cat", "animal|cat"}},
		{"a run's word in another program's paths", [][]byte{xmp(bag("dc:subject", "Fox"), bag("digiKam:TagsList", "fox", "animal/dog"),
			bag("sightline:subject", "r1 fox"), bag("sightline:hierarchicalSubject", "r1 animal|dog"))}, nil},
		{"behind a fault", [][]byte{xmp(bag("dc:subject", "kept"), "<unclosed", bag("dc:subject", "lost"))}, []string{"kept"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := Read(jpegOf(tt.segments...))
			if d := cmp.Diff(tt.want, m.Keywords); d != "" {
				t.Errorf("keywords (-want +got):\n%s", d)
			}
		})
	}
}

func TestKeywordsOfFiles(t *testing.T) {
	for name, want := range map[string][]string{
		"iptc_utf8.jpg":  {"dänemark"},
		"kw_comma.jpg":   {"denmark, skagen, beach"},
		"kw_digikam.jpg": {"Places", "Denmark", "Skagen", "Places|Denmark|Skagen"},
		"kw_lr_hier.jpg": {"Places", "Denmark", "Skagen", "Places|Denmark|Skagen"},
	} {
		if d := cmp.Diff(want, readFile(t, name).Keywords); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestTooManyKeywords(t *testing.T) {
	many := make([]string, 100_000)
	for i := range many {
		many[i] = fmt.Sprintf("keyword %d", i)
	}
	packet := packetOf(bag("dc:subject", many...))
	for name, data := range map[string][]byte{
		"png":  pngOf(iTXt(keyXMP, packet, true)),
		"webp": riff("XMP ", packet),
	} {
		m := Read(data)
		if len(m.Keywords) != MaxKeywords || m.Keywords[MaxKeywords-1] != many[MaxKeywords-1] {
			t.Errorf("%s: %d keywords, want the first %d", name, len(m.Keywords), MaxKeywords)
		}
		if want := []string{"99488 of the keywords were left out, beyond 512 or 32768 bytes of them"}; cmp.Diff(want, m.Warnings) != "" {
			t.Errorf("%s: warnings %q, want %q", name, m.Warnings, want)
		}
	}
	for i := range 200 {
		many[i] = fmt.Sprintf("%0*d", MaxKeywordBytes, i)
	}
	if m := mustXMP(t, packetOf(bag("dc:subject", many[:200]...))); len(m.Keywords) != MaxKeywordsBytes/MaxKeywordBytes || len(m.Warnings) != 1 {
		t.Errorf("%d long keywords, warnings %q", len(m.Keywords), m.Warnings)
	}
	m := mustXMP(t, packetOf(bag("dc:subject", strings.Repeat("x", 70_000), "short", strings.Repeat("ä", MaxKeywordBytes/2))))
	if want := []string{"short", strings.Repeat("ä", MaxKeywordBytes/2)}; cmp.Diff(want, m.Keywords) != "" {
		t.Errorf("keywords %.60q, want %.60q", m.Keywords, want)
	}
	if want := []string{"1 keyword longer than 512 bytes left out"}; cmp.Diff(want, m.Warnings) != "" {
		t.Errorf("warnings %q, want %q", m.Warnings, want)
	}
}

// TestKeywordsTakeLinearWork counts allocations, which grow with the work: four times
// the keywords may take about four times as many, and no more beyond the limit.
func TestKeywordsTakeLinearWork(t *testing.T) {
	allocs := func(n int) float64 {
		many := make([]string, n)
		for i := range many {
			many[i] = fmt.Sprintf("k%d", i)
		}
		c := collector{subjects: many}
		return testing.AllocsPerRun(3, func() { c.warnings = nil; c.keywords() })
	}
	small, large, huge := allocs(MaxKeywords/4), allocs(MaxKeywords), allocs(40*MaxKeywords)
	if large > 6*small {
		t.Errorf("%v allocations for a quarter, %v for all", small, large)
	}
	if huge > 1.2*large+20 {
		t.Errorf("%v allocations at the limit, %v far beyond it", large, huge)
	}
}
