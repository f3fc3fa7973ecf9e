package zeroshot

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func mustList(t testing.TB, labels ...Label) *List {
	t.Helper()
	l, err := NewList("test", labels)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestAncestors(t *testing.T) {
	l := mustList(t,
		Label{Name: "Poodle", Parent: "dog"}, Label{Name: "Dog", Parent: "mammal"}, Label{Name: "Mammal", Parent: "Living Things"}, Label{Name: "stone"})
	want := [][]string{{"Living Things", "Mammal", "Dog"}, {"Living Things", "Mammal"}, {"Living Things"}, nil}
	if diff := cmp.Diff(want, l.Ancestors()); diff != "" {
		t.Errorf("ancestors (-want +got):\n%s", diff)
	}
}

func TestFingerprint(t *testing.T) {
	base := func() []Label {
		return []Label{{Name: "a", Aliases: []string{"b"}, Prompts: []string{"c"}, Parent: "d", Group: "e", Threshold: 0.5}, {Name: "f"}}
	}
	same := mustList(t, base()...)
	same.Source = "elsewhere"
	want := mustList(t, base()...).Fingerprint()
	if same.Fingerprint() != want {
		t.Error("the source changes the fingerprint")
	}
	seen := map[string]string{want: "the list itself"}
	for name, change := range map[string]func(*[]Label){
		"name":               func(l *[]Label) { (*l)[0].Name = "A" },
		"alias":              func(l *[]Label) { (*l)[0].Aliases = []string{"b2"} },
		"alias to prompt":    func(l *[]Label) { (*l)[0].Aliases, (*l)[0].Prompts = nil, []string{"b", "c"} },
		"no prompt":          func(l *[]Label) { (*l)[0].Prompts = nil },
		"parent":             func(l *[]Label) { (*l)[0].Parent = "" },
		"group":              func(l *[]Label) { (*l)[0].Group = "x" },
		"threshold":          func(l *[]Label) { (*l)[0].Threshold = 0.51 },
		"one less":           func(l *[]Label) { *l = (*l)[:1] },
		"the other way":      func(l *[]Label) { (*l)[0], (*l)[1] = (*l)[1], (*l)[0] },
		"parent to the next": func(l *[]Label) { (*l)[0].Parent, (*l)[1].Parent = "", "d" },
	} {
		labels := base()
		change(&labels)
		got := mustList(t, labels...).Fingerprint()
		if other, ok := seen[got]; ok {
			t.Errorf("%s: the same as %s", name, other)
		}
		seen[got] = name
	}
}

func TestExclusive(t *testing.T) {
	l := mustList(t, Label{Name: "a"}, Label{Name: "b", Group: "x"})
	e := l.Exclusive()
	if e.Labels[0].Group != "all" || e.Labels[1].Group != "all" || l.Labels[0].Group != "" {
		t.Errorf("got %v out of %v", e.Labels, l.Labels)
	}
}

func TestTexts(t *testing.T) {
	templates := []string{"a {}", "the {}"}
	for name, test := range map[string]struct {
		label Label
		want  []string
	}{
		"name":          {Label{Name: "dog"}, []string{"a dog", "the dog"}},
		"alias":         {Label{Name: "dog", Aliases: []string{"hound"}}, []string{"a dog", "a hound", "the dog", "the hound"}},
		"same alias":    {Label{Name: "dog", Aliases: []string{"dog"}}, []string{"a dog", "the dog"}},
		"own prompts":   {Label{Name: "dog", Prompts: []string{"a dog at play"}}, []string{"a dog at play"}},
		"own templates": {Label{Name: "dog", Aliases: []string{"hound"}, Prompts: []string{"my {}"}}, []string{"my dog", "my hound"}},
		"two slots":     {Label{Name: "dog", Prompts: []string{"{} and {}"}}, []string{"dog and dog"}},
	} {
		if diff := cmp.Diff(test.want, test.label.texts(templates)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestTemplates(t *testing.T) {
	file := filepath.Join(t.TempDir(), "templates.txt")
	if err := os.WriteFile(file, []byte("# mine\na drawing of a {}\n\na {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for spec, want := range map[string][]string{
		"ensemble":        Ensemble(),
		"a photo of a {}": {"a photo of a {}"},
		"@" + file:        {"a drawing of a {}", "a {}"},
	} {
		got, err := Templates(spec)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%q: %v (-want +got):\n%s", spec, err, diff)
		}
	}
	for _, spec := range []string{"", "a photo", "a\n{}", "@" + file + ".gone", strings.Repeat("x", 3000) + "{}"} {
		if _, err := Templates(spec); !errors.Is(err, ErrTemplate) {
			t.Errorf("%q: %v", shorten(spec), err)
		}
	}
}

func TestBuiltInTexts(t *testing.T) {
	if n := len(Ensemble()); n != 20 {
		t.Errorf("the ensemble has %d templates", n)
	}
	if err := checkTemplates(Ensemble()); err != nil {
		t.Error(err)
	}
	var labels []Label
	for _, concept := range Bank() {
		labels = append(labels, Label{Name: concept})
	}
	if l := mustList(t, labels...); len(l.Labels) < 150 { // it refuses equal ones
		t.Errorf("the bank has %d concepts", len(l.Labels))
	}
}
