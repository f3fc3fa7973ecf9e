package cmdline

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/lazyregexp"
)

// Umbrella is the one name for the commands of both programs. cmd/sightline calls the
// program that has a command as "sightline", or as "sightline search" for queries.
const Umbrella = "sightline"

// IndexerCommands are the commands of indexer, which may be meant where search is called
// by the name for both.
func IndexerCommands() []string {
	return []string{
		"run", "watch", "retry", "status", "prune", "forget", "collections", "verify", "repair", "upgrade", "copy",
		"backup", "restore", "dump", "load", "export", "import", "model", "tune", "config", "doctor", "explore",
	}
}

// SearchCommands are the commands of search, which may be meant where indexer is called.
func SearchCommands() []string {
	return []string{
		"text", "image", "like", "tag", "tags", "classify", "labels", "label", "duplicates", "clusters", "eval", "tune", "serve", "mcp",
	}
}

// calledAs gives the application the name that it was called by, for help and errors,
// and reports whether there are arguments. As the umbrella a word that is no command is
// a mistake and not a query.
func calledAs(a *cli.App, args []string) bool {
	if len(args) > 0 {
		switch name := filepath.Base(args[0]); name {
		case Umbrella:
			a.Name, a.DefaultCommand = name, ""
		case Umbrella + " search":
			a.Name = name
		}
	}
	return len(args) > 1
}

// calls finds the calls of the two programs in a message.
var calls = lazyregexp.New(`(?:\bsightline )?\b(indexer|search) (--?[a-z]+\b|"|[a-z]+\b)`)

// asCalled puts the name for both programs into the commands of a message, where the program
// was called by that: indexer may be another's program on the same machine.
func (p *Program) asCalled(message string) string {
	if !p.umbrella {
		return message
	}
	return calls().ReplaceAllStringFunc(message, func(call string) string {
		m := calls().FindStringSubmatch(call)
		program, word := m[1], m[2]
		isCommand := word[0] >= 'a' && word[0] <= 'z'
		switch {
		case strings.HasPrefix(call, Umbrella):
			return call
		case program == "indexer" && (!isCommand || slices.Contains(IndexerCommands(), word)):
			return Umbrella + " " + word
		case program == "search" && !isCommand, program == "search" && word == "tune":
			return Umbrella + " search " + word // a query; and tune alone is indexer's
		case program == "search" && slices.Contains(SearchCommands(), word):
			return Umbrella + " " + word
		}
		return call
	})
}

// hidden answers the words that are meant for shells and for building packages, and
// reports whether there was one.
func (p *Program) hidden(ctx context.Context, a *cli.App, words []string) bool {
	switch words[0] {
	case completeCommand:
		p.answerShell(ctx, a, words[1:])
	case manCommand:
		p.unwritten = manual(p.Stdout, a, sourceDate(p.Getenv))
	case completionCommand:
		if len(words) != 2 {
			return false
		}
		script, err := CompletionScript(words[1], a.Name)
		if err != nil {
			return false
		}
		p.Printf("%s", script)
	default:
		return false
	}
	return true
}

// sourceDate is the day of the sources, as reproducible builds tell it, or none.
func sourceDate(getenv func(string) string) string {
	seconds, err := strconv.ParseInt(getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return ""
	}
	return time.Unix(seconds, 0).UTC().Format(time.DateOnly)
}

// badValue is how the parser of flags speaks of a value that it cannot read.
var badValue = lazyregexp.New(`^invalid (?:boolean )?value (".*") for (?:flag )?-?([^ :]+): `)

// usageError says in the words of people what is wrong with a flag: -k: "three" is not
// a whole number.
func usageError(c *cli.Context, err error, _ bool) error {
	m := badValue().FindStringSubmatch(err.Error())
	if unknown, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: "); ok {
		return fault.Usagef("see "+strings.TrimSpace(c.App.Name+" "+c.Command.Name)+" --help", "there is no flag %s", unknown)
	}
	if m == nil {
		return fault.Usagef("", "%s", err)
	}
	value, name := m[1], strings.TrimLeft(m[2], "-")
	if strings.HasSuffix(err.Error(), "out of range") {
		return fault.Usagef("", "%s: %s is out of range", dashes(name)+name, value)
	}
	want := "what the flag takes"
	for _, f := range c.Command.Flags {
		for _, n := range f.Names() {
			if n == name {
				want = whatItTakes(f)
			}
		}
	}
	return fault.Usagef("", "%s: %s is not %s", dashes(name)+name, value, want)
}

// whatItTakes names the kind of value of a flag.
func whatItTakes(f cli.Flag) string {
	switch f.(type) {
	case *cli.IntFlag, *cli.Int64Flag, *cli.UintFlag, *cli.Uint64Flag:
		return "a whole number"
	case *cli.Float64Flag:
		return "a number"
	case *cli.DurationFlag:
		return "a duration like 30s or 2m"
	case *cli.BoolFlag:
		return "true or false"
	}
	return fmt.Sprintf("what %s takes", f.Names()[0])
}
