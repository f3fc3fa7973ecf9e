package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/terminal"
)

func configShowCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "show",
		Usage:     "show every setting, and where it comes from",
		ArgsUsage: "[KEY...]",
		Description: `A setting comes from, the later the stronger: the default, the config file, the
environment, a flag. The file is the first of these that is given:

   --config FILE
   SIGHTLINE_CONFIG=FILE
   $XDG_CONFIG_HOME/sightline/config.yaml     ~/.config where the variable is not set

With keys only those settings are shown, and those below a section. Secrets are shown
as [secret].

   indexer config show
   indexer config show milvus index.workers
   SIGHTLINE_INDEX_WORKERS=4 indexer config show --changed`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "changed", Usage: "leave out what has its default"},
		}),
		Action: func(c *cli.Context) error { return showConfig(c, p) },
	}
}

// settingJSON is a setting for scripts.
type settingJSON struct {
	Key    string `json:"key"`
	Value  any    `json:"value"`
	Origin string `json:"origin"`         // default, file, environment or flag
	Name   string `json:"name,omitempty"` // the file, or the variable
	Line   int    `json:"line,omitempty"` // in the file
}

func showConfig(c *cli.Context, p *cmdline.Program) error {
	all, invalid := p.Settings(c)
	if all == nil && invalid != nil {
		return invalid
	}
	chosen, err := choose(all, c.Args().Slice())
	if err != nil {
		return err
	}
	if c.Bool("changed") {
		chosen = slices.DeleteFunc(slices.Clone(chosen), func(s config.Setting) bool { return s.Origin.Kind == config.FromDefault })
	}
	t := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	switch {
	case c.Bool("json"):
	case len(chosen) == 0:
		p.Notef("note: each of them has its default")
	default:
		fmt.Fprintln(t, "SETTING\tVALUE\tFROM")
	}
	for _, s := range chosen {
		if c.Bool("json") {
			p.PrintJSON(settingJSON{s.Key, jsonValue(s.Value), string(s.Origin.Kind), s.Origin.Name, s.Origin.Line})
			continue
		}
		text := valueText(s.Value)
		if meaning := unset(p, s.Key); meaning != "" && isUnset(s.Value) {
			text += " (" + meaning + ")"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", s.Key, terminal.Safe(text), terminal.Safe(s.Origin.String()))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if !c.Bool("json") && c.NArg() == 0 {
		noteConfigFile(c, p)
	}
	if invalid != nil {
		p.Notef("note: a setting that is wrong in itself is shown as it would be without it")
	}
	return invalid
}

// noteConfigFile says which file was read, or where it would be.
func noteConfigFile(c *cli.Context, p *cmdline.Program) {
	path := p.ConfigFile(c)
	if path == "" {
		p.Notef("note: there is no config file: neither HOME nor XDG_CONFIG_HOME is set")
	} else if _, err := os.Stat(path); err == nil {
		p.Notef("note: config file %s", terminal.Safe(path))
	} else {
		p.Notef("note: no config file at %s (indexer config init writes one)", terminal.Safe(path))
	}
}

// choose picks the settings that are named, by key or by section; without names, all.
func choose(all []config.Setting, names []string) ([]config.Setting, error) {
	if len(names) == 0 {
		return all, nil
	}
	chosen := make(map[string]bool)
	for _, name := range names {
		found := false
		for _, s := range all {
			if s.Key == name || strings.HasPrefix(s.Key, strings.TrimSuffix(name, ".")+".") {
				chosen[s.Key], found = true, true
			}
		}
		if !found {
			return nil, fault.Usagef("indexer config show lists all of them", "there is no setting %q", name)
		}
	}
	var out []config.Setting
	for _, s := range all {
		if chosen[s.Key] {
			out = append(out, s)
		}
	}
	return out, nil
}

// isUnset reports whether a value says that the program chooses.
func isUnset(v any) bool { return v == "" || v == 0 }

// unset says what is in force where a setting is empty or 0; "" where that is plain.
func unset(p *cmdline.Program, key string) string {
	switch key {
	case "colour", "pixels":
		return "as the index was built"
	case "db":
		return config.DefaultDB(p.Getenv)
	case "models":
		return config.DefaultModels(p.Getenv)
	case "model":
		return "that of the index"
	case "default_model":
		return "asked for, or the starter"
	case "precision":
		return "fp32, else int8, else fp16"
	case "onnxruntime_lib":
		return "looked for beside the programs"
	case "viewer":
		return "the system's"
	case "index.workers":
		return "one per core"
	case "index.embed_workers", "index.embed_threads", "index.batch_size":
		return "what indexer tune found"
	case "milvus.search.ef", "milvus.search.nprobe", "milvus.search.search_list":
		return "what search tune found"
	case "milvus.replicas":
		return "the server's default"
	}
	return ""
}

// valueText writes a value as it could stand in the file.
func valueText(v any) string {
	switch v := v.(type) {
	case string:
		if v == "" || strings.TrimSpace(v) != v {
			return fmt.Sprintf("%q", v)
		}
		return v
	case []string:
		quoted := make([]string, len(v))
		for i, s := range v {
			quoted[i] = fmt.Sprintf("%q", s)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	}
	if text := fmt.Sprint(v); text != "" { // a secret prints whether it is set
		return text
	}
	return `""`
}

// jsonValue leaves numbers, lists and truth values as they are; a duration is a text.
func jsonValue(v any) any {
	if d, ok := v.(fmt.Stringer); ok {
		return d.String()
	}
	return v
}
