package cmdline

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
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

// CanAsk reports whether somebody can be asked: whether stdin and stderr are terminals.
func (p *Program) CanAsk() bool { return isTerminalInput(p.Stdin) && IsTerminal(p.Stderr) }

// Choose asks a question whose answer is a number from 1 to most. An empty answer is the
// usual one; anything else is asked again.
func (p *Program) Choose(question string, most, usual int) (int, error) {
	if !p.CanAsk() {
		return usual, nil
	}
	in := bufio.NewReader(p.Stdin)
	p.asked = true
	fmt.Fprintln(p.Stderr, question)
	for {
		fmt.Fprintf(p.Stderr, "1 to %d [%d]: ", most, usual)
		line, err := in.ReadString('\n')
		if errors.Is(err, io.EOF) {
			fmt.Fprintln(p.Stderr)
			return 0, fault.Fatalf("run it again, or name a model with --model", "the question was not answered")
		} else if err != nil {
			return 0, fmt.Errorf("reading the answer: %w", err)
		}
		if line = strings.TrimSpace(line); line == "" {
			return usual, nil
		}
		if n, err := strconv.Atoi(line); err == nil && n >= 1 && n <= most {
			return n, nil
		}
		fmt.Fprintf(p.Stderr, "%q is not one of them: type a number, or Ctrl-C to end.\n", line)
	}
}

func isTerminalInput(r io.Reader) bool {
	f, ok := r.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
