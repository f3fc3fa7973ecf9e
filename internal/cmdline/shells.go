package cmdline

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/fault"
)

// completionCommand is the hidden word that prints the script of a shell.
const completionCommand = "__completion"

//go:embed completion
var completionScripts embed.FS

// Shells are those that can complete the words of a command line.
func Shells() []string { return []string{"bash", "fish", "zsh"} }

// CompletionScript is what makes a shell ask the program what a word may become. It
// knows no command or flag itself, so that it never grows old.
func CompletionScript(shell, program string) (string, error) {
	if !slices.Contains(Shells(), shell) {
		return "", fault.Usagef("", "there is no completion for the shell %q; there is for %s", shell, strings.Join(Shells(), ", "))
	}
	text, err := completionScripts.ReadFile("completion/" + shell)
	if err != nil {
		return "", fmt.Errorf("completion for %s: %w", shell, err)
	}
	return strings.ReplaceAll(string(text), "PROGRAM", program), nil
}
