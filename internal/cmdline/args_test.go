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
		&cli.IntFlag{Name: "k", Aliases: []string{"top"}}, &cli.BoolFlag{Name: "json"}, &cli.StringFlag{Name: "db"},
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
	} {
		got, err := arrange(search, append([]string{"search"}, strings.Fields(c.in)...))
		if err != nil || strings.Join(got[1:], " ") != c.want {
			t.Errorf("%q: %q, %v; want %q", c.in, strings.Join(got[1:], " "), err, c.want)
		}
	}
	for in, hint := range map[string]string{
		"dog --jsn":          "did you mean --json?",
		"dog -k":             "",
		"dog --zzzzz":        "search --help",
		"labels lint --only": "search labels lint --help", // which labels hubs has
	} {
		_, err := arrange(search, append([]string{"search"}, strings.Fields(in)...))
		if kind, got := app.Explain(err); err == nil || kind != fault.Usage || !strings.Contains(got, hint) {
			t.Errorf("%q: %v, kind %d, hint %q", in, err, kind, got)
		}
	}
}

func TestEditDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"jsn", "json", 1}, {"kitten", "sitting", 3}, {"ab", "ba", 2}} {
		if got := editDistance(c.a, c.b); got != c.want {
			t.Errorf("%q %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
