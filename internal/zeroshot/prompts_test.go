package zeroshot

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/label"
)

func TestPrompts(t *testing.T) {
	templates := []string{"a {}", "the {}"}
	for name, test := range map[string]struct {
		label label.Label
		want  []string
	}{
		"name":          {label.Label{Name: "dog"}, []string{"a dog", "the dog"}},
		"alias":         {label.Label{Name: "dog", Aliases: []string{"hound"}}, []string{"a dog", "a hound", "the dog", "the hound"}},
		"same alias":    {label.Label{Name: "dog", Aliases: []string{"dog"}}, []string{"a dog", "the dog"}},
		"own prompts":   {label.Label{Name: "dog", Prompts: []string{"a dog at play"}}, []string{"a dog at play"}},
		"own templates": {label.Label{Name: "dog", Aliases: []string{"hound"}, Prompts: []string{"my {}"}}, []string{"my dog", "my hound"}},
		"two slots":     {label.Label{Name: "dog", Prompts: []string{"{} and {}"}}, []string{"dog and dog"}},
	} {
		if diff := cmp.Diff(test.want, promptsOf(&test.label, templates)); diff != "" {
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
			t.Errorf("%q: %v", label.Shorten(spec), err)
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
	var labels []label.Label
	for _, concept := range BackgroundPrompts() {
		labels = append(labels, label.Label{Name: concept})
	}
	if l := mustList(t, labels...); len(l.Labels) < 150 { // it refuses equal ones
		t.Errorf("there are %d background prompts", len(l.Labels))
	}
}
