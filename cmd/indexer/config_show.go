package main

import (
	"fmt"
	"os"
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
	t := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	for _, s := range chosen {
		if c.Bool("changed") && s.Origin.Kind == config.FromDefault {
			continue
		}
		if c.Bool("json") {
			p.PrintJSON(settingJSON{s.Key, jsonValue(s.Value), string(s.Origin.Kind), s.Origin.Name, s.Origin.Line})
			continue
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", s.Key, terminal.Safe(valueText(s.Value)), terminal.Safe(s.Origin.String()))
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
