package terminal

import (
	"strconv"
	"strings"
	"unicode"
)

// ShellWord writes a path or a name as a word of a command that people may copy into a
// shell: as it is where nothing in it means something to a shell, else in single
// quotes. What a terminal could take for a command is escaped in $'...', which bash,
// zsh and POSIX.1-2024 read.
func ShellWord(s string) string {
	if Safe(s) != s {
		return ansiWord(s)
	}
	plain := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("/._-+,:@%=", r)
	}
	// A word must not be taken for a flag or a variable, nor be empty.
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 && s[0] != '-' && s[0] != '=' {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// ansiWord writes s in $'...': printable ASCII as it is, every other byte in octal.
func ansiWord(s string) string {
	var b strings.Builder
	b.WriteString("$'")
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c >= ' ' && c <= '~':
			b.WriteByte(c)
		default:
			// Three digits, so that one that follows is not taken for a fourth.
			b.WriteString(`\` + strconv.FormatUint(uint64(c)+1<<9, 8)[1:])
		}
	}
	return b.String() + "'"
}
