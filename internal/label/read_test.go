package label

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRead(t *testing.T) {
	full := []Label{
		{Name: "Dog", Aliases: []string{"puppy", "hound"}, Prompts: []string{"a photo of a {}, an animal", "a dog at play"}, Parent: "animal", Threshold: 0.4},
		{Name: "Sunny", Group: "weather"},
		{Name: "fish, fried"},
	}
	for name, test := range map[string]struct {
		format Format
		text   string
		want   []Label
	}{
		"text":                        {Text, "# what to look for\n\n  Golden Retriever \r\ncat\n", []Label{{Name: "Golden Retriever"}, {Name: "cat"}}},
		"text with a byte order mark": {Text, "\ufeffdog\n", []Label{{Name: "dog"}}},
		"text without a last newline": {Text, "dog\ncat", []Label{{Name: "dog"}, {Name: "cat"}}},
		"csv of one column":           {CSV, "Dog\n\"fish, fried\"\n", []Label{{Name: "Dog"}, {Name: "fish, fried"}}},
		"csv": {CSV, "Label,aliases,prompts,parent,group,threshold\n" +
			"Dog,puppy | hound,\"a photo of a {}, an animal|a dog at play\",animal,,0.4\n" +
			"Sunny,,,,weather,\n\"fish, fried\"\n", full},
		"csv with semicolons":               {CSV, "# ours\nname;aliases\ndog;puppy|hound\ncat, wild;\n", []Label{{Name: "dog", Aliases: []string{"puppy", "hound"}}, {Name: "cat, wild"}}},
		"csv with tabs":                     {CSV, "name\tparent\ndog\tanimal\n", []Label{{Name: "dog", Parent: "animal"}}},
		"csv without names of columns":      {CSV, "dog,1\ncat,2\n", []Label{{Name: "dog"}, {Name: "cat"}}},
		"csv with empty cells too many":     {CSV, "name\ndog,,\n", []Label{{Name: "dog"}}},
		"utf-16":                            {Text, "\xff\xfed\x00o\x00g\x00\r\x00\n\x00\xe9\x00\n\x00", []Label{{Name: "dog"}, {Name: "\u00e9"}}},
		"utf-16, the other way round":       {CSV, "\xfe\xff\x00d\x00o\x00g", []Label{{Name: "dog"}}},
		"json":                              {JSON, `["dog", {"name": "cat", "aliases": ["kitten"]}]`, []Label{{Name: "dog"}, {Name: "cat", Aliases: []string{"kitten"}}}},
		"csv with columns in another order": {CSV, "name,threshold\ncat,0.5\n", []Label{{Name: "cat", Threshold: 0.5}}},
		"yaml list of names":                {YAML, "- Dog\n- 2024\n- yes\n- 'no'\n", []Label{{Name: "Dog"}, {Name: "2024"}, {Name: "yes"}, {Name: "no"}}},
		"yaml": {YAML, `labels:
  - name: Dog
    aliases: [puppy, hound]
    prompts: ["a photo of a {}, an animal", a dog at play]
    parent: animal
    threshold: 0.4
  - {name: Sunny, group: weather}
  - "fish, fried"
`, full},
		"yaml, exclusive": {YAML, "exclusive: true\nlabels: [dog, {name: cat, aliases: kitten}]\n",
			[]Label{{Name: "dog", Group: "all"}, {Name: "cat", Aliases: []string{"kitten"}, Group: "all"}}},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := Read(strings.NewReader(test.text), "f", test.format)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, l.Labels); diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	// A hundred aliases that double nine times over: 51,200 names out of 300 bytes.
	bomb := "a: &a [x, x]\n"
	for c := 'b'; c < 'j'; c++ {
		bomb += fmt.Sprintf("%c: &%c [*%c, *%c]\n", c, c, c-1, c-1)
	}
	for name, test := range map[string]struct {
		format Format
		text   string
		want   string // part of the message
	}{
		"empty file":             {Text, "", "no labels"},
		"only comments":          {Text, "# dog\n", "no labels"},
		"empty csv":              {CSV, "label,parent\n", "no labels"},
		"empty yaml":             {YAML, "", "no labels"},
		"yaml of nothing":        {YAML, "labels:\n", "no labels"},
		"a control character":    {Text, "dog\nc\x07at\n", "label 2: the name \"c\\aat\" holds a control character"},
		"a turned direction":     {Text, "dog \u202etac\n", "control character"},
		"equal up to case":       {Text, "Dog\ncat\ndog\n", `label 3, "dog", is the same as label 1, "Dog"`},
		"equal once composed":    {Text, "caf\u00e9\ncafe\u0301\n", "is the same as"},
		"10,000 characters":      {Text, strings.Repeat("a", 10000), "10000 characters long, at most 200"},
		"not UTF-8":              {Text, "d\xffg\n", "not UTF-8"},
		"a NUL":                  {Text, "d\x00g\n", "control character"},
		"unknown column":         {CSV, "label,colour\ndog,red\n", `no column "colour"`},
		"csv, empty name":        {CSV, "label,parent\n,animal\n", "label 1: the name is empty"},
		"csv, bad threshold":     {CSV, "label,threshold\ndog,1.5\n", "line 2: the threshold \"1.5\""},
		"csv, open quote":        {CSV, "label\n\"dog\n", "quote"},
		"yaml bomb":              {YAML, bomb + "labels: *i\n", "no key \"a\""},
		"yaml bomb as labels":    {YAML, "labels:\n - &x [a, a]\n - [*x, *x]\n", "a label is a name or a mapping"},
		"yaml alias":             {YAML, "- &x dog\n- *x\n", "a label is a name or a mapping"},
		"yaml, unknown key":      {YAML, "- name: dog\n  colour: red\n", "line 2: the keys of a label are"},
		"yaml, two documents":    {YAML, "- dog\n---\n- cat\n", "file.x line 2: a second document"},
		"yaml, no list":          {YAML, "labels: dog\n", "not a list of labels"},
		"yaml, bad syntax":       {YAML, "labels: [dog\n", "file.x line 1: the [ has no ]"},
		"yaml, threshold 0":      {YAML, "- {name: dog, threshold: 0}\n", "the threshold \"0\""},
		"yaml, newline in name":  {YAML, "- \"a\\nb\"\n", "control character"},
		"parents in a circle":    {CSV, "label,parent\na,b\nb,c\nc,A\n", "among its own parents"},
		"own parent":             {CSV, "label,parent\na,a\n", "among its own parents"},
		"too many aliases":       {CSV, "label,aliases\ndog," + strings.Repeat("x|", 300) + "\n", "300 aliases and prompts"},
		"a prompt of a megabyte": {CSV, "label,prompts\ndog," + strings.Repeat("x", 1<<20) + "\n", "at most 2000"},
		"text, all in one line":  {Text, "# my labels\ndog, cat, bird\n", "write each label on a line of its own"},
		"text, semicolons":       {Text, "dog; cat; bird", "write each label on a line of its own"},
		"csv, all in one row":    {CSV, "dog,cat,bird\n", "its only row has 3 cells"},
		"csv, too many cells":    {CSV, "name,aliases\ndog,a\ncat,a,b,c\n", `line 3: it has a value "b", and the first line names 2 columns`},
		"yaml, aliases as text":  {YAML, "- name: dog\n  aliases: puppy, hound\n", "line 2: aliases are a list"},
		"yaml, true":             {YAML, "- dog\n- true\n", "line 2: true is no name here; in quotes"},
		"yaml, null":             {YAML, "- dog\n- null\n", "line 2: null is no name here"},
		"json, numbers":          {JSON, `["dog", 2, 3]`, "label 2 is the number 2"},
		"json, true":             {JSON, `["dog", true]`, "true is no name here"},
		"broken utf-16":          {Text, "\xff\xfed\x00o", "not UTF-16"},
		"another format":         {"toml", "x", "not a format"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(strings.NewReader(test.text), "file.x", test.format)
			if !errors.Is(err, ErrInvalid) {
				t.Fatalf("error %v is no ErrInvalid", err)
			}
			if !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "file.x") {
				t.Errorf("error %q lacks %q or the file's name", err, test.want)
			}
			if len(err.Error()) > 400 {
				t.Errorf("the message has %d bytes", len(err.Error()))
			}
		})
	}
}

func TestReadLarge(t *testing.T) {
	var text strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&text, "label number %d\n", i)
	}
	l, err := Read(strings.NewReader(text.String()), "f", Text)
	if err != nil || len(l.Labels) != 100_000 {
		t.Fatalf("100,000 labels: %v", err)
	}
	l, err = Read(strings.NewReader("- "+strings.ReplaceAll(text.String(), "\nlabel", "\n- label")), "f", YAML)
	if err != nil || len(l.Labels) != 100_000 {
		t.Fatalf("100,000 labels as YAML: %v", err)
	}
	if _, err := Read(strings.NewReader(strings.Repeat("x", MaxListBytes+1)), "f", Text); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("a file past the limit: %v", err)
	}
}

func TestParse(t *testing.T) {
	for spec, want := range map[string][]string{
		"giraffe,zebra,elephant":   {"giraffe", "zebra", "elephant"},
		" Golden Retriever , cat ": {"Golden Retriever", "cat"},
		`"fish, fried",dog`:        {"fish, fried", "dog"},
		"dog":                      {"dog"},
	} {
		l, err := Parse(spec)
		if err != nil {
			t.Errorf("%q: %v", spec, err)
			continue
		}
		if diff := cmp.Diff(want, l.Names()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", spec, diff)
		}
	}
	for _, spec := range []string{"", " ", ",", "a,,b", "a,b,", "a,A", `"a`, "a\x00"} {
		if _, err := Parse(spec); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: %v", spec, err)
		}
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "labels.yaml")
	if err := os.WriteFile(file, []byte("- dog\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for spec, want := range map[string]int{file: 1, "dog,cat": 2, "n/a,dog": 2} {
		l, err := Load(spec)
		if err != nil || len(l.Labels) != want {
			t.Errorf("%q: %v, %v", spec, l, err)
		}
	}
	for _, spec := range []string{filepath.Join(dir, "gone.txt"), "gone.csv", dir, "gone/labels"} {
		if l, err := Load(spec); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: %v, %v", spec, l, err)
		}
	}
}

// FuzzParse reads the same bytes in every format: what is accepted must be
// usable, and nothing may panic.
func FuzzParse(f *testing.F) {
	f.Add([]byte("a,b,\"c, d\""))
	f.Add([]byte("label,aliases,prompts,parent,group,threshold\ndog,puppy|hound,a {},animal,g,0.5\n"))
	f.Add([]byte("exclusive: true\nlabels:\n- name: dog\n  aliases: [a, b]\n- cat\n"))
	f.Add([]byte("- &x dog\n- *x\n"))
	f.Add([]byte("? [a]\n: {b: c}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		check := func(l *List, err error) {
			if err != nil {
				if !errors.Is(err, ErrInvalid) {
					t.Errorf("%v is no ErrInvalid", err)
				}
				return
			}
			again, err := NewList("again", l.Labels)
			if err != nil {
				t.Fatalf("what was accepted is refused: %v", err)
			}
			if l.Fingerprint() != again.Fingerprint() || len(l.Ancestors()) != len(l.Labels) {
				t.Error("the list has changed")
			}
		}
		check(Parse(string(data)))
		for _, format := range []Format{Text, CSV, YAML} {
			check(Read(strings.NewReader(string(data)), "f", format))
		}
	})
}
