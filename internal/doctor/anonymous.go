package doctor

import (
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/lazyregexp"
)

// paths are absolute paths within a text, and addresses of servers.
var (
	paths     = lazyregexp.New(`(^|[\s"'(=,;:<])((?:[A-Za-z]:|~)?(?:/[^/\s"';,:()]+)+/?)`)
	quoted    = lazyregexp.New(`"~?/[^"]*"`) // which may hold blanks
	addresses = lazyregexp.New(`\b[A-Za-z0-9.-]+:[0-9]{2,5}\b`)
)

// Anonymous returns the checks without what tells of the person or the machine: paths,
// addresses, and the words that are given, such as the name of a collection.
func Anonymous(checks []Check, words ...string) []Check {
	// The longest first: a host is a part of its address.
	words = slices.Clone(words)
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	clean := func(text string) string {
		for _, w := range words {
			if len(w) > 2 {
				text = strings.ReplaceAll(text, w, "<name>")
			}
		}
		text = quoted().ReplaceAllString(text, `"<path>"`)
		text = paths().ReplaceAllString(text, "${1}<path>")
		return addresses().ReplaceAllString(text, "<address>")
	}
	out := make([]Check, len(checks))
	for i, c := range checks {
		if c.Name != "program" {
			c.Finding, c.Advice = clean(c.Finding), clean(c.Advice)
		}
		out[i] = c
	}
	return out
}
