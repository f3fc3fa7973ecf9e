package label

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

func checkName(s, what string) error {
	if strings.TrimSpace(s) != s {
		return fmt.Errorf("the %s %q begins or ends with a blank", what, Shorten(s))
	}
	return checkLength(s, what, MaxNameRunes, utf8.RuneCountInString(s))
}

// CheckText refuses a text that cannot be shown, stored or tokenised as one line, or
// that is longer than limit bytes. what names it in the error.
func CheckText(s, what string, limit int) error { return checkLength(s, what, limit, len(s)) }

func checkLength(s, what string, limit, length int) error {
	switch {
	case strings.TrimSpace(s) == "":
		return fmt.Errorf("the %s is empty", what)
	case !utf8.ValidString(s):
		return fmt.Errorf("the %s %q is not UTF-8", what, Shorten(s))
	case length > limit:
		return fmt.Errorf("the %s %q is %d characters long, at most %d are allowed", what, Shorten(s), length, limit)
	case strings.ContainsFunc(s, unprintable):
		return fmt.Errorf("the %s %q holds a control character", what, Shorten(s))
	}
	return nil
}

// unprintable reports whether r is a control character, or one of the invisible marks
// that turn the reading direction, with which a label could show as another.
func unprintable(r rune) bool {
	return unicode.IsControl(r) || (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069) || r == 0x2028 || r == 0x2029
}

// Shorten cuts a text for a message.
func Shorten(s string) string {
	const limit = 40
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit]) + "..."
}

// CheckTags reports the first of some tags that no picture may have: what is no name of a
// label. The error is ErrTag.
func CheckTags(tags []string) error {
	for _, t := range tags {
		if err := checkName(t, "tag"); err != nil {
			return fmt.Errorf("%w: %w", ErrTag, err)
		}
	}
	return nil
}
