package zeroshot

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/label"
)

func TestLintMeanings(t *testing.T) {
	// The fake model knows colours alone: all red things mean nearly the same to it.
	c := prepare(t, mustList(t, label.Label{Name: "red car"}, label.Label{Name: "blue sky"}, label.Label{Name: "red dress"},
		label.Label{Name: "blue sea", Parent: "blue sky"}), Options{Templates: []string{"{}"}})
	got, err := c.LintMeanings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][3]string{{"synonym", "red car", "red dress"}}, pairs(got)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// pairs are what findings are about, without their messages.
func pairs(findings []label.Finding) [][3]string {
	var out [][3]string
	for _, f := range findings {
		out = append(out, [3]string{string(f.Problem), f.Label, f.Other})
	}
	return out
}
