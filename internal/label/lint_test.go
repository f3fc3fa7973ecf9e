package label

import (
	"errors"
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

func TestInspect(t *testing.T) {
	in, err := Inspect("crane,stone,river bank")
	if err != nil || in.Unusable != 0 || in.List == nil || in.Labels != 3 || in.Source != Given || len(in.Findings) == 0 {
		t.Errorf("%+v, %v", in, err)
	}
	in, err = Inspect("dog,Dog,a\x01b")
	if err != nil || in.Unusable != 2 || in.List != nil || in.Labels != 3 {
		t.Errorf("%+v, %v", in, err)
	}
	if _, err := Inspect(""); !errors.Is(err, ErrInvalid) {
		t.Errorf("an empty list: %v", err)
	}
}
