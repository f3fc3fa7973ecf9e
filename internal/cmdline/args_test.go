package cmdline

import (
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/fault"
)

func TestArrange(t *testing.T) {
	flags := []cli.Flag{
		&cli.IntFlag{Name: "k", Aliases: []string{"top", "n"}}, &cli.BoolFlag{Name: "json"}, &cli.StringFlag{Name: "db"},
	}
	search := &cli.App{Name: "search", DefaultCommand: "text", Commands: []*cli.Command{
		{Name: "text", Flags: flags}, {Name: "image", Flags: flags},
		{Name: "labels", Subcommands: []*cli.Command{{Name: "lint", Flags: flags}, {Name: "hubs", Flags: []cli.Flag{&cli.BoolFlag{Name: "only"}}}}},
	}}
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"--help", "--help"},
		{"dog -k 3", "text -k 3 -- dog"},
		{"-k 3 dog", "text -k 3 -- dog"},
		{"--json dog --db=x", "text --json --db=x -- dog"},
		{"a dog -k -1", "text -k -1 -- a dog"},
		{"image f.jpg --json", "image --json -- f.jpg"},
		{"--json image f.jpg", "image --json -- f.jpg"},
		{"text image", "text -- image"},
		{"dog image", "text -- dog image"},
		{"-- image", "text -- image"},
		{"image -- --json", "image -- --json"},
		{"dog -- -k", "text -- dog -k"},
		{"labels lint f --json", "labels lint --json -- f"},
		{"labels --json lint f", "labels lint --json -- f"},
		{"image --help", "image --help"},
		{"image f.jpg --help", "image --help"},
		{"--db x", "text --db x"},
		{"-", "text -- -"},
		{"dog -tag:indoor --json", "text --json -- dog -tag:indoor"},
		{"-tag:indoor image", "text -- -tag:indoor image"},
		{"dog -(tag:a tag:b)", "text -- dog -(tag:a tag:b)"},
		{"dog --top 5", "text --top 5 -- dog"},
		{"help", "--help"},
		{"help image", "image --help"},
		{"help labels lint", "labels lint --help"},
		{"help wanted", "text -- help wanted"},
		{"-- help", "text -- help"},
		{"help -k 3", "text -k 3 -- help"},
		{"apple - fruit", "text -- apple - fruit"},
		{"-n dog", "text -- dog"},
		{"dog -n", "text -- dog"},
		{"dog -n 5", "text -n 5 -- dog"},
		{"dog -n -1", "text -n -1 -- dog"},
		{"dog -k2", "text -k=2 -- dog"},
		{"-k20 dog --json", "text -k=20 --json -- dog"},
		{"dog -n 5 --top=6 --json", "text -k 5 -k=6 --json -- dog"},
	} {
		got, err := (&arranger{app: search}).arrange(append([]string{"search"}, strings.Fields(c.in)...))
		if err != nil || strings.Join(got[1:], " ") != c.want {
			t.Errorf("%q: %q, %v; want %q", c.in, strings.Join(got[1:], " "), err, c.want)
		}
	}
	for in, hint := range map[string]string{
		"dog --jsn":          "did you mean --json?",
		"dog -k":             "",
		"dog --zzzzz":        "see search text --help",
		"labels lint --only": "it is a flag of search labels hubs; see search labels lint --help",
		"dog --tpo 3":        "did you mean --top?",
		"apple -fruit":       "write a blank behind the dash: - fruit",
	} {
		_, err := (&arranger{app: search}).arrange(append([]string{"search"}, strings.Fields(in)...))
		if kind, got := app.Explain(err); err == nil || kind != fault.Usage || !strings.Contains(got, hint) {
			t.Errorf("%q: %v, kind %d, hint %q", in, err, kind, got)
		}
	}
}

// A variable of a script that is not set must not mean everything.
func TestArrangeEmpty(t *testing.T) {
	a := &cli.App{Name: "search", DefaultCommand: "text", Commands: []*cli.Command{
		{Name: "text", Flags: []cli.Flag{&cli.StringFlag{Name: "after"}}}, {Name: "image", Flags: []cli.Flag{&cli.StringFlag{Name: "after"}}},
	}}
	for _, c := range []struct{ args, want string }{
		{"dog|--after|", "the value of --after is empty"},
		{"dog|--after=", "the value of --after is empty"},
		{"image||--after|2024", "an argument of search image is empty"},
		{"image|a.jpg|", "an argument of search image is empty"},
		{"text|", ""}, // its own error says what to type
		{"dog|--after|2024", ""},
	} {
		_, err := (&arranger{app: a}).arrange(append([]string{"search"}, strings.Split(c.args, "|")...))
		if got := fault.Words(err); got != c.want {
			t.Errorf("%s: %q, want %q", c.args, got, c.want)
		}
	}
}

// A way to show pictures may stand behind a blank, as behind the flags that take a value.
func TestArrangePreview(t *testing.T) {
	a := &cli.App{Name: "search", DefaultCommand: "text", Commands: []*cli.Command{{Name: "text", Flags: HitFlags()}}}
	for in, want := range map[string]string{
		"dog --preview blocks": "text --preview=blocks -- dog",
		"dog -p kitty":         "text -p=kitty -- dog",
		"-p dog":               "text -p -- dog",
		"blocks --preview":     "text --preview -- blocks",
		"dog --open blocks":    "text --open -- dog blocks",
	} {
		r := &arranger{app: a}
		got, err := r.arrange(append([]string{"search"}, strings.Fields(in)...))
		if err != nil || strings.Join(got[1:], " ") != want || (len(r.notes) > 0) != strings.Contains(want, "=") {
			t.Errorf("%s: %q, %v, notes %q", in, got, err, r.notes)
		}
	}
}

// One argument that begins with a dash and a blank is part of a query, and what names no
// command may be a path.
func TestArrangeHabits(t *testing.T) {
	search := &cli.App{Name: "search", DefaultCommand: "text", Commands: []*cli.Command{{Name: "text"}}}
	r := &arranger{app: search}
	if got, err := r.arrange([]string{"search", "apple", "- fruit"}); err != nil || got[len(got)-1] != "- fruit" || !r.implied {
		t.Errorf("%q, %v, implied %v", got, err, r.implied)
	}
	commands := &cli.App{Name: "search", DefaultCommand: "text", Commands: []*cli.Command{{Name: "text"}, {Name: "tag"}, {Name: "tags"}, {Name: "like"}}}
	for line, note := range map[string]string{
		"tagz":      `note: "tagz" is looked for; did you mean search tag or search tags?`,
		"help rnu":  `note: "help rnu" is looked for; search --help lists the commands`,
		"help tgs":  `note: "help tgs" is looked for; did you mean search help tags?`,
		"Taags":     `note: "Taags" is looked for; did you mean search tags?`,
		"lake":      "", // a word that people look for
		"tagz -k 3": `note: "tagz" is looked for; did you mean search tag or search tags?`,
		"tagz dog":  "",
		"-- tagz":   `note: "tagz" is looked for; did you mean search tag or search tags?`,
		"zebra":     "",
		"text tagz": "",
	} {
		commands.Commands[0].Flags = []cli.Flag{&cli.IntFlag{Name: "k"}}
		r := &arranger{app: commands, knownWord: knownWord}
		if _, err := r.arrange(append([]string{"search"}, strings.Fields(line)...)); err != nil || strings.Join(r.notes, "\n") != note {
			t.Errorf("%s: %v, notes %q", line, err, r.notes)
		}
	}
	r = &arranger{app: search}
	if _, err := r.arrange([]string{"search", "text", "image"}); err != nil || r.implied {
		t.Errorf("%v, implied %v", err, r.implied)
	}
	indexer := &cli.App{Name: "indexer", Commands: []*cli.Command{
		{Name: "run"}, {Name: "status"}, {Name: "secret", Hidden: true},
		{Name: "model", Subcommands: []*cli.Command{{Name: "fetch"}}},
	}}
	r = &arranger{app: indexer, pathCommand: "run", siblings: []string{"tag"}, exists: func(p string) bool { return p == "/photos" }, other: "search", others: []string{"find"}}
	if got, err := r.arrange([]string{"indexer", "/nowhere"}); err != nil || strings.Join(got, " ") != "indexer run -- /nowhere" {
		t.Errorf("what is a path by its slash: %q, %v", got, err)
	}
	if got, err := r.arrange([]string{"indexer", "/photos", "more"}); err != nil || strings.Join(got, " ") != "indexer run -- /photos more" {
		t.Errorf("%q, %v", got, err)
	}
	for word, hint := range map[string]string{"rnu": "did you mean run?", "tga": "did you mean tag?", "secert": "see indexer --help", "find": "that is a command of the program search: search find --help", "search": "search is a program of its own"} {
		_, err := r.arrange([]string{"indexer", word})
		if kind, got := app.Explain(err); kind != fault.Usage || !strings.HasPrefix(got, hint) {
			t.Errorf("%s: %v, hint %q", word, err, got)
		}
	}
	both := &arranger{app: &cli.App{Name: Umbrella, Commands: indexer.Commands}, exists: func(p string) bool { return p == "Pictures" }}
	for line, hint := range map[string]string{"a dog": "to look for it: sightline search 'a dog'", "Pictures": "did you mean sightline run Pictures, or sightline search Pictures?", "./no": "did you mean sightline run ./no"} {
		_, err := both.arrange(append([]string{Umbrella}, strings.Fields(line)...))
		if _, got := app.Explain(err); !strings.HasPrefix(got, hint) {
			t.Errorf("%s: %v, hint %q", line, err, got)
		}
	}
}
