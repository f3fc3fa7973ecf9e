package cmdline

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/lazyregexp"
)

// completeCommand is the hidden word by which the shells' scripts ask what the word that
// is being typed may become. It is no command of the tree, so that no help shows it.
const completeCommand = "__complete"

// The last line of an answer says what else a shell may offer: files, folders, or no more.
const (
	offerNothing = ":none"
	offerFiles   = ":files"
	offerFolders = ":dirs"
)

// candidate is what a word may become.
type candidate struct {
	value, about string
}

// completion is the answer to a question of a shell.
type completion struct {
	candidates []candidate
	offer      string // offerNothing, offerFiles or offerFolders
}

// valuesOf lists what a flag or an argument may be: kind is "collection", "tag",
// "model" or "known-model". given are the flags on the line so far, by name.
type valuesOf func(kind string, given map[string]string) []candidate

// complete answers what the last of words may become, which is empty where none was
// begun. words are those after the program's name.
func complete(a *cli.App, words []string, values valuesOf) completion {
	if len(words) == 0 {
		words = []string{""}
	}
	last := words[len(words)-1]
	l := readLine(a, words[:len(words)-1])
	switch {
	case l.pending != nil:
		return l.valueOf(l.pending, "", last, values)
	case l.ended:
		return completion{offer: l.argumentOffer()}
	}
	if name, value, ok := strings.Cut(last, "="); ok && strings.HasPrefix(last, "-") {
		if f := l.flag(strings.TrimLeft(name, "-")); f != nil {
			return l.valueOf(f, name+"=", value, values)
		}
		return completion{offer: offerNothing}
	}
	if strings.HasPrefix(last, "-") {
		return completion{candidates: matching(l.flagNames(), "", last), offer: offerNothing}
	}
	if l.open {
		c := completion{offer: offerNothing}
		for _, sub := range l.level {
			if !sub.Hidden {
				c.candidates = append(c.candidates, candidate{sub.Name, sub.Usage})
			}
		}
		if len(l.path) == 0 && !strings.Contains(last, "/") {
			c.candidates = append(c.candidates, candidate{"help", "show the help"})
		}
		c.candidates = matching(c.candidates, "", last)
		if len(c.candidates) == 0 && a.DefaultCommand != "" && len(l.path) == 0 {
			c.offer = offerFiles
		}
		return c
	}
	c := completion{offer: l.argumentOffer()}
	if kind := l.argumentKind(); kind != "" {
		c.candidates = matching(values(kind, l.given), "", last)
	}
	return c
}

// line is what the words before the one being typed say.
type line struct {
	app     *cli.App
	path    []string
	command *cli.Command
	level   []*cli.Command // that the next word may name
	open    bool           // the next word may name a command
	ended   bool           // by --
	pending cli.Flag       // the flag whose value comes next
	given   map[string]string
}

// readLine walks over words as arrange does, and passes over what makes no sense.
func readLine(a *cli.App, words []string) line {
	l := line{app: a, level: a.Commands, open: true, given: make(map[string]string)}
	for _, w := range words {
		switch {
		case l.pending != nil:
			l.give(l.pending, w)
			l.pending = nil
		case l.ended:
		case w == "--":
			l.ended = true
		case len(w) > 1 && w[0] == '-':
			name, value, hasValue := strings.Cut(strings.TrimLeft(w, "-"), "=")
			f := l.flag(name)
			if f == nil {
				continue
			}
			if hasValue || standsAlone(f) {
				l.give(f, value)
			} else {
				l.pending = f
			}
		case l.open:
			c := find(l.level, w)
			if c == nil {
				l.open = false
				continue
			}
			l.path, l.command, l.level = append(l.path, c.Name), c, c.Subcommands
			l.open = len(l.level) > 0
		}
	}
	return l
}

func (l *line) give(f cli.Flag, value string) {
	for _, name := range f.Names() {
		l.given[name] = value
	}
}

// current is the command that the line is about: where none is named, the default one.
func (l *line) current() *cli.Command {
	if l.command == nil && l.app.DefaultCommand != "" {
		return find(l.app.Commands, l.app.DefaultCommand)
	}
	return l.command
}

// flag finds a flag of the command or, before one is named, of any.
func (l *line) flag(name string) cli.Flag {
	for _, f := range l.flags() {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

// flags are those that may stand on the line. A flag may come before its command.
func (l *line) flags() []cli.Flag {
	if c := l.current(); c != nil && (l.command == nil || len(c.Subcommands) == 0) {
		return c.Flags
	}
	seen := make(map[string]bool)
	var all []cli.Flag
	var walk func([]*cli.Command)
	walk = func(cs []*cli.Command) {
		for _, c := range cs {
			for _, f := range c.Flags {
				if !seen[f.Names()[0]] {
					seen[f.Names()[0]] = true
					all = append(all, f)
				}
			}
			walk(c.Subcommands)
		}
	}
	if l.command != nil { // which has commands of its own, and works without one too
		walk([]*cli.Command{l.command})
	} else {
		walk(l.level)
	}
	return all
}

func (l *line) flagNames() []candidate {
	names := []candidate{{"--help", "show the help"}}
	for _, f := range l.flags() {
		if v, ok := f.(cli.VisibleFlag); ok && !v.IsVisible() {
			continue
		}
		for _, name := range f.Names() {
			names = append(names, candidate{dashes(name) + name, plainUsage(f)})
		}
	}
	slices.SortFunc(names, func(a, b candidate) int { return cmp.Compare(a.value, b.value) })
	return slices.CompactFunc(names, func(a, b candidate) bool { return a.value == b.value })
}

// kindOfFlag names the flags whose values are looked up.
var kindOfFlag = map[string]string{"collection": "collection", "tag": "tag", "model": "model", "labels": "list", "from": "list", "undo": "run"}

// valueOf completes the value of a flag. What its usage lists (`fast|exact`) is offered
// as it stands there; the placeholder of any other says whether it is a file.
func (l *line) valueOf(f cli.Flag, prefix, begun string, values valuesOf) completion {
	placeholder := placeholderOf(f)
	if strings.Contains(placeholder, "|") {
		var cs []candidate
		for _, v := range strings.Split(placeholder, "|") {
			cs = append(cs, candidate{value: v})
		}
		return completion{candidates: matching(cs, prefix, begun), offer: offerNothing}
	}
	if kind, ok := kindOfFlag[f.Names()[0]]; ok {
		offer := offerNothing
		if kind == "model" && strings.ContainsAny(begun, "/.") {
			offer = offerFolders
		}
		if kind == "list" && placeholderOf(f) != "NAME" {
			offer = offerFiles
		}
		return completion{candidates: matching(values(kind, l.given), prefix, begun), offer: offer}
	}
	return completion{offer: offerOf(placeholder)}
}

// argumentOffer says whether the arguments of the command are files.
func (l *line) argumentOffer() string {
	if c := l.current(); c != nil {
		return offerOf(c.ArgsUsage)
	}
	return offerNothing
}

// argumentKind says what the arguments of a command are, where they can be looked up.
func (l *line) argumentKind() string {
	switch strings.Join(l.path, " ") {
	case "model fetch":
		return "known-model"
	case "model use":
		return "any-model"
	case "model verify", "model quantize":
		return "model"
	case "collections drop", "collections rename":
		return "collection"
	case "tag remove":
		return "tag"
	}
	return ""
}

// offerOf reads a placeholder: FILE, [PATH...], NAME-or-DIR.
func offerOf(placeholder string) string {
	switch {
	case strings.Contains(placeholder, "FILE"), strings.Contains(placeholder, "PATH"), strings.Contains(placeholder, "PICTURE"):
		return offerFiles
	case strings.Contains(placeholder, "DIR"):
		return offerFolders
	}
	return offerNothing
}

// matching are the candidates that begin as the word does, with a prefix before each.
func matching(cs []candidate, prefix, begun string) []candidate {
	var out []candidate
	for _, c := range cs {
		if strings.HasPrefix(c.value, begun) {
			out = append(out, candidate{prefix + c.value, c.about})
		}
	}
	return out
}

var backquoted = lazyregexp.New("`([^`]*)`")

// placeholderOf is what the usage of a flag calls its value.
func placeholderOf(f cli.Flag) string {
	if d, ok := f.(cli.DocGenerationFlag); ok {
		if m := backquoted().FindStringSubmatch(d.GetUsage()); m != nil {
			return m[1]
		}
	}
	return ""
}

// listed is a list of values at the end of a usage, which stands behind the flag's name.
var listed = lazyregexp.New(" \\(`[^`]*`\\)$")

// plainUsage is the usage of a flag without its marks.
func plainUsage(f cli.Flag) string {
	d, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return ""
	}
	return strings.ReplaceAll(listed().ReplaceAllString(d.GetUsage(), ""), "`", "")
}

func dashes(name string) string {
	if len(name) == 1 {
		return "-"
	}
	return "--"
}

// once lists values without doubles, in order.
func once(values map[string]string) []candidate {
	var out []candidate
	for _, v := range slices.Sorted(maps.Keys(values)) {
		out = append(out, candidate{v, values[v]})
	}
	return out
}
