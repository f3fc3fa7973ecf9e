package cmdline

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/sightline/sightline/internal/fault"
)

// Confirm asks a question that is answered with yes or no. Where nobody can answer,
// because stdin or stderr is no terminal, it is an error that names the flag which
// stands for yes.
func (p *Program) Confirm(question, flag string) (bool, error) {
	if !isTerminalInput(p.Stdin) || !IsTerminal(p.Stderr) {
		return false, fault.Usagef("add "+flag+" to do it without being asked", "this must be confirmed, and there is no terminal to ask on")
	}
	fmt.Fprintf(p.Stderr, "%s [y/N] ", question)
	line, err := bufio.NewReader(p.Stdin).ReadString('\n')
	if err != nil && err != io.EOF {
		return false, fmt.Errorf("reading the answer: %w", err)
	}
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "y" || answer == "yes", nil
}

func isTerminalInput(r io.Reader) bool {
	f, ok := r.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
