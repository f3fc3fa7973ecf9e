package label

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// kinds are what findings are about, without their messages.
func kinds(findings []Finding) [][3]string {
	var out [][3]string
	for _, f := range findings {
		out = append(out, [3]string{string(f.Problem), f.Label, f.Other})
	}
	return out
}

func TestLint(t *testing.T) {
	got := Lint([]Label{
		{Name: "Dog"}, {Name: "dog"}, {Name: "dogs"}, {Name: "a\x01b"}, {Name: "Crane"},
		{Name: "mouse", Prompts: []string{"a photo of a mouse, an animal"}},
		{Name: "cat", Aliases: []string{"CAT", "crane", "kitten"}},
	})
	want := [][3]string{
		{"duplicate", "dog", "Dog"}, {"invalid", "a\x01b", ""},
		{"alias", "Dog", "dogs"}, {"alias", "dog", "dogs"},
		{"senses", "Crane", ""}, {"alias", "cat", "Crane"},
	}
	if diff := cmp.Diff(want, kinds(got)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	unusable := 0
	for _, f := range got {
		if f.Message == "" {
			t.Errorf("%v says nothing", f)
		}
		if f.Unusable() {
			unusable++
		}
	}
	if unusable != 2 {
		t.Errorf("%d findings make the list unusable, want 2", unusable)
	}
}
