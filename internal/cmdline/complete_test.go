package cmdline

import (
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

func tree() *cli.App {
	flags := Flags(StoreFlags(), ModelFlags(), []cli.Flag{
		&cli.IntFlag{Name: "k", Usage: "show `N` pictures", Value: 10},
		&cli.StringSliceFlag{Name: "tag", Usage: "with a `TAG`"},
		&cli.StringFlag{Name: "export", Usage: "write a `FILE`"},
		&cli.BoolFlag{Name: "json", Usage: "print JSON"},
		&cli.BoolFlag{Name: "secret", Hidden: true},
	})
	return &cli.App{Name: "search", Usage: "find pictures", Description: "   search dog", DefaultCommand: "text", Commands: []*cli.Command{
		{Name: "text", Usage: "by a text", ArgsUsage: "QUERY", Flags: flags},
		{Name: "image", Usage: "by a file", ArgsUsage: "FILE", Flags: flags},
		{Name: "ghost", Hidden: true},
		{Name: "model", Usage: "models", Flags: []cli.Flag{&cli.StringFlag{Name: "undo", Usage: "`RUN`"}}, Subcommands: []*cli.Command{
			{Name: "fetch", Usage: "bring one", ArgsUsage: "[NAME]", Flags: []cli.Flag{&cli.StringFlag{Name: "variant", Usage: "`KIND`"}}},
			{Name: "list", Usage: "list them", Description: ".begins with a dot\n'and a quote\nC:\\path"},
		}},
	}}
}

func TestComplete(t *testing.T) {
	lookUp := func(kind string, given map[string]string) []candidate {
		switch kind {
		case "collection":
			return []candidate{{"default", ""}, {"holidays of " + given["db"], ""}}
		case "tag":
			return []candidate{{"beach", ""}, {"birch", ""}}
		}
		return []candidate{{kind, ""}}
	}
	for _, tt := range []struct{ line, want string }{
		{"", "text image model help :none"},
		{"i", "image :none"},
		{"x", ":files"},
		{"./p", ":files"},
		{"image ", ":files"},
		{"text ", ":none"},
		{"model ", "fetch list :none"},
		{"model f", "fetch :none"},
		{"model fetch ", "known-model :none"},
		{"model fetch --v", "--variant :none"},
		{"model --undo ", "run :none"},
		{"model --u", "--undo :none"},
		{"image --pr", "--precision :none"},
		{"image -", "--collection --colour --config --db --export --help --json --milvus-address --model --models " +
			"--onnxruntime-lib --pixels --precision --recall --store --tag -k :none"},
		{"image --precision ", "fp32 fp16 int8 :none"},
		{"image --precision f", "fp32 fp16 :none"},
		{"image --precision=i", "--precision=int8 :none"},
		{"--collection ", "default holidays of  :none"},
		{"--db /x image --collection h", "holidays of /x :none"},
		{"image --tag b", "beach birch :none"},
		{"image --tag bi", "birch :none"},
		{"image --model ", "model :none"},
		{"image --model ./", ":dirs"},
		{"image --models ", ":dirs"},
		{"image --export ", ":files"},
		{"image -k ", ":none"},
		{"image --json ", ":files"},
		{"image --nonsense=3", ":none"},
		{"image -- --", ":files"},
		{"dog --ta", "--tag :none"},
	} {
		c := complete(tree(), strings.Split(tt.line, " "), lookUp)
		var got []string
		for _, v := range c.candidates {
			got = append(got, v.value)
		}
		if g := strings.Join(append(got, c.offer), " "); g != tt.want {
			t.Errorf("%q: %s, want %s", tt.line, g, tt.want)
		}
	}
}

// FuzzComplete shows that nothing that is typed is an accident.
func FuzzComplete(f *testing.F) {
	for _, s := range []string{"", "image --tag=", "-- -", "= --= -", "model fetch --variant\x00x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := complete(tree(), strings.Split(s, "\x00"), func(string, map[string]string) []candidate { return nil })
		if c.offer != offerNothing && c.offer != offerFiles && c.offer != offerFolders {
			t.Errorf("offer %q", c.offer)
		}
	})
}

// The page has every visible command and flag, and no line of a text becomes a request.
func TestManual(t *testing.T) {
	var out strings.Builder
	if err := manual(&out, tree(), "2026-01-02"); err != nil {
		t.Fatal(err)
	}
	page := out.String()
	for _, want := range []string{
		`.TH "SEARCH" "1" "2026\-01\-02"`, `.SS "search image FILE"`, `\fB\-k\fR \fIN\fR`, "(default: 10)",
		"\n\\&.begins", "\n\\(aqand", `C:\epath`, ".SS \"search model fetch [NAME]\"", "SIGHTLINE_INDEX_WORKERS",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in the page:\n%s", want, page)
		}
	}
	for _, hidden := range []string{"ghost", "secret"} {
		if strings.Contains(page, hidden) {
			t.Errorf("the page shows %s", hidden)
		}
	}
}

func TestCompletionScript(t *testing.T) {
	for _, shell := range Shells() {
		script, err := CompletionScript(shell, "search")
		if err != nil || strings.Contains(script, "PROGRAM") || !strings.Contains(script, "__complete") {
			t.Errorf("%s: %v\n%s", shell, err, script)
		}
	}
	if _, err := CompletionScript("../bash", "search"); err == nil {
		t.Error("a shell that is not one has a script")
	}
}
