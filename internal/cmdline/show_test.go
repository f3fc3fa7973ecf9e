package cmdline

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
)

// program is a Program on buffers, without an environment.
func program() (p *Program, stdout, stderr *bytes.Buffer) {
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	env := app.Env{Getenv: func(string) string { return "" }, Log: slog.New(slog.DiscardHandler)}
	return &Program{Stdin: strings.NewReader(""), Stdout: stdout, Stderr: stderr, Env: env}, stdout, stderr
}

// The flags choose the form of hits.
func TestShowHits(t *testing.T) {
	t.Chdir(t.TempDir())
	here := filepath.Join(t.TempDir(), "here.jpg")
	if err := os.WriteFile(here, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	hits := []store.Hit{
		{Score: 0.5, Record: store.Record{ID: "1", Path: "/a b.jpg", Width: 4, Height: 3, Format: "jpeg", ModTime: time.Unix(0, 0)}},
		{Score: 0.25, Record: store.Record{ID: "2", Path: "/\xff\x1b[31m.png", Format: "png", ModTime: time.Unix(0, 0)}},
	}
	for _, c := range []struct {
		args           string
		hits           []store.Hit
		stdout, stderr string // parts
		not            string
	}{
		{args: "", hits: hits, stdout: "RANK  SURE  SIZE", not: "\x1b"},
		{args: "", hits: []store.Hit{{Score: 1, Record: store.Record{Path: here}}}, stdout: "RANK  SIZE", not: "SCORE"},
		{args: "", stderr: "no pictures match\n"},
		{args: "--paths", hits: hits, stdout: "/a b.jpg\n/\xff\x1b[31m.png\n"},
		{args: "--paths"}, // nothing, where a program reads it
		{args: "-0", hits: hits, stdout: "/a b.jpg\x00/\xff\x1b[31m.png\x00"},
		{args: "--json", hits: hits, stdout: `{"rank":1,"score":0.5,"id":"1","path":"/a b.jpg","width":4,"height":3,"tags":[],"date":"1970-01-01T00:00:00Z","date_kind":"file","format":"jpeg","missing":true}` + "\n"},
		{args: "", hits: hits, stdout: "/a b.jpg [missing]\n"},
		{args: "", hits: []store.Hit{{Record: store.Record{Path: here}}}, stdout: here, not: "[missing]"},
		{args: "--json", hits: []store.Hit{{Record: store.Record{Path: here}}}, stdout: here, not: "missing"},
		{args: "--json --paths", hits: hits[1:], stdout: `"path_base64":`, stderr: "--json is what is printed"},
		{args: "--preview", hits: hits, stdout: "RANK", stderr: "this terminal shows no pictures"},
		{args: "--preview --paths", hits: hits, stdout: "/a b.jpg\n"},
	} {
		p, stdout, stderr := program()
		code := p.Run(context.Background(), &cli.App{Name: "x", Commands: []*cli.Command{{
			Name: "show", Flags: Flags(OutputFlags(), HitFlags()),
			Action: func(ctx *cli.Context) error { return p.ShowAnswer(ctx, query.Answer{Hits: c.hits}, "a notice") },
		}}}, append([]string{"x", "show"}, strings.Fields(c.args)...))
		if code != ExitOK || !strings.Contains(stdout.String(), c.stdout) || !strings.Contains(stderr.String(), c.stderr) {
			t.Errorf("%q: code %d, stdout %q, stderr %q", c.args, code, stdout, stderr)
		}
		if c.not != "" && strings.Contains(stdout.String(), c.not) {
			t.Errorf("%q: stdout %q", c.args, stdout)
		}
		if len(c.hits) == 0 && stdout.Len() > 0 {
			t.Errorf("%q: stdout %q for no hits", c.args, stdout)
		}
		if strings.Contains(stderr.String(), "a notice") {
			t.Errorf("%q: the notice disturbs what is no terminal", c.args)
		}
	}
}

// What cannot be written ends the command with an error.
func TestPrintJSON(t *testing.T) {
	p, stdout, _ := program()
	p.PrintJSON(map[string]int{"n": 1})
	if got := stdout.String(); got != "{\"n\":1}\n" || p.unwritten != nil {
		t.Errorf("%q, %v", got, p.unwritten)
	}
	p.PrintJSON(func() {})
	if p.unwritten == nil {
		t.Error("what has no JSON was printed")
	}
}
