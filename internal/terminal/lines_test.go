package terminal

import "testing"

func TestSafeLines(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "",
		"+ <a>\n  <b/>\n":               "+ <a>\n  <b/>\n",
		"\t<a>\r\n\t\t<b/>\r\n":         "\t<a>\n\t\t<b/>\n",
		"+++ \x1b[31m.xmp\n+ \u202etxt": "+++ \\x1b[31m.xmp\n+ \\u202etxt",
		"a\rb\n":                        "a\\rb\n",
	} {
		if got := SafeLines(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
