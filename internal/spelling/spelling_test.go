package spelling

import (
	"slices"
	"testing"
)

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"run", "run", 0}, {"rnu", "run", 1}, {"beech", "beach", 1}, {"", "abc", 3}, {"kitten", "sitting", 3},
		{"märz", "maerz", 2}, {"犬", "猫", 1}, {"ab", "ba", 1}, {"abcd", "badc", 2}, {"ca", "abc", 3},
	} {
		if got := Distance(c.a, c.b); got != c.want {
			t.Errorf("%q, %q: %d, want %d", c.a, c.b, got, c.want)
		}
		if got := Distance(c.b, c.a); got != c.want {
			t.Errorf("%q, %q: %d, want %d", c.b, c.a, got, c.want)
		}
	}
}

func TestNearest(t *testing.T) {
	commands := []string{"run", "retry", "status", "prune", "forget", "collections", "verify", "model"}
	for word, want := range map[string][]string{
		"rnu": {"run"}, "statsu": {"status"}, "RUN": {"run"}, "collection": {"collections"}, "stat": {"status"},
		"ru": nil, "frobnicate": nil, "": nil, "vrify": {"verify"}, "mdoel": {"model"},
	} {
		if got := Nearest(word, commands); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
	if got := Nearest("tpo", []string{"tag", "top", "to"}); !slices.Equal(got, []string{"to", "top"}) && !slices.Equal(got, []string{"top"}) {
		t.Errorf("tpo: %q", got)
	}
	if got := Nearest("bxat", []string{"boat", "beat", "brat", "blat"}); len(got) != 3 {
		t.Errorf("%q, want three of them", got)
	}
}

func TestOr(t *testing.T) {
	for _, c := range []struct {
		names []string
		want  string
	}{{nil, ""}, {[]string{"a"}, "a"}, {[]string{"a", "b"}, "a or b"}, {[]string{"a", "b", "c"}, "a, b or c"}} {
		if got := Or(c.names); got != c.want {
			t.Errorf("%q: %q", c.names, got)
		}
	}
}
