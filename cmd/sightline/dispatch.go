package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

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

// ask asks a program what the last of words may become.
func (d *dispatcher) ask(ctx context.Context, program string, words ...string) (string, error) {
	cmd := exec.CommandContext(ctx, d.path(program), append([]string{"__complete"}, words...)...)
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("the program %s, which belongs beside sightline, does not answer: %w", d.path(program), cause(err))
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

// hand lets a program take over, under the name that it was called by.
func (d *dispatcher) hand(program, name string, args []string) int {
	code, err := d.become(d.path(program), append([]string{name}, args...))
	if err != nil {
		return d.fail(fmt.Errorf("the program %s, which belongs beside sightline, cannot be run: %w", d.path(program), cause(err)))
	}
	return code
}

// cause is an error without the call and the path that it names: the path is told already.
func cause(err error) error {
	var path *fs.PathError
	var call *os.SyscallError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &call):
		return call.Err
	}
	return err
}

func (d *dispatcher) path(program string) string { return filepath.Join(d.dir, program) }

func (d *dispatcher) fail(err error) int {
	fmt.Fprintf(d.stderr, "error: %s\n", err)
	if errors.Is(err, os.ErrNotExist) {
		fmt.Fprintf(d.stderr, "hint: install sightline, indexer and search into one folder\n")
	}
	return exitFatal
}
