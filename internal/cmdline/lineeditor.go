package cmdline

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/config"
)

// Interactive reports whether a person sits at both ends: at stdin and at stdout.
func (p *Program) Interactive() bool { return isTerminalInput(p.Stdin) && IsTerminal(p.Stdout) }

// Piped reports whether another program, or a file, is the standard input.
func (p *Program) Piped() bool {
	f, ok := p.Stdin.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && (info.Mode().IsRegular() || info.Mode()&os.ModeNamedPipe != 0)
}

// LineEditor reads lines from the terminal, with the keys that shells have for editing
// and for going back to earlier lines.
type LineEditor struct {
	terminal *term.Terminal
	in       int // file descriptor
	history  *history
}

// NewLineEditor returns the editor of the terminal of an interactive program. Lines are
// kept from one process to the next in the cache folder, where there is one.
func (p *Program) NewLineEditor(prompt string) (*LineEditor, error) {
	in, ok := p.Stdin.(*os.File)
	if !ok || !p.Interactive() {
		return nil, errors.New("there is no terminal to read from")
	}
	e := &LineEditor{in: int(in.Fd()), history: openHistory(p.Getenv)}
	e.terminal = term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{in, p.Stdout}, prompt)
	e.terminal.History = e.history
	if w := p.width(); w > 0 {
		_ = e.terminal.SetSize(w, 24) // the height is not used
	}
	return e, nil
}

// ReadLine reads a line. The error is io.EOF after Ctrl-D or Ctrl-C. The terminal is in
// its usual mode when it returns.
func (e *LineEditor) ReadLine() (string, error) {
	old, err := term.MakeRaw(e.in)
	if err != nil {
		return "", err
	}
	line, err := e.terminal.ReadLine()
	if errors.Is(err, term.ErrPasteIndicator) { // pasted, and complete
		err = nil
	}
	return line, errors.Join(err, term.Restore(e.in, old))
}

// Close keeps the lines for later.
func (e *LineEditor) Close() error { return e.history.save() }

// mostLines bounds how many lines are kept, and longestLine how long one is, in bytes.
const (
	mostLines   = 500
	longestLine = 4 << 10
)

// history are the lines typed before, the newest first for the editor.
type history struct {
	file  string // "" to keep nothing
	lines []string
}

func openHistory(getenv func(string) string) *history {
	h := &history{}
	dir := config.DefaultCache(getenv)
	if dir == "" {
		return h
	}
	h.file = filepath.Join(dir, "queries")
	f, err := os.Open(h.file)
	if err != nil {
		return h // none yet
	}
	defer f.Close()
	s := bufio.NewScanner(io.LimitReader(f, mostLines*longestLine))
	for s.Scan() {
		h.Add(s.Text())
	}
	return h
}

// Add implements term.History. A line that repeats the one before is not kept twice.
func (h *history) Add(line string) {
	line = strings.TrimSpace(line)
	if line == "" || len(line) > longestLine || len(h.lines) > 0 && h.lines[len(h.lines)-1] == line {
		return
	}
	h.lines = append(h.lines, line)
	if len(h.lines) > mostLines {
		h.lines = h.lines[len(h.lines)-mostLines:]
	}
}

// Len implements term.History.
func (h *history) Len() int { return len(h.lines) }

// At implements term.History: 0 is the newest.
func (h *history) At(i int) string { return h.lines[len(h.lines)-1-i] }

func (h *history) save() error {
	if h.file == "" || len(h.lines) == 0 {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(h.file), 0o700); err != nil {
		return err
	}
	return atomicfile.WriteCache(h.file, []byte(strings.Join(h.lines, "\n")+"\n"))
}
