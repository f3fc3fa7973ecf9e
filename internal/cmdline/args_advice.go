package cmdline

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/spelling"
	"github.com/sightline/sightline/internal/terminal"
)

// adviseUmbrella says which of both programs' habits a line without a command may mean.
func (r *arranger) adviseUmbrella(rest []string) string {
	if r.exists != nil && r.exists(rest[0]) || looksLikePath(rest[0]) {
		return "did you mean " + Umbrella + " run " + terminal.ShellWord(rest[0]) + ", or " + Umbrella + " search " + terminal.ShellWord(rest[0]) + "?"
	}
	return "to look for it: " + Umbrella + " search " + terminal.ShellWord(strings.Join(rest, " "))
}

// noteMistyped says that a query of one word may be a command with one typing error. A
// word that people look for in pictures is none: a lake is not like.
func (r *arranger) noteMistyped(rest []string) {
	if len(rest) > 0 && slices.Contains(r.others, rest[0]) && (len(rest) == 1 || len(rest) == 2 && looksLikePath(rest[1])) {
		r.notes = append(r.notes, "note: "+strconv.Quote(rest[0])+" is looked for in the pictures; the command is "+r.other+" "+rest[0])
		return
	}
	if len(rest) == 2 && rest[0] == "help" {
		meant := r.app.Name + " --help lists the commands"
		if near := spelling.Nearest(rest[1], commandNames(r.app.Commands)); len(near) > 0 {
			meant = "did you mean " + r.app.Name + " help " + spelling.Or(near) + "?"
		}
		r.notes = append(r.notes, "note: "+strconv.Quote("help "+rest[1])+" is looked for; "+meant)
		return
	}
	if len(rest) != 1 || len(rest[0]) < 3 || len(rest[0]) > 20 || r.knownWord == nil || r.knownWord(rest[0]) {
		return
	}
	var near []string
	for _, name := range commandNames(r.app.Commands) {
		if spelling.Distance(strings.ToLower(rest[0]), name) == 1 {
			near = append(near, r.app.Name+" "+name)
		}
	}
	if len(near) > 0 {
		r.notes = append(r.notes, "note: "+strconv.Quote(rest[0])+" is looked for; did you mean "+spelling.Or(near)+"?")
	}
}

// foreignFlags are flags of other programs that people try here, with what to do instead.
// The nearest of our own names would lead them astray.
var foreignFlags = map[string]string{
	"color":          "colours follow the terminal; the environment variable NO_COLOR=1 switches them off",
	"no-color":       "the environment variable NO_COLOR=1 switches colours off",
	"image":          "search ./photo.jpg looks for pictures like a file",
	"indexing":       "indexer run PATH indexes; a search never does",
	"no-indexing":    "leave it out: a search never indexes",
	"exclude-dir":    "indexer run PATH --ignore GLOB leaves folders out of the index; search \"dog -under:FOLDER\" out of an answer",
	"port":           "search serve --listen 127.0.0.1:8081 listens at another port",
	"preview-height": "leave it out: --preview fits the terminal",
}

// adviseFlag suggests the flag that was probably meant: one of the command, which is nil
// where none has been named yet, else one of another.
func (r *arranger) adviseFlag(c *cli.Command, arg string) string {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	if hint := foreignFlags[name]; hint != "" && strings.HasPrefix(arg, "--") {
		return hint
	}
	if c == nil && r.app.DefaultCommand != "" {
		c = find(r.app.Commands, r.app.DefaultCommand)
	}
	var own []string
	if c != nil {
		for _, f := range c.Flags {
			own = append(own, f.Names()...)
		}
	}
	for _, names := range [][]string{own, slices.Collect(maps.Keys(flagsOf(r.app)))} {
		names = slices.DeleteFunc(names, func(n string) bool { return len(n) < 2 })
		if near := spelling.Nearest(name, names); len(near) > 0 {
			for i, n := range near {
				near[i] = "--" + n
			}
			return "did you mean " + spelling.Or(near) + "?"
		}
	}
	if r.app.DefaultCommand != "" && !strings.HasPrefix(arg, "--") && len(name) > 1 {
		return "to have less of it, write a blank behind the dash: - " + name
	}
	if c != nil {
		return "see " + r.app.Name + " " + c.Name + " --help"
	}
	return "see " + r.app.Name + " --help"
}
