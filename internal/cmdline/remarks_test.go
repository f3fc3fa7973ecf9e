package cmdline

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/fault"
)

// Log lines say of an error what a person understands, as error messages do.
func TestLogWords(t *testing.T) {
	var out bytes.Buffer
	p := &Program{}
	p.logger(&out, "warn").Warn("the file is of no use", "reason", json.Unmarshal([]byte("{"), &struct{}{}))
	if want := ": it ends too early\n"; !strings.Contains(out.String(), want) {
		t.Errorf("%s, want %s", out.String(), want)
	}
}

// With --json every line of stderr is an object; without it, a sentence.
func TestRemarks(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"app do", "hint: say \"more\"\nwarning: wet\nnote: so\nnothing was changed\nwarning: late (of 3)\nerror: no\nhint: yes\n"},
		{"app do --json", `{"hint":"say \"more\""}
{"warning":"wet"}
{"note":"so"}
{"note":"nothing was changed"}
{"level":"WARN","msg":"late","of":3}
{"error":"no","hint":"yes","code":2}
`},
	} {
		p, _, stderr := program()
		code := p.Run(context.Background(), &cli.App{Name: "app", Commands: []*cli.Command{{Name: "do", Flags: []cli.Flag{&cli.BoolFlag{Name: "json"}}, Action: func(*cli.Context) error {
			p.Log = p.logger(p.Stderr, slog.LevelInfo.String())
			p.Notef("hint: say %q\n", "more")
			p.Notef("warning: wet")
			p.Notef("note: so")
			p.Notef("nothing was changed")
			p.Log.Warn("late", "of", 3)
			return fault.Usagef("yes", "no")
		}}}}, strings.Fields(c.args))
		if code != ExitUsage || stderr.String() != c.want {
			t.Errorf("%s: code %d\n%s\nwant\n%s", c.args, code, stderr, c.want)
		}
	}
}
