package store

import (
	"strings"
	"testing"
)

func TestModelMismatchError(t *testing.T) {
	m := Model{Name: "clip", Precision: "fp32", Pixels: "fast", Dim: 512, Fingerprint: "0123456789abcdef"}
	for _, c := range []struct {
		name   string
		change func(*Model)
		want   []string
	}{
		{"another model", func(m *Model) { m.Name, m.Fingerprint = "other", "ff" }, []string{"clip fp32 [0123456789ab]", "not other fp32 [ff]"}},
		{"dimensions", func(m *Model) { m.Dim = 768 }, []string{"(512 dimensions)", "(768 dimensions)"}},
		{"pixels", func(m *Model) { m.Pixels = "exact" }, []string{"on fast pixels, not", "on exact pixels"}},
	} {
		want := m
		c.change(&want)
		got := (&ModelMismatchError{Have: m, Want: want}).Error()
		for _, part := range c.want {
			if !strings.Contains(got, part) {
				t.Errorf("%s: %q does not say %q", c.name, got, part)
			}
		}
	}
}
