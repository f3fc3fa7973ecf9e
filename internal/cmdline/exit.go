package cmdline

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/terminal"
)

// The exit codes of both commands. Scripts rely on them.
const (
	ExitOK          = 0   // also where nothing was found
	ExitFatal       = 1   // the command could not do its work
	ExitUsage       = 2   // the arguments or the settings are wrong
	ExitPartial     = 3   // finished, but some files failed
	ExitUnreachable = 10  // the store cannot be reached
	ExitModel       = 11  // the index was built by another model
	ExitLocked      = 12  // another process is writing the index
	ExitInterrupted = 130 // Ctrl-C; what was reported is durable
)

// ExitCodes explains the codes at the end of a help text.
const ExitCodes = `0 ok (also with no hits)   1 fatal   2 usage or settings
   3 finished with failed files   10 store unreachable   12 locked
   11 index built by another model   130 interrupted`

// exitCode is the code of a kind of error.
func exitCode(k fault.Kind) int {
	switch k {
	case fault.Usage:
		return ExitUsage
	case fault.Partial:
		return ExitPartial
	case fault.Unreachable:
		return ExitUnreachable
	case fault.Model:
		return ExitModel
	case fault.Locked:
		return ExitLocked
	case fault.Interrupted:
		return ExitInterrupted
	default:
		return ExitFatal
	}
}

// Report writes an error to stderr that does not end the program.
func (p *Program) Report(err error) { p.report(err, false) }

// report writes an error to stderr and returns the exit code.
func (p *Program) report(err error, asJSON bool) int {
	if err == nil || errors.Is(err, syscall.EPIPE) { // the reader of a pipe has gone away
		return ExitOK
	}
	kind, hint := app.Explain(err)
	code := exitCode(kind)
	var placed interface{ Place() (string, int) }
	line, column := "", 0
	if errors.As(err, &placed) {
		line, column = placed.Place()
	}
	message := p.asCalled(strings.ReplaceAll(fault.Words(err), "\n", "; "))
	hint = p.asCalled(hint)
	if asJSON {
		p.noteJSON(struct {
			Error string `json:"error"`
			Hint  string `json:"hint"`
			Code  int    `json:"code"`
			// Column is where the mistake is in the query, from 1, in characters.
			Column int `json:"column,omitempty"`
		}{message, hint, code, column})
		return code
	}
	fmt.Fprintf(p.Stderr, "error: %s\n", terminal.Safe(message)) // it may hold the name of a file
	if column > 0 {
		fmt.Fprint(p.Stderr, caret(line, column))
	}
	if hint != "" {
		fmt.Fprintf(p.Stderr, "hint: %s\n", terminal.Safe(hint))
	}
	return code
}
