package cmdline

import (
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/spelling"
	"github.com/sightline/sightline/internal/terminal/preview"
)

// arranger puts command lines of an application into order.
type arranger struct {
	app *cli.App
	// pathCommand is the command that a path stands for where no command is named; "" for
	// none.
	pathCommand string
	siblings    []string // commands of other programs, which may have been meant
	other       string   // the other program, if that is not called by the same name
	others      []string // its commands
	exists      func(path string) bool
	knownWord   func(word string) bool // whether a word is one that pictures are looked for by

	implied bool     // the application's default command was put in its place
	notes   []string // what was understood in another way than it is written
}

// arrange rewrites a command line into the order that the flag parser insists on:
// commands, flags, --, arguments. People write `search "a dog" -k 3`; the parser
// would take everything after "a dog" for more arguments, and search for it.
//
// Where the first argument is not a command, the application's default command is
// put in its place. What follows a -- is never a flag or a command. help and the name
// of a command are that command's --help.
func (r *arranger) arrange(args []string) ([]string, error) {
	a := r.app
	if len(args) == 0 {
		return []string{a.Name}, nil
	}
	if path, ok := helpWanted(a, args[1:]); ok {
		return append(append(args[:1:1], path...), "--help"), nil
	}
	var (
		flags, rest []string
		names       []string // of the flags
		places      []int    // of those in flags
		path        []string
		level       = a.Commands
		open        = true // the next argument may still name a command
		command     *cli.Command
	)
	known := flagsOf(a)
	for i := 1; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			rest = append(rest, args[i+1:]...)
			break
		}
		if len(arg) > 1 && arg[0] == '-' && arg[1] != ' ' { // "- fruit" is less fruit
			name, _, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
			takesValue, ok := known[name]
			if short, value := arg[1:2], arg[2:]; !ok && isNumber(value) && known[short] { // -k2 is -k 2
				name, arg, takesValue, ok, hasValue = short, "-"+short+"="+value, true, true, true
			}
			if !ok && isFilter(arg) {
				rest, open = append(rest, arg), false
				continue
			}
			if !ok {
				return nil, fault.Usagef(r.adviseFlag(command, arg), "there is no flag %s", strings.SplitN(arg, "=", 2)[0])
			}
			if name == "n" && takesValue && !hasValue && (i+1 == len(args) || !isNumber(args[i+1])) {
				r.notes = append(r.notes, "note: -n is passed over: search never changes the index (-n N is -k N)")
				continue
			}
			if !hasValue && r.isPreview(name) && i+1 < len(args) && slices.Contains(preview.Protocols(), args[i+1]) {
				i++
				r.notes = append(r.notes, "note: "+args[i]+" is taken for "+arg+"="+args[i]+"; for the word, write it before the flag")
				arg += "=" + args[i]
			}
			flags, names, places = append(flags, arg), append(names, name), append(places, len(flags))
			empty := takesValue && hasValue && strings.HasSuffix(arg, "=")
			if takesValue && !hasValue {
				if i++; i == len(args) {
					return nil, fault.Usagef("", "flag %s needs a value", arg)
				}
				flags, empty = append(flags, args[i]), args[i] == ""
			}
			if empty { // a variable of a script that is not set must not mean everything
				return nil, fault.Usagef("if it comes from a variable, look whether that is set", "the value of %s is empty", strings.TrimSuffix(arg, "="))
			}
			continue
		}
		if open {
			if c := find(level, arg); c != nil {
				path, level, command = append(path, c.Name), c.Subcommands, c
				open = len(level) > 0
				continue
			}
			open = false
		}
		rest = append(rest, arg)
	}
	if len(path) == 0 && !forApplication(flags, rest) {
		name, err := r.implicit(rest)
		if err != nil {
			return nil, err
		}
		path, command = []string{name}, find(a.Commands, name)
	}
	if command != nil {
		if command.Name != a.DefaultCommand && slices.Contains(rest, "") {
			return nil, fault.Usagef("if it comes from a variable, look whether that is set", "an argument of %s is empty", a.Name+" "+strings.Join(path, " "))
		}
		if err := r.checkFlags(a.Name+" "+strings.Join(path, " "), command, names); err != nil {
			return nil, err
		}
		sameForms(command, flags, names, places)
	}
	if slices.ContainsFunc(flags, func(f string) bool { return f == "--help" || f == "-h" || f == "-help" || f == "--h" }) {
		rest = nil // help for an argument is what the parser would look for
	}
	out := append([]string{args[0]}, path...)
	out = append(out, flags...)
	if len(rest) > 0 {
		out = append(append(out, "--"), rest...)
	}
	return out, nil
}

// isPreview reports whether a name is that of the flag for previews, in any form.
func (r *arranger) isPreview(name string) bool {
	c := find(r.app.Commands, r.app.DefaultCommand)
	return c != nil && slices.ContainsFunc(c.Flags, func(f cli.Flag) bool { return f.Names()[0] == "preview" && slices.Contains(f.Names(), name) })
}

// sameForms gives each flag that stands on the line in two forms (-a, --add) the first of
// its names, since the parser takes only one form.
func sameForms(c *cli.Command, flags, names []string, places []int) {
	for _, f := range c.Flags {
		used := make(map[string]bool)
		for _, n := range names {
			if slices.Contains(f.Names(), n) {
				used[n] = true
			}
		}
		if len(used) < 2 {
			continue
		}
		first := f.Names()[0]
		for i, n := range names {
			if used[n] {
				_, value, hasValue := strings.Cut(flags[places[i]], "=")
				flags[places[i]] = dashes(first) + first
				if hasValue {
					flags[places[i]] += "=" + value
				}
			}
		}
	}
}

// implicit is the command of a line that names none.
func (r *arranger) implicit(rest []string) (string, error) {
	a := r.app
	switch {
	case a.DefaultCommand != "":
		r.implied = true
		r.noteMistyped(rest)
		return a.DefaultCommand, nil
	case len(rest) > 0 && r.pathCommand != "" && r.exists != nil && (r.exists(rest[0]) || looksLikePath(rest[0])):
		return r.pathCommand, nil
	case len(rest) > 0:
		if rest[0] == "help" && len(rest) > 1 { // of a command that there is not
			rest = rest[1:]
		}
		hint := "see " + a.Name + " --help"
		if near := spelling.Nearest(rest[0], append(commandNames(a.Commands), r.siblings...)); len(near) > 0 {
			hint = "did you mean " + spelling.Or(near) + "? " + hint
		} else if slices.Contains(r.others, rest[0]) {
			hint = "that is a command of the program " + r.other + ": " + r.other + " " + rest[0] + " --help"
		} else if rest[0] == r.other {
			hint = r.other + " is a program of its own: " + r.other + " --help"
		} else if a.Name == Umbrella {
			hint = r.adviseUmbrella(rest)
		}
		return "", fault.Usagef(hint, "there is no command %q", rest[0])
	}
	return "", fault.Usagef("see "+a.Name+" --help", "which command?")
}

// commandNames lists commands that help texts show.
func commandNames(cs []*cli.Command) []string {
	var names []string
	for _, c := range cs {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	return names
}

// looksLikePath reports whether a word says itself that it is a path.
func looksLikePath(word string) bool {
	return strings.ContainsRune(word, '/') || word == "." || word == ".." || word == "~"
}

// isNumber reports whether a word may be the value of a flag that takes a whole number,
// well or badly written.
func isNumber(word string) bool {
	digits := strings.TrimLeft(word, "+-")
	return digits != "" && digits[0] >= '0' && digits[0] <= '9'
}

// isFilter recognises a filter of a query that is inverted by a dash: -tag:indoor, or
// -(tag:a OR tag:b). No flag looks like one.
func isFilter(arg string) bool {
	name, _, ok := strings.Cut(arg[1:], ":")
	return ok && name != "" && !strings.ContainsFunc(name, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') }) ||
		strings.HasPrefix(arg, "-(")
}

// helpWanted recognises the word help, alone or before the name of a command, which it
// returns. In any other company it is something to search for.
func helpWanted(a *cli.App, args []string) (path []string, ok bool) {
	if len(args) == 0 || args[0] != "help" {
		return nil, false
	}
	level := a.Commands
	for _, arg := range args[1:] {
		c := find(level, arg)
		if c == nil {
			return nil, false
		}
		path, level = append(path, c.Name), c.Subcommands
	}
	return path, true
}

// checkFlags refuses flags that only other commands have. The parser would do that
// too, but speak of them as not defined.
func (r *arranger) checkFlags(path string, c *cli.Command, names []string) error {
	for _, name := range names {
		if _, ok := applicationFlags[name]; ok || hasFlag(c, name) {
			continue
		}
		hint := "see " + path + " --help"
		if others := commandsWith(r.app.Commands, r.app.Name, name); len(others) > 0 {
			const most = 3
			hint = "it is a flag of " + spelling.Or(others[:min(len(others), most)]) + "; " + hint
		}
		return fault.Usagef(hint, "%s has no flag %s%s", path, dashes(name), name)
	}
	return nil
}

func hasFlag(c *cli.Command, name string) bool {
	return slices.ContainsFunc(c.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) })
}

// commandsWith lists the commands that have a flag, as one calls them.
func commandsWith(cs []*cli.Command, prefix, name string) []string {
	var out []string
	for _, c := range cs {
		path := prefix + " " + c.Name
		if hasFlag(c, name) {
			out = append(out, path)
		}
		out = append(out, commandsWith(c.Subcommands, path, name)...)
	}
	return out
}

// applicationFlags are those that make sense without a command.
var applicationFlags = map[string]bool{"help": false, "h": false, "version": false, "v": false}

// forApplication reports whether a command line without a command asks for the help or
// the version alone. An empty one asks for the help.
func forApplication(flags, rest []string) bool {
	return len(rest) == 0 && !slices.ContainsFunc(flags, func(f string) bool {
		_, ok := applicationFlags[strings.TrimLeft(f, "-")]
		return !ok
	})
}

// flagsOf lists every flag of an application by each of its names, and whether it
// takes a value. A name means the same in all commands.
func flagsOf(a *cli.App) map[string]bool {
	known := maps.Clone(applicationFlags)
	add := func(flags []cli.Flag) {
		for _, f := range flags {
			for _, name := range f.Names() {
				known[name] = !standsAlone(f)
			}
		}
	}
	var walk func([]*cli.Command)
	walk = func(cs []*cli.Command) {
		for _, c := range cs {
			add(c.Flags)
			walk(c.Subcommands)
		}
	}
	add(a.Flags)
	walk(a.Commands)
	return known
}

func find(cs []*cli.Command, name string) *cli.Command {
	if i := slices.IndexFunc(cs, func(c *cli.Command) bool { return c.HasName(name) }); i >= 0 {
		return cs[i]
	}
	return nil
}

// standsAlone reports whether a flag needs no value.
func standsAlone(f cli.Flag) bool {
	if _, isBool := f.(*cli.BoolFlag); isBool {
		return true
	}
	g, ok := f.(*cli.GenericFlag)
	if !ok {
		return false
	}
	b, ok := g.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}
