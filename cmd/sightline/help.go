package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/sightline/sightline/internal/terminal/style"
)

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
	width := 10
	for _, c := range all {
		width = max(width, len(c.name))
	}
	fmt.Fprint(d.stdout, `sightline - find and label pictures by meaning

   sightline run ~/Pictures                index a collection
   sightline search "a dog on a beach"     the ten nearest pictures
   sightline tag --labels beach,dog,snow   label the whole collection

Commands:
`)
	for _, c := range all {
		fmt.Fprintf(d.stdout, "   %-*s  %s\n", width, c.name, style.Paragraph(strings.Fields(c.usage), width+5, width+5, helpWidth))
	}
	fmt.Fprint(d.stdout, `
Exit codes:
   0 ok (also with no hits)   1 fatal   2 usage or settings
   3 finished with failed files   10 store unreachable   12 locked
   11 index built by another model   130 interrupted

The same commands are those of the programs indexer and search. Where both have
a command of one name, sightline search COMMAND is that of search.
sightline COMMAND --help tells more.
`)
	return exitOK
}

// helpWidth is how many columns a help text has at most, as internal/cmdline's.
const helpWidth = 80

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
