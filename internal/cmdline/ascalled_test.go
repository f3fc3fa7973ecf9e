package cmdline

import "testing"

func TestAsCalled(t *testing.T) {
	p := &Program{umbrella: true}
	for message, want := range map[string]string{
		"for example: indexer run ~/Pictures":          "for example: sightline run ~/Pictures",
		"search tag add takes pictures, and then tags": "sightline tag add takes pictures, and then tags",
		`say what to look for: search "a dog"`:         `say what to look for: sightline search "a dog"`,
		"see search --help":                            "see sightline search --help",
		"`indexer model fetch`, or `search tune`":      "`sightline model fetch`, or `sightline search tune`",
		"sightline search tag, and sightline run":      "sightline search tag, and sightline run",
		"wait until the other indexer has finished":    "wait until the other indexer has finished",
		"search the pictures by words":                 "search the pictures by words",
		"research tag":                                 "research tag",
	} {
		if got := p.asCalled(message); got != want {
			t.Errorf("%q became %q, want %q", message, got, want)
		}
		if got := new(Program).asCalled(message); got != message {
			t.Errorf("%q became %q under its own name", message, got)
		}
	}
}
