package cmdline

import (
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/fault"
)

// arrange rewrites a command line into the order that the flag parser insists on:
// commands, flags, --, arguments. People write `search "a dog" -k 3`; the parser
// would take everything after "a dog" for more arguments, and search for it.
//
// Where the first argument is not a command, the application's default command is
// put in its place. What follows a -- is never a flag or a command. help and the name
// of a command are that command's --help.
func arrange(a *cli.App, args []string) ([]string, error) {
	if len(args) == 0 {
		return []string{a.Name}, nil
	}
	if path, ok := helpWanted(a, args[1:]); ok {
		return append(append(args[:1:1], path...), "--help"), nil
	}
	var (
		flags, rest []string
		names       []string // of the flags
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
		if len(arg) > 1 && arg[0] == '-' {
			name, _, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
			takesValue, ok := known[name]
			if !ok && isFilter(arg) {
				rest, open = append(rest, arg), false
				continue
			}
			if !ok {
				return nil, fault.Usagef(adviseFlag(a, name, known), "there is no flag %s", strings.SplitN(arg, "=", 2)[0])
			}
			flags, names = append(flags, arg), append(names, name)
			if takesValue && !hasValue {
				if i++; i == len(args) {
					return nil, fault.Usagef("", "flag %s needs a value", arg)
				}
				flags = append(flags, args[i])
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
		if a.DefaultCommand == "" && len(rest) > 0 {
			return nil, fault.Usagef("see "+a.Name+" --help", "there is no command %q", rest[0])
		} else if a.DefaultCommand == "" {
			return nil, fault.Usagef("see "+a.Name+" --help", "which command?")
		}
		path, command = []string{a.DefaultCommand}, find(a.Commands, a.DefaultCommand)
	}
	if command != nil {
		if err := checkFlags(a.Name+" "+strings.Join(path, " "), command, names); err != nil {
			return nil, err
		}
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
func checkFlags(path string, c *cli.Command, names []string) error {
	for _, name := range names {
		has := func(f cli.Flag) bool { return slices.Contains(f.Names(), name) }
		if _, ok := applicationFlags[name]; !ok && !slices.ContainsFunc(c.Flags, has) {
			return fault.Usagef("see "+path+" --help", "%s has no flag --%s", path, name)
		}
	}
	return nil
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
			_, isBool := f.(*cli.BoolFlag)
			for _, name := range f.Names() {
				known[name] = !isBool
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

// adviseFlag suggests the flag that was probably meant.
func adviseFlag(a *cli.App, name string, known map[string]bool) string {
	best, distance := "", 3
	for k := range known {
		if d := editDistance(name, k); len(k) > 1 && (d < distance || d == distance && k < best) {
			best, distance = k, d
		}
	}
	if best != "" {
		return "did you mean --" + best + "?"
	}
	return "see " + a.Name + " --help; write -- before an argument that starts with a dash"
}

// editDistance is the Levenshtein distance in bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
