// Package cmdline is what both commands have of the command line: flags and the order
// of arguments, help, prompts, printing of hits, progress, and exit codes. It is not
// called cli, as the library is whose types stand beside it in every command.
package cmdline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/query/words"
	"github.com/sightline/sightline/internal/spelling"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
)

// Version is the release, set by the linker.
var Version = "dev"

// Program is a command's connection to the world. Tests give it buffers.
type Program struct {
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer

	// Env opens stores and models. Its log goes to stderr; it is replaced once the
	// settings are known, and again while a progress line owns the terminal.
	app.Env
	level string // of the log

	// PathCommand is the command that a path stands for where none is named, as run does
	// in indexer ~/Pictures; "" for none.
	PathCommand string
	// Siblings are the commands of the other program, which may be meant where both are
	// called by one name.
	Siblings []string

	// Environ lists the environment as os.Environ does, in which variables of ours with a
	// typing error are looked for; nil for no look.
	Environ func() []string

	asJSON    bool  // --json is among the arguments
	warned    bool  // of such variables
	asked     bool  // a question of Choose was answered
	umbrella  bool  // called by the name for both programs
	implied   bool  // no command was named, and the default one was taken
	unwritten error // the first failure of Printf
}

// Implied reports whether the command line names no command, so that what stands there
// may be meant in a shorter way.
func (p *Program) Implied() bool { return p.implied }

// Asked reports whether somebody chose an answer of Choose.
func (p *Program) Asked() bool { return p.asked }

// NewProgram returns the Program of this process.
func NewProgram() *Program {
	exe, err := os.Executable()
	if err != nil {
		exe = "" // then models and libraries are only found where the settings say
	}
	p := &Program{Environ: os.Environ, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Env: app.Env{Getenv: os.Getenv, Executable: exe}}
	p.level = config.Default().Log.Level
	p.Log = p.logger(p.Stderr, p.level)
	return p
}

// Run runs a command line and returns the exit code. It reports an error on
// stderr, as two lines or, with --json among the arguments, as one object.
func (p *Program) Run(ctx context.Context, a *cli.App, args []string) int {
	a.Writer, a.ErrWriter = writer{p}, p.Stderr
	a.ExitErrHandler = func(*cli.Context, error) {}
	a.OnUsageError = usageError
	a.DisableSliceFlagSeparator = true // commas are parts of names; a flag is repeated for more
	a.HideHelpCommand = true           // arrange makes a flag of it
	withArguments := calledAs(a, args)
	p.umbrella = strings.HasPrefix(a.Name, Umbrella)
	if p.asJSON = wantsJSON(args); p.asJSON {
		p.Log = p.logger(p.Stderr, p.level)
	}
	writeHelp(a, args[min(1, len(args)):])
	for _, c := range a.Commands {
		dress(c)
	}
	if withArguments && p.hidden(ctx, a, args[1:]) {
		return p.report(p.unwritten, false)
	}
	r := &arranger{app: a, pathCommand: p.PathCommand, exists: exists, knownWord: knownWord}
	switch {
	case a.Name == Umbrella:
		r.siblings = append(p.Siblings, "search")
	case a.Name == "search":
		r.other, r.others = "indexer", p.Siblings
	case a.Name == "indexer":
		r.other, r.others = "search", p.Siblings
	}
	arranged, err := r.arrange(args)
	p.implied = r.implied
	for _, note := range r.notes {
		p.Notef("%s", note)
	}
	a.DefaultCommand = "" // it is in place now, and a call without anything shows the help
	if err == nil {
		err = a.RunContext(ctx, arranged)
	}
	if err == nil {
		err = p.unwritten
	}
	// An interrupted command may return its own error for what was cut short.
	if err != nil && ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = fault.ErrInterrupted
	}
	return p.report(err, p.asJSON)
}

// dress gives a command, and those below it, what all of them have in common.
func dress(c *cli.Command) {
	c.OnUsageError = usageError
	c.HideHelpCommand = true
	if c.ArgsUsage == "" && c.Action != nil {
		c.Action = withoutArguments(c.Action)
	}
	for _, f := range c.Flags {
		if b, ok := f.(*cli.BoolFlag); ok {
			b.DisableDefaultText = true // "(default: false)" says nothing
		}
	}
	for _, sub := range c.Subcommands {
		dress(sub)
	}
	if len(c.Subcommands) > 0 && c.Action == nil {
		c.Action = func(ctx *cli.Context) error {
			hint := "see " + ctx.App.Name + " " + c.Name + " --help"
			if ctx.Args().Present() {
				if near := spelling.Nearest(ctx.Args().First(), commandNames(c.Subcommands)); len(near) > 0 {
					hint = "did you mean " + ctx.App.Name + " " + c.Name + " " + spelling.Or(near) + "? " + hint
				}
				return fault.Usagef(hint, "%s has no command %q", c.Name, ctx.Args().First())
			}
			return fault.Usagef("one of "+strings.Join(commandNames(c.Subcommands), ", ")+"; "+hint, "%s needs one of its commands", c.Name)
		}
	}
}

// withoutArguments guards a command that takes none. Passed over, a path after
// indexer retry would let people believe that only its files are tried again.
func withoutArguments(action cli.ActionFunc) cli.ActionFunc {
	return func(c *cli.Context) error {
		if c.Args().Present() {
			name := c.App.Name + " " + c.Command.Name
			return fault.Usagef("see "+name+" --help", "%s takes no arguments, and there is %q", name, c.Args().First())
		}
		return action(c)
	}
}

// knownWord reports whether a word is one that people look for in pictures.
func knownWord(word string) bool {
	return words.Common().Has(strings.ToLower(word))
}

// exists reports whether a path leads to a file or a folder.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// wantsJSON looks for --json before anything is parsed, so that a mistake in the
// arguments is reported in the form that was asked for.
func wantsJSON(args []string) bool {
	for _, a := range args {
		switch a {
		case "--":
			return false
		case "--json", "-json", "--json=true":
			return true
		}
	}
	return false
}

// Config gathers the settings of a command. With an error come those that are not wrong.
func (p *Program) Config(c *cli.Context) (config.Config, error) {
	p.warnOfVariables()
	cfg, err := config.Load(p.sources(c))
	if cfg.DB == "" {
		cfg.DB = config.DefaultDB(p.Getenv)
	}
	if cfg.Models == "" {
		cfg.Models = config.DefaultModels(p.Getenv)
	}
	p.level = cfg.Log.Level
	p.Log = p.logger(p.Stderr, p.level)
	return cfg, err
}

// warnOfVariables says which variables of the environment begin as ours do and are none:
// somebody believes that they are heeded.
func (p *Program) warnOfVariables() {
	if p.Environ == nil || p.warned {
		return
	}
	p.warned = true
	for _, v := range config.UnknownVariables(p.Environ()) {
		advice := "indexer config show lists every setting"
		if len(v.Meant) > 0 {
			advice = "did you mean " + spelling.Or(v.Meant) + "?"
		}
		p.Notef("warning: %s is no variable of this program and is passed over; %s", terminal.Safe(v.Name), advice)
	}
}

// sources are where the settings of a command come from.
func (p *Program) sources(c *cli.Context) config.Sources {
	flags := make(map[string]any)
	given := c.FlagNames() // once: to ask for each by its name takes a part of what a short command does
	for name, key := range settingOf {
		if slices.Contains(given, name) {
			flags[key] = c.Value(name)
			if list, ok := flags[key].(cli.StringSlice); ok {
				flags[key] = list.Value()
			}
		}
	}
	if c.IsSet("no-links") {
		flags["index.follow_links"] = !c.Bool("no-links")
	}
	return config.Sources{File: p.configFile(c), Flags: flags, Getenv: p.Getenv, StoreKinds: app.StoreKinds()}
}

// Settings lists every setting of a command with its origin. Settings that only do not
// fit together are listed along with the error.
func (p *Program) Settings(c *cli.Context) ([]config.Setting, error) {
	p.warnOfVariables()
	return config.Explain(p.sources(c))
}

// ConfigFile is the config file of a command, whether or not it is there; "" where there
// is no home to look for it in.
func (p *Program) ConfigFile(c *cli.Context) string {
	if f := p.configFile(c); f != "" {
		return f
	}
	return config.DefaultFile(p.Getenv)
}

func (p *Program) configFile(c *cli.Context) string {
	if f := c.String("config"); f != "" {
		return f
	}
	return p.Getenv(config.FileVariable)
}

// Printf writes to stdout. Where that fails, as on a full disk, the command ends with an
// error once its work is done. A reader that has gone away (head) is no failure.
func (p *Program) Printf(format string, args ...any) {
	if _, err := fmt.Fprintf(p.Stdout, format, args...); err != nil && p.unwritten == nil {
		p.unwritten = err
	}
}

// writer is stdout for texts of the library's, as Printf is for ours.
type writer struct{ p *Program }

// Write implements io.Writer.
func (w writer) Write(b []byte) (int, error) {
	n, err := w.p.Stdout.Write(b)
	if err != nil && w.p.unwritten == nil {
		w.p.unwritten = err
	}
	return n, err
}

// OpenAnyStore reads the settings of a command and opens the store that they name,
// whichever model built its index: for commands that need no model.
func (p *Program) OpenAnyStore(c *cli.Context, access store.Mode) (config.Config, store.Store, error) {
	cfg, err := p.Config(c)
	if err != nil {
		return config.Config{}, nil, err
	}
	st, err := whileLocked(c.Context, lockPatience, func() (store.Store, error) {
		return p.OpenStore(c.Context, cfg, access, store.Model{})
	})
	return cfg, st, err
}
