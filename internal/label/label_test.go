package label

import (
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
