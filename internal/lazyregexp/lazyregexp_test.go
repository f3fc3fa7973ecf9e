package lazyregexp

import "testing"

func TestNew(t *testing.T) {
	invalid := New("(") // compiled by nobody so far
	word := New(`^\w+$`)
	if first, second := word(), word(); first != second {
		t.Error("an expression is compiled twice")
	}
	if !word().MatchString("dog") || word().MatchString("a dog") {
		t.Error("it does not match what it should")
	}
	defer func() {
		if recover() == nil {
			t.Error("an invalid expression is taken")
		}
	}()
	invalid()
}
