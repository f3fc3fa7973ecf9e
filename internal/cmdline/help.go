package cmdline

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/lazyregexp"
	"github.com/sightline/sightline/internal/terminal/style"
)

// Help texts are laid out here and not by the library's templates, which break no lines:
// what for, how, what it is about, examples, commands, flags in groups, for every command
// alike and in 80 columns.

// helpWidth is how many columns a help text has at most: those of the narrowest terminal.
const helpWidth = 80

// writeHelp lays out the help texts of a program, unless its arguments are such that none of
// them is shown: to lay out all of them takes as long as a search by a running server.
func writeHelp(a *cli.App, args []string) {
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") && !slices.ContainsFunc(args, asksForHelp) {
		return
	}
	for _, c := range a.Commands {
		writeCommandHelp(c, a.Name+" "+c.Name)
	}
	a.CustomAppHelpTemplate = appHelp(a)
}

// asksForHelp reports whether an argument may be the flag or the command that shows a help text.
func asksForHelp(arg string) bool {
	return arg == "help" || strings.HasPrefix(strings.TrimPrefix(arg, "-"), "-h") || strings.HasPrefix(arg, "-h")
}

func writeCommandHelp(c *cli.Command, path string) {
	c.CustomHelpTemplate = commandHelp(c, path)
	for _, sub := range c.Subcommands {
		writeCommandHelp(sub, path+" "+sub.Name)
	}
}

// appHelp is the help text of a program, as a template of the library's.
func appHelp(a *cli.App) string {
	var b strings.Builder
	b.WriteString(paragraph(a.Name+" - "+a.Usage, 0, 0) + "\n\n")
	if a.Description != "" {
		b.WriteString(reflow(a.Description) + "\n\n")
	}
	writeCommands(&b, a.Commands)
	if c := find(a.Commands, a.DefaultCommand); c != nil {
		writeFlags(&b, c, withoutSurroundings(c.VisibleFlags()))
		b.WriteString("\n" + paragraph(a.Name+" "+c.Name+" --help also has the flags that say where the index is and which model is used.", 0, 0) + "\n")
	}
	b.WriteString("\nExit codes:\n   " + ExitCodes + "\n\n")
	b.WriteString(paragraph("Every flag works before and after the arguments. "+a.Name+" COMMAND --help tells more. "+pages, 0, 0) + "\n")
	return literal(b.String())
}

// pages is where the pages lie that help texts name.
const pages = "Pages such as docs/query.md are installed in share/doc/sightline."

// commandHelp is the help text of a command that is called by path, as a template of the
// library's.
func commandHelp(c *cli.Command, path string) string {
	var b strings.Builder
	b.WriteString(paragraph(path+" - "+c.Usage, 0, 3) + "\n\nUsage:\n   " + path)
	flags := c.VisibleFlags()
	switch {
	case len(c.Subcommands) > 0 && c.Action == nil:
		b.WriteString(" COMMAND")
	case len(flags) > 0:
		b.WriteString(" [flags]")
	}
	if c.ArgsUsage != "" {
		b.WriteString(" " + c.ArgsUsage)
	}
	b.WriteString("\n")
	if c.Description != "" {
		b.WriteString("\n" + reflow(c.Description) + "\n")
		if strings.Contains(c.Description, "docs/") {
			b.WriteString("\n" + paragraph(pages, 0, 0) + "\n")
		}
	}
	if len(c.Subcommands) > 0 {
		b.WriteString("\n")
		writeCommands(&b, c.Subcommands)
		b.WriteString("\n" + paragraph(path+" COMMAND --help tells more.", 0, 0) + "\n")
	}
	writeFlags(&b, c, flags)
	return literal(b.String())
}

// surroundings are the groups of flags that most people never need, which come last.
var surroundings = []string{categoryModel, categoryStore}

func withoutSurroundings(flags []cli.Flag) []cli.Flag {
	return slices.DeleteFunc(slices.Clone(flags), func(f cli.Flag) bool { return slices.Contains(surroundings, groupOf(f)) })
}

func groupOf(f cli.Flag) string {
	if g, ok := f.(cli.CategorizableFlag); ok {
		return g.GetCategory()
	}
	return ""
}

// literal keeps a text from being taken for a template's instructions.
func literal(text string) string {
	return strings.ReplaceAll(text, "{{", `{{"{{"}}`)
}

// writeCommands lists commands with what they do.
func writeCommands(b *strings.Builder, cs []*cli.Command) {
	width := 10
	for _, c := range cs {
		if !c.Hidden {
			width = max(width, len(c.Name))
		}
	}
	b.WriteString("Commands:\n")
	for _, c := range cs {
		if !c.Hidden {
			writeEntry(b, c.Name, c.Usage, width)
		}
	}
}

// flagColumn is how much room the names of flags have before their explanations.
const flagColumn = 24

// writeFlags lists the flags of a command, those of no group first.
func writeFlags(b *strings.Builder, c *cli.Command, flags []cli.Flag) {
	if len(flags) == 0 {
		return
	}
	groups := map[string][]cli.Flag{}
	order := []string{""}
	for _, f := range flags {
		group := groupOf(f)
		if group != "" && groups[group] == nil {
			order = append(order, group)
		}
		groups[group] = append(groups[group], f)
	}
	// What the command is about comes first, in the order that the flags are declared in.
	slices.SortStableFunc(order, func(a, b string) int {
		return slices.Index(surroundings, a) - slices.Index(surroundings, b)
	})
	b.WriteString("\nFlags:\n")
	for _, group := range order {
		if group != "" {
			b.WriteString("\n   " + group + ":\n")
		}
		for _, f := range groups[group] {
			writeEntry(b, flagNames(f), flagAbout(f), flagColumn)
		}
	}
}

// flagNames is how a flag is written, with what it takes.
func flagNames(f cli.Flag) string {
	var names []string
	takes := placeholderOf(f)
	for i, n := range f.Names() {
		names = append(names, dashes(n)+n)
		if i == 0 && takes != "" && standsAlone(f) {
			names[0] += "[=" + takes + "]"
			takes = ""
		}
	}
	text := strings.Join(names, ", ")
	if standsAlone(f) {
		return text
	} else if takes != "" {
		return text + " " + takes
	}
	if d, ok := f.(cli.DocGenerationFlag); ok && d.TakesValue() {
		return text + " VALUE"
	}
	return text
}

// flagAbout is what a flag does, and what is so without it.
func flagAbout(f cli.Flag) string {
	about := plainUsage(f)
	if d := defaultOf(f); d != "" {
		about += " (default: " + d + ")"
	}
	return about
}

// writeEntry writes a term and, in a column of its own, what is to be said about it.
func writeEntry(b *strings.Builder, term, about string, width int) {
	const indent = 3
	column := indent + width + 2
	line := strings.Repeat(" ", indent) + term
	if n := utf8.RuneCountInString(line); n+2 <= column {
		line += strings.Repeat(" ", column-n)
		b.WriteString(line + paragraph(about, column, column) + "\n")
		return
	}
	b.WriteString(line + "\n" + strings.Repeat(" ", column) + paragraph(about, column, column) + "\n")
}

// remarked is an example with a remark behind it.
var remarked = lazyregexp.New(`^( +\S.*?)( {3,})(\S.*)$`)

// reflow sets the paragraphs of a text in lines that fit. Lines that begin with a blank
// are examples and tables, and stay as they are, but for remarks that go too far to the
// right: those are broken in their column.
func reflow(text string) string {
	lines := strings.Split(strings.Trim(text, "\n"), "\n")
	var out []string
	for i := 0; i < len(lines); {
		end := i + 1
		if lines[i] == "" || lines[i][0] == ' ' {
			for end < len(lines) && isContinued(lines[i], lines[end]) {
				end++
			}
			out = append(out, example(lines[i:end]))
		} else {
			for end < len(lines) && lines[end] != "" && lines[end][0] != ' ' {
				end++
			}
			out = append(out, paragraph(strings.Join(lines[i:end], " "), 0, 0))
		}
		i = end
	}
	return strings.Join(out, "\n")
}

// isContinued reports whether a line goes on with the remark of an example.
func isContinued(line, next string) bool {
	m := remarked().FindStringSubmatch(line)
	return m != nil && strings.HasPrefix(next, strings.Repeat(" ", utf8.RuneCountInString(m[1]+m[2])))
}

// example sets an example with the lines of its remark, in the column of the remark where
// that leaves room enough.
func example(lines []string) string {
	long := slices.ContainsFunc(lines, func(l string) bool { return utf8.RuneCountInString(l) > helpWidth })
	m := remarked().FindStringSubmatch(lines[0])
	if m == nil || !long {
		return strings.Join(lines, "\n")
	}
	remark := strings.Join(append([]string{m[3]}, lines[1:]...), " ")
	if column := utf8.RuneCountInString(m[1] + m[2]); column <= helpWidth-25 {
		return m[1] + m[2] + paragraph(remark, column, column)
	}
	const below = 6
	return m[1] + "\n" + strings.Repeat(" ", below) + paragraph(remark, below, below)
}

// breakable divides a text into words, and words that are wider than a line behind one of
// the strokes in them, as lists of values have.
func breakable(text string, width int) []string {
	var out []string
	for _, word := range strings.Fields(text) {
		for utf8.RuneCountInString(word) > width {
			i := strings.LastIndexByte(word[:width], '|')
			if i <= 0 {
				break
			}
			out, word = append(out, word[:i+1]), word[i+1:]
		}
		out = append(out, word)
	}
	return out
}

// paragraph breaks a text into lines. Its first line begins in column first, and the
// others are indented by rest.
func paragraph(text string, first, rest int) string {
	return style.Paragraph(breakable(text, helpWidth-rest), first, rest, helpWidth)
}
