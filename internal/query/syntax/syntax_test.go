package syntax

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var withoutColumns = cmp.Options{cmpopts.IgnoreFields(Term{}, "Column"), cmpopts.IgnoreFields(Condition{}, "Column")}

func cond(f Field, v string) Condition { return Condition{Field: f, How: Is, Value: v} }

func number(f Field, how Comparison, v string, n float64) Condition {
	return Condition{Field: f, How: how, Value: v, Number: n}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		line string
		want Query
	}{
		{"", Query{}},
		{"dog on a beach", Query{Terms: []Term{{Value: "dog on a beach"}}}},
		{"  dog   on\ta beach ", Query{Terms: []Term{{Value: "dog on a beach"}}}},
		{`"dog + cat"`, Query{Terms: []Term{{Kind: Phrase, Value: "dog + cat"}}}},
		{`"say \"hi\" \\ now"`, Query{Terms: []Term{{Kind: Phrase, Value: `say "hi" \ now`}}}},
		{"2*red car + night - 0.5*people", Query{Terms: []Term{
			{Value: "red car", Weight: 2}, {Value: "night"}, {Op: Subtract, Value: "people", Weight: 0.5}}}},
		{"horse + stripes", Query{Terms: []Term{{Value: "horse"}, {Value: "stripes"}}}},
		{"horse AND stripes", Query{Terms: []Term{{Value: "horse"}, {Value: "stripes"}}}},
		{"2:cat", Query{Terms: []Term{{Value: "cat", Weight: 2}}}},
		{"fruit - 2:apple", Query{Terms: []Term{{Value: "fruit"}, {Op: Subtract, Value: "apple", Weight: 2}}}},
		{"- fruit", Query{Terms: []Term{{Op: Subtract, Value: "fruit"}}}},
		{"beach NOT people", Query{Terms: []Term{{Value: "beach"}, {Op: Exclude, Value: "people"}}}},
		{"beach NOT tag:indoor", Query{Terms: []Term{{Value: "beach"}}, Filter: Not{cond(Tag, "indoor")}}},
		{"dog >=0.2 + cat>=p0.5", Query{Terms: []Term{
			{Value: "dog", Least: &Threshold{Value: 0.2}}, {Value: "cat", Least: &Threshold{Value: 0.5, Probability: true}}}}},
		{`@photo.jpg + snow`, Query{Terms: []Term{{Kind: Picture, Value: "photo.jpg"}, {Value: "snow"}}}},
		{`@"my photos/a b.jpg"`, Query{Terms: []Term{{Kind: Picture, Value: "my photos/a b.jpg"}}}},
		{"#holiday - #work", Query{Terms: []Term{{Kind: Label, Value: "holiday"}, {Op: Subtract, Kind: Label, Value: "work"}}}},
		{"sunset 2*@a.jpg", Query{Terms: []Term{{Value: "sunset"}, {Kind: Picture, Value: "a.jpg", Weight: 2}}}},
		{"dog tag:beach on grass", Query{Terms: []Term{{Value: "dog on grass"}}, Filter: cond(Tag, "beach")}},
		{"under:trips/2024 after:2023-06 before:2024 tag:beach -tag:indoor", Query{Filter: And{
			cond(Under, "trips/2024"), cond(After, "2023-06"), cond(Before, "2024"), cond(Tag, "beach"), Not{cond(Tag, "indoor")}}}},
		{"format:heic width>=2000 camera:x100 rating>=3 has:gps", Query{Filter: And{
			cond(Format, "heic"), number(Width, Least, "2000", 2000), cond(Camera, "x100"), number(Rating, Least, "3", 3), cond(Has, "gps")}}},
		{`near:"35.0,135.7,10km" name:*sunset* caption:"birthday party"`, Query{Filter: And{
			cond(Near, "35.0,135.7,10km"), cond(Name, "*sunset*"), cond(Caption, "birthday party")}}},
		{"(tag:sea OR tag:lake) boat", Query{Terms: []Term{{Value: "boat"}}, Filter: Or{cond(Tag, "sea"), cond(Tag, "lake")}}},
		{"tag:sea OR tag:lake under:x", Query{Filter: And{Or{cond(Tag, "sea"), cond(Tag, "lake")}, cond(Under, "x")}}},
		{"(tag:a (tag:b OR -tag:c))", Query{Filter: And{cond(Tag, "a"), Or{cond(Tag, "b"), Not{cond(Tag, "c")}}}}},
		{"-(tag:a tag:b)", Query{Filter: Not{And{cond(Tag, "a"), cond(Tag, "b")}}}},
		{"NOT -tag:a", Query{Filter: Not{Not{cond(Tag, "a")}}}},
		{`tag:"a, b"`, Query{Filter: cond(Tag, "a, b")}},
		{"tag:a,b", Query{Filter: cond(Tag, "a,b")}},
		{"name:img(1).jpg", Query{Filter: cond(Name, "img(1).jpg")}},
		{"(name:img(1).jpg)", Query{Filter: cond(Name, "img(1).jpg")}},
		{"TAG:Beach Width>10", Query{Filter: And{cond(Tag, "Beach"), number(Width, More, "10", 10)}}},

		// What is plain text stays plain text.
		{"self-portrait of a half-timbered house", Query{Terms: []Term{{Value: "self-portrait of a half-timbered house"}}}},
		{"train at 12:30", Query{Terms: []Term{{Value: "train at 12:30"}}}},
		{"3*3 grid, 16:9", Query{Terms: []Term{{Value: "3*3 grid, 16:9"}}}},
		{"a dog (brown) & a cat", Query{Terms: []Term{{Value: "a dog (brown) & a cat"}}}},
		{"trick OR treat", Query{Terms: []Term{{Value: "trick OR treat"}}}},
		{"before: after", Query{Terms: []Term{{Value: "before: after"}}}},
		{"http://example.org re:zero", Query{Terms: []Term{{Value: "http://example.org re:zero"}}}},
		{"dog not cat and more or less", Query{Terms: []Term{{Value: "dog not cat and more or less"}}}},
		{`a 5" disk`, Query{Terms: []Term{{Value: `a 5" disk`}}}},
		{"#1 dad -5 degrees @ home", Query{Terms: []Term{{Value: "#1 dad -5 degrees @ home"}}}},
		{"C++ -rf x>=y", Query{Terms: []Term{{Value: "C++ -rf x>=y"}}}},
		{"犬 砂浜", Query{Terms: []Term{{Value: "犬 砂浜"}}}},
		{"tag:sea OR boat", Query{Terms: []Term{{Value: "OR boat"}}, Filter: cond(Tag, "sea")}},
	} {
		got, err := Parse(c.line)
		if err != nil {
			t.Errorf("%q: %v", c.line, err)
			continue
		}
		if diff := cmp.Diff(&c.want, got, withoutColumns); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.line, diff)
		}
		again, err := Parse(got.String())
		if err != nil {
			t.Errorf("%q: its form %q: %v", c.line, got.String(), err)
		} else if diff := cmp.Diff(got, again, withoutColumns); diff != "" {
			t.Errorf("%q: its form %q is another query (-first +second):\n%s", c.line, got.String(), diff)
		}
	}
}

func TestColumns(t *testing.T) {
	q, err := Parse("été 2*rot - blau tag:x")
	if err != nil {
		t.Fatal(err)
	}
	if c := q.Terms[1].Column; c != 5 {
		t.Errorf("the weighted term begins at column %d, want 5", c)
	}
	if c := q.Terms[2].Column; c != 11 {
		t.Errorf("the subtracted term begins at column %d, want 11", c)
	}
	if c := q.Filter.(Condition).Column; c != 18 {
		t.Errorf("the filter begins at column %d, want 18", c)
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		line   string
		column int
		says   string
	}{
		{`dog "open`, 5, "not closed"},
		{"dog after:yesterday", 11, "not a date"},
		{"dog +", 5, "nothing follows +"},
		{"dog - tag:x", 5, "nothing follows -"},
		{"dog + - cat", 7, "missing between"},
		{"0*dog", 1, "weight"},
		{"2*3*", 1, ""},
		{"(tag:a dog)", 8, "only filters"},
		{"(tag:a", 1, "not closed"},
		{"(tag:a OR b)", 8, "no filter follows OR"},
		{"has:wings", 5, "not known"},
		{"near:35,135", 6, "not a latitude"},
		{"near:95,135,1km", 6, "degrees"},
		{"near:35,135,1", 6, "radius"},
		{"rating>=many", 9, "not a number"},
		{"rating >= 3", 0, ""},
		{"dog >=3", 5, "not between"},
		{">=0.3", 1, "no term"},
		{"dog >=0.1 >=0.2", 11, "already"},
		{`""`, 1, "nothing between"},
		{`tag:""`, 5, "needs a value"},
		{"dog under:", 11, "needs a value"},
		{"dog -tag:", 10, "needs a value"},
		{"tag: dog", 5, "needs a value"},
		{"(has: OR tag:a)", 6, "needs a value"},
		{strings.Repeat("(", 60) + "tag:a", 0, ""},
	} {
		_, err := Parse(c.line)
		if c.says == "" {
			continue // only must not panic
		}
		var bad *Error
		if !errors.As(err, &bad) {
			t.Errorf("%q: %v, want an error", c.line, err)
			continue
		}
		if bad.Column != c.column || !strings.Contains(bad.Message, c.says) {
			t.Errorf("%q: %v, want column %d and %q", c.line, bad, c.column, c.says)
		}
	}
}

func TestMistypedFilter(t *testing.T) {
	for word, want := range map[string]string{
		"tga:beach": "tag:beach", "Tga:beach": "tag:beach", "tagg:beach": "tag:beach", "at:noon": "", "tga:": "", "tga": "", "beach": "",
		"widht>=40": "width>=40", "hieght<100": "height<100", "ratign=3": "rating=3", "WIDHT>40": "width>40", "widht<=0.5": "width<=0.5",
		"width:40": "width>=40", "widht:40": "width>=40", "rating:many": "", "widht>=many": "", "width": "", ">=3": "", "wi>=3": "",
		"tag=beach": "tag:beach", "after>2024": "after:2024", "before<=2024": "before:2024", "afer:2024": "after:2024", "name>=b": "",
		"http://x": "", "a=b": "", "10:30": "", "dog>=0.3": "", "ratio:16:9": "",
	} {
		if got := MistypedFilter(word); got != want {
			t.Errorf("MistypedFilter(%q) = %q, want %q", word, got, want)
		}
	}
	for line, want := range map[string]string{
		"dog widht>=40": "did you mean width>=40?", "dog >=40": "write a filter without spaces, such as rating>=3",
		"dog >=p2": "for example: dog >=p0.3", "dog >=NaN": "for example: dog >=0.2", "dog >=-Inf": "for example: dog >=0.2",
		"0*dog": "use - or NOT before a term to have less of it", "1001*dog": "1000* outweighs everything else",
	} {
		var bad *Error
		if _, err := Parse(line); !errors.As(err, &bad) || bad.Advice != want {
			t.Errorf("%q: %v, want the advice %q", line, err, want)
		}
	}
}

func TestParseArea(t *testing.T) {
	for in, want := range map[string]Area{
		"35.0,135.7,10km":    {35, 135.7, 10000},
		"-33.9, 151.2, 500m": {-33.9, 151.2, 500},
		"0,0,1 mi":           {0, 0, 1609.344},
	} {
		got, err := ParseArea(in)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", in, got, err, want)
		}
	}
}

func TestParseDate(t *testing.T) {
	for in, want := range map[string]string{
		"2024": "2024-01-01T00:00:00Z", "2024-05": "2024-05-01T00:00:00Z", "2024-05-31": "2024-05-31T00:00:00Z",
		"2024-05-31T12:30:00": "2024-05-31T12:30:00Z", "2024-05-31T23:30:00+09:00": "2024-05-31T23:30:00Z",
	} {
		got, err := ParseDate(in)
		if err != nil || got.Format("2006-01-02T15:04:05Z07:00") != want {
			t.Errorf("%q: %v, %v; want %s", in, got, err, want)
		}
	}
}

// Every line either is an error with a column inside it, or has a form that parses to
// the same query.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"dog on a beach", `2*red + "a b" NOT c >=p0.5 #l @p (tag:a OR -tag:b) width>=3`, "a tag:x (", "NOT NOT -tag:x",
		`tag:"\"\\"`, "(((((tag:a", "- -", "2*", "2:é", "x>=0.1", "-(under:x)", "near:\"1,2,3m\"", "@\"\"", "OR tag:a OR", `0 #"0"`, "0 NOT>=.0", "0>=0>=0", "1* 0",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		q, err := Parse(line)
		var bad *Error
		if errors.As(err, &bad) {
			if bad.Column < 1 || bad.Column > len(line)+1 {
				t.Fatalf("%q: column %d", line, bad.Column)
			}
			return
		}
		form := q.String()
		again, err := Parse(form)
		if err != nil {
			t.Fatalf("%q: its form %q: %v", line, form, err)
		}
		if diff := cmp.Diff(q, again, withoutColumns); diff != "" {
			t.Fatalf("%q: its form %q is another query:\n%s", line, form, diff)
		}
	})
}

func TestManyTerms(t *testing.T) {
	line := "a" + strings.Repeat(" + b", 99)
	if _, err := Parse(line); err != nil {
		t.Errorf("a hundred terms: %v", err)
	}
	var bad *Error
	if _, err := Parse(line + strings.Repeat(" - c", 9900)); !errors.As(err, &bad) || bad.Column != len(line)+2 || !strings.Contains(bad.Message, "10000 terms, at most 100") {
		t.Errorf("ten thousand terms: %v", err)
	}
}
