// Command sightline is one name for the commands of indexer and search, which other
// packages have programs of the same name of: sightline run, sightline tag, and sightline
// search for queries. It knows no command itself: it asks the programs beside it, and
// becomes the one that has the command.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// umbrella is the name that the programs are called by, which they show in help texts and
// errors. It and the exit codes are internal/cmdline's; that package is not imported, with
// all that it needs, so that this program stays small.
const (
	umbrella  = "sightline"
	exitOK    = 0
	exitFatal = 1
)

func main() {
	exe, err := os.Executable()
	if err != nil {
		fmt.Fprintf(os.Stderr, "error: sightline does not know where it is: %s\n", err)
		os.Exit(exitFatal)
	}
	if real, err := filepath.EvalSymlinks(exe); err == nil {
		exe = real
	}
	d := dispatcher{dir: filepath.Dir(exe), stdout: os.Stdout, stderr: os.Stderr, become: become}
	os.Exit(d.run(context.Background(), os.Args[1:]))
}

// dispatcher hands a command line to the program that has the command.
type dispatcher struct {
	dir            string // of the programs
	stdout, stderr io.Writer
	// become runs a program in the place of this one. It returns where it cannot, or
	// where a system has no such call, with the exit code.
	become func(path string, argv []string) (int, error)
}

// queries is the word before a query: sightline search "a dog".
const queries = "search"

func (d *dispatcher) run(ctx context.Context, args []string) int {
	if len(args) > 0 && args[0] == "help" { // sightline help run is sightline run --help
		args = append(slices.Clone(args[1:]), "--help")
	}
	switch {
	case len(args) == 0, args[0] == "--help", args[0] == "-h":
		return d.help(ctx)
	case args[0] == "__complete":
		return d.complete(ctx, args[1:])
	case args[0] == "__man":
		return d.manual(ctx)
	case args[0] == "__completion", args[0] == "--version", args[0] == "-v":
		return d.hand("indexer", umbrella, args)
	case args[0] == queries:
		return d.hand(queries, umbrella+" "+queries, args[1:])
	}
	program, err := d.programOf(ctx, args)
	if err != nil {
		return d.fail(err)
	}
	return d.hand(program, umbrella, args)
}

// programOf says which program has the command of a command line: indexer, where both do,
// since search's are there as sightline search COMMAND too. Flags may stand before it.
func (d *dispatcher) programOf(ctx context.Context, args []string) (string, error) {
	commands, err := d.commands(ctx, "indexer")
	if err != nil {
		return "", err
	}
	for _, a := range args {
		if a == "--" {
			break
		}
		if !strings.HasPrefix(a, "-") {
			for _, c := range commands {
				if c.name == a {
					return "indexer", nil
				}
			}
			break
		}
	}
	return queries, nil
}

// command is one of a program's.
type command struct{ name, usage string }

// commands asks a program for its commands.
func (d *dispatcher) commands(ctx context.Context, program string) ([]command, error) {
	answer, err := d.ask(ctx, program, "")
	if err != nil {
		return nil, err
	}
	var out []command
	for line := range strings.Lines(answer) {
		name, usage, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if ok && name != "help" {
			out = append(out, command{name, usage})
		}
	}
	return out, nil
}

// ask asks a program what the last of words may become.
func (d *dispatcher) ask(ctx context.Context, program string, words ...string) (string, error) {
	cmd := exec.CommandContext(ctx, d.path(program), append([]string{"__complete"}, words...)...)
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("the program %s, which belongs beside sightline, does not answer: %w", d.path(program), err)
	}
	return out.String(), nil
}

// complete answers a shell: at the first word with the commands of both programs, then
// with what the program says that has the command.
func (d *dispatcher) complete(ctx context.Context, words []string) int {
	var answer string
	var err error
	switch {
	case len(words) > 1 && words[0] == queries:
		answer, err = d.ask(ctx, queries, words[1:]...)
	case len(words) > 1:
		var program string
		if program, err = d.programOf(ctx, words); err == nil {
			answer, err = d.ask(ctx, program, words...)
		}
	default:
		begun := strings.Join(words, "")
		var all []command
		if all, err = d.all(ctx); err == nil {
			for _, c := range all {
				if strings.HasPrefix(c.name, begun) {
					answer += c.name + "\t" + c.usage + "\n"
				}
			}
			answer += ":none\n"
		}
	}
	if err != nil {
		return exitFatal // without a word: it would land in what is being typed
	}
	fmt.Fprint(d.stdout, answer)
	return exitOK
}

// all lists the commands of both programs, each once.
func (d *dispatcher) all(ctx context.Context) ([]command, error) {
	all := []command{{queries, "find pictures by a text"}}
	seen := map[string]bool{"text": true} // which sightline search is
	for _, program := range []string{"indexer", queries} {
		commands, err := d.commands(ctx, program)
		if err != nil {
			return nil, err
		}
		for _, c := range commands {
			if !seen[c.name] {
				seen[c.name] = true
				all = append(all, c)
			}
		}
	}
	return all, nil
}

func (d *dispatcher) help(ctx context.Context) int {
	all, err := d.all(ctx)
	if err != nil {
		return d.fail(err)
	}
	fmt.Fprint(d.stdout, `sightline - find and label pictures by meaning

   sightline run ~/Pictures                    index a collection, or bring it up to date
   sightline search "a dog on a beach"         the ten nearest pictures
   sightline tag --labels beach,dog,snow       label the whole collection

Commands:
`)
	for _, c := range all {
		fmt.Fprintf(d.stdout, "   %-10s %s\n", c.name, c.usage)
	}
	fmt.Fprint(d.stdout, `
The same commands are those of the programs indexer and search. sightline COMMAND --help
tells more; sightline search COMMAND is search's where indexer has one of that name.
`)
	return exitOK
}

// manual writes the manual page, which leads to those of the programs.
func (d *dispatcher) manual(ctx context.Context) int {
	all, err := d.all(ctx)
	if err != nil {
		return d.fail(err)
	}
	roff := strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`)
	fmt.Fprint(d.stdout, `.TH SIGHTLINE 1 "" "Sightline" "Sightline"
.SH NAME
sightline \- find and label pictures by meaning
.SH SYNOPSIS
\fBsightline\fR \fICOMMAND\fR [\fIflags\fR] [\fIarguments\fR]
.SH DESCRIPTION
One name for the commands of the programs \fBindexer\fR and \fBsearch\fR, whose pages say
all about them. \fBsightline search\fR \fICOMMAND\fR is search\(aqs where indexer has one of
that name.
.SH COMMANDS
`)
	for _, c := range all {
		fmt.Fprintf(d.stdout, ".TP\n\\fB%s\\fR\n%s\n", roff.Replace(c.name), roff.Replace(c.usage))
	}
	fmt.Fprint(d.stdout, ".SH SEE ALSO\n\\fBindexer\\fR(1), \\fBsearch\\fR(1)\n")
	return exitOK
}

// hand lets a program take over, under the name that it was called by.
func (d *dispatcher) hand(program, name string, args []string) int {
	code, err := d.become(d.path(program), append([]string{name}, args...))
	if err != nil {
		return d.fail(fmt.Errorf("the program %s, which belongs beside sightline, cannot be run: %w", d.path(program), err))
	}
	return code
}

func (d *dispatcher) path(program string) string { return filepath.Join(d.dir, program) }

func (d *dispatcher) fail(err error) int {
	fmt.Fprintf(d.stderr, "error: %s\n", err)
	if errors.Is(err, os.ErrNotExist) {
		fmt.Fprintf(d.stderr, "hint: install sightline, indexer and search into one folder\n")
	}
	return exitFatal
}
