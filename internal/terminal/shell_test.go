package terminal

import (
	"os/exec"
	"testing"
)

func TestShellWord(t *testing.T) {
	for _, c := range []struct{ word, want string }{
		{"/home/me/Pictures", "/home/me/Pictures"},
		{"/home/me/Bücher/写真", "/home/me/Bücher/写真"},
		{"acme/clip-vit_b32.v1+x", "acme/clip-vit_b32.v1+x"},
		{"/mnt/my photos", `'/mnt/my photos'`},
		{"it's", `'it'\''s'`},
		{"$HOME/*;`x`", "'$HOME/*;`x`'"},
		{"~me", "'~me'"},
		{"", "''"},
		{"🦊", "'🦊'"},
		{"two\nlines", `$'two\012lines'`},
		{"\x1b[31mred", `$'\033[31mred'`},
		{"latin1 \xe97's \\", `$'latin1 \3517\'s \\'`},
	} {
		got := ShellWord(c.word)
		if got != c.want {
			t.Errorf("%q: %s, want %s", c.word, got, c.want)
		}
		if Safe(got) != got {
			t.Errorf("%q: %q is not fit for a terminal", c.word, got)
		}
	}
}

// A shell must give back what was quoted.
func FuzzShellWord(f *testing.F) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		f.Skip("there is no bash")
	}
	for _, s := range []string{"", "a b", "it's", `\`, "-n", "=x", "$x", "~", "#x", "!x", "{a,b}", "\xff7", "\u202e", "a\nb\n", "é", "x=y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for i := range len(s) {
			if s[i] == 0 {
				t.Skip("no path has a NUL")
			}
		}
		word := ShellWord(s)
		out, err := exec.CommandContext(t.Context(), bash, "-c", "printf %s. "+word).Output()
		if err != nil || string(out) != s+"." {
			t.Errorf("%q: %s is %q to the shell (%v)", s, word, out, err)
		}
	})
}
