package cmdline

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/config"
)

// manCommand is the hidden word that prints the manual page.
const manCommand = "__man"

// manual writes the manual page of a program, for man(1). Its words are those of the help
// texts. date is YYYY-MM-DD; a page that is built twice must not differ.
func manual(w io.Writer, a *cli.App, date string) error {
	m := &manPage{}
	m.request("TH", strings.ToUpper(a.Name), "1", date, "Sightline "+a.Version, "Sightline")
	m.section("NAME")
	m.text(a.Name + " - " + a.Usage)
	m.section("SYNOPSIS")
	m.text(`\fB` + roff(a.Name) + `\fR [\fICOMMAND\fR] [\fIflags\fR] [\fIarguments\fR]`)
	m.section("DESCRIPTION")
	m.asWritten(a.Description)
	m.text("Every flag works before and after the arguments. What follows a \\-\\- is an argument.")
	m.section("COMMANDS")
	for _, c := range a.Commands {
		m.command(a.Name, c)
	}
	m.section("EXIT STATUS")
	m.asWritten("   " + ExitCodes)
	m.section("FILES")
	for _, f := range [][2]string{
		{"$XDG_CONFIG_HOME/sightline/config.yaml", "the settings; ~/.config where the variable is not set"},
		{"$XDG_DATA_HOME/sightline", "indexes and fetched models; ~/.local/share where the variable is not set"},
		{"$XDG_CACHE_HOME/sightline", "what can be computed again; ~/.cache where the variable is not set"},
		{"/usr/share/doc/sightline", "README.md and the pages of docs; below the folder that it was installed to"},
	} {
		m.item(`\fI`+roff(f[0])+`\fR`, f[1])
	}
	m.section("ENVIRONMENT")
	m.text("Every setting can be given in a variable, which wins over the file: " + roff(config.EnvPrefix+
		"_ and its key in capitals, with _ for the dot, as in "+config.EnvName("index.workers")+"."))
	m.item(roff(config.FileVariable), "the file of the settings")
	m.item(roff(config.CompleteWithin), "how long tab completion may look values up, such as 200ms (default: 60ms)")
	m.item("HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE", "a mirror of the hub, a key to gated models, no network")
	_, err := io.WriteString(w, m.String())
	return err
}

// manPage is a page in the macros of man(7).
type manPage struct{ strings.Builder }

func (m *manPage) request(name string, args ...string) {
	m.WriteString("." + name)
	for _, a := range args {
		m.WriteString(` "` + roff(a) + `"`)
	}
	m.WriteString("\n")
}

func (m *manPage) section(name string) { m.request("SH", name) }

// text writes a paragraph that is roff already.
func (m *manPage) text(s string) { m.WriteString(".PP\n" + s + "\n") }

// item writes a term, which is roff already, and what is to be said about it.
func (m *manPage) item(term, about string) {
	fmt.Fprintf(m, ".TP\n%s\n%s\n", term, lines(about))
}

// asWritten keeps the line breaks of a help text, whose examples stand in columns.
func (m *manPage) asWritten(s string) {
	if s = strings.Trim(s, "\n"); s != "" {
		m.WriteString(".PP\n.nf\n" + lines(s) + "\n.fi\n")
	}
}

// command writes what a command does, with its flags, and those below it.
func (m *manPage) command(path string, c *cli.Command) {
	if c.Hidden {
		return
	}
	path += " " + c.Name
	if len(c.Subcommands) > 0 {
		for _, sub := range c.Subcommands {
			m.command(path, sub)
		}
		return
	}
	m.request("SS", strings.TrimSpace(path+" "+c.ArgsUsage))
	m.text(lines(c.Usage))
	m.asWritten(c.Description)
	for _, category := range c.VisibleFlagCategories() {
		if name := category.Name(); name != "" {
			m.text(`\fB` + roff(name) + `\fR`)
		}
		for _, f := range category.Flags() {
			m.flag(f)
		}
	}
	if len(c.VisibleFlagCategories()) == 0 {
		for _, f := range c.VisibleFlags() {
			m.flag(f)
		}
	}
}

func (m *manPage) flag(f cli.Flag) {
	var names []string
	for _, n := range f.Names() {
		names = append(names, `\fB`+roff(dashes(n)+n)+`\fR`)
	}
	term := strings.Join(names, ", ")
	if p := placeholderOf(f); p != "" && standsAlone(f) {
		term += `[=\fI` + roff(p) + `\fR]`
	} else if p != "" {
		term += ` \fI` + roff(p) + `\fR`
	} else if d, ok := f.(cli.DocGenerationFlag); ok && d.TakesValue() {
		term += ` \fIVALUE\fR`
	}
	about := plainUsage(f)
	if d := defaultOf(f); d != "" {
		about += " (default: " + d + ")"
	}
	m.item(term, about)
}

// defaultOf is the default as the help text shows it.
func defaultOf(f cli.Flag) string {
	d, ok := f.(cli.DocGenerationFlag)
	if _, isBool := f.(*cli.BoolFlag); !ok || isBool {
		return ""
	}
	if text := d.GetDefaultText(); text != "" && text != `""` {
		return text
	}
	return ""
}

// lines escapes a text of several lines, none of which may look like a request.
func lines(s string) string {
	split := strings.Split(s, "\n")
	for i, l := range split {
		l = roff(l)
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			l = `\&` + l
		}
		split[i] = l
	}
	return strings.Join(split, "\n")
}

// roff escapes what would be markup: a backslash, and the signs that man sets in print
// as others than those that are typed.
func roff(s string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, `"`, `\(dq`, "'", `\(aq`).Replace(s)
}
