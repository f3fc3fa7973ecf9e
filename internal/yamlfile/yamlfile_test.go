package yamlfile_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sightline/sightline/internal/yamlfile"
)

func TestParseSaysWhatIsWrong(t *testing.T) {
	const indented = "it is indented in another way than the lines around it"
	const backslash = `a backslash in double quotes has a meaning of its own; write single quotes: 'C:\photos'`
	for _, c := range []struct{ text, want string }{
		{"a: 1\nmilvus:\n\tport: 5\n", "line 3: it begins with a tab; write blanks in its place"},
		{"a: 1\n\ndb: a: b\n", "line 3: a value with a colon before a blank must stand in quotes"},
		{"db: a:\n", "line 1: a value with a colon before a blank must stand in quotes"},
		{"db: \"abc\nmodel: x\nstore: y\n", `line 1: the quote " is not closed`},
		{"a: 1\ndb: 'abc\nmodel: x\n", `line 2: the quote ' is not closed`},
		{"a: 1\ndb: \"abc\"d\nmodel: x\n", `line 2: something follows the closing quote`},
		{"db: \"a\\qb\"\n", "line 1: " + backslash},
		{"db: \"C:\\Users\\x\"\n", "line 1: " + backslash},
		{"db: \"\\x4\"\n", "line 1: " + backslash},
		{"a: 1\nb: [1, 2\nc: 3\nd: 4\n", "line 2: the [ has no ], or a comma is missing after it"},
		{"a: {b: 1\nc: 3\n", "line 1: the { has no }, or a comma is missing after it"},
		{"db: @home\n", "line 1: a value that begins with @ must stand in quotes"},
		{"db: `x`\n", "line 1: a value that begins with ` must stand in quotes"},
		{"a: 1\ndb: %x\n", "line 2: a value that begins with % must stand in quotes"},
		{"a:\n- *x\n", "line 2: a value that begins with * must stand in quotes"},
		{"db: !!binary \"%%%\"\n", "line 1: a value that begins with ! must stand in quotes"},
		{"a: 1\nb:\n  c: !path x\n", "line 3: a value that begins with ! must stand in quotes"},
		{"db: |9x\n  a\n", "line 1: a text after | must begin on the next line"},
		{"index:\n    workers: 3\n  batch: 4\nx: 1\n", "line 3: " + indented},
		{"db: abc\n\n  model: x\n", "line 3: " + indented},
		{"milvus:\n  address localhost\n  token: x\n", `line 2: a name, a colon and a blank must stand before a value, or a dash and a blank before an item: "name: value", "- item"`},
		{"a: 1\nhello\nb: 2\n", `line 2: a name, a colon and a blank must stand before a value, or a dash and a blank before an item: "name: value", "- item"`},
		{"db: a\nc: 1\ndb: b\n", `line 3: "db" stands on line 1 already`},
		{"x:\n- {b: 1, b: 2}\n", `line 2: "b" stands on line 2 already`},
		{"db: a\n---\ndb: b\n", "line 2: a second document begins here with ---; everything must stand in one"},
		{"db: a\n---\ndb: [\n", "line 3: the [ has no ], or a comma is missing after it"},
		{"? [a, b]\n: c\n", "line 1: the name before a colon must be a word"},
		{"a: &i\n  b: 1\n  c: *i\n", "line 3: this stands inside of what it repeats"},
		{"a: 1\nb: x\x00y\n", "line 2: it holds a control character (code 0)"},
		{"b: x\x7f\n", "line 1: it holds a control character (code 127)"},
		{"a: 1\nb: caf\xe9\n", "line 2: it is not UTF-8; save the file in that encoding"},
		{"a: " + strings.Repeat("[", 20_000), "line 1: the [ has no ], or a comma is missing after it"},
		{strings.Repeat("a: [1]\n", 10) + "", `line 2: "a" stands on line 1 already`},
	} {
		root, err := yamlfile.Parse([]byte(c.text))
		var e *yamlfile.Error
		if !errors.As(err, &e) {
			t.Errorf("%q: %v, %v; want %s", shorten(c.text), root, err, c.want)
			continue
		}
		if e.Error() != c.want {
			t.Errorf("%q:\ngot  %s\nwant %s", shorten(c.text), e, c.want)
		}
		if in := e.In("f.yaml"); in != "f.yaml "+c.want {
			t.Errorf("In: %s", in)
		}
	}
}

func shorten(s string) string { return s[:min(len(s), 60)] }

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text string
		root bool
	}{
		{"", false}, {"# only\n", false}, {"---\n", false}, {"~\n", false},
		{"a: 1\n", true}, {"- a\n- b\n", true}, {"\ufeffdb: x\n", true}, {"a: &x [1]\nb: *x\nc: *x\n", true},
		{"\xff\xfed\x00b\x00:\x00 \x00a\x00\n\x00", true}, {"a: |\n  b: c: d\n  @x\n", true}, {"a: \"b\n  c\"\n", true},
	} {
		root, err := yamlfile.Parse([]byte(c.text))
		if err != nil || (root != nil) != c.root {
			t.Errorf("%q: %v, %v", c.text, root, err)
		}
	}
}

// A long text is not read over and over, and its line is found all the same.
func TestLongText(t *testing.T) {
	text := strings.Repeat("# comment\n", 30_000) + "b: [1\n" + strings.Repeat("# comment\n", 30_000)
	_, err := yamlfile.Parse([]byte(text))
	if want := "line 30001: the [ has no ], or a comma is missing after it"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Whatever a text is, what is said of it names a line that it has and quotes none of it.
func FuzzParse(f *testing.F) {
	f.Add([]byte("a: [\n"))
	f.Add([]byte("a: \"\\"))
	f.Add([]byte("- \n\t- x: 'y"))
	f.Add([]byte("%YAML 9.9\n---\na: b\n"))
	f.Add([]byte("\xff\xfea\x00[\x00"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 4096 {
			return
		}
		_, err := yamlfile.Parse(text)
		if err == nil {
			return
		}
		var e *yamlfile.Error
		if !errors.As(err, &e) {
			t.Fatalf("%T", err)
		}
		if lines := 1 + strings.Count(string(text), "\n"); e.Line < 1 || e.Line > lines {
			t.Errorf("line %d of %d", e.Line, lines)
		}
		if strings.Contains(e.Reason, "yaml") || !utf8.ValidString(e.Reason) {
			t.Errorf("%q", e.Reason)
		}
	})
}
