package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline"
	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/terminal"
)

func configInitCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "init",
		Usage:     "write a config file that explains every setting",
		ArgsUsage: "[FILE]",
		Description: `Every setting stands in the file with its default, commented out: take the # away
from what you change. Without a name it is the file that every command reads. A file
that is there is left alone, unless --force is given.

   indexer config init
   indexer config init ./config.yaml`,
		Flags: cmdline.Flags(cmdline.OutputFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "force", Usage: "replace a file that is there"},
		}),
		Action: func(c *cli.Context) error { return initConfig(c, p) },
	}
}

// writeConfig writes a settings file whole or not at all. One that is there is replaced by
// force alone.
func writeConfig(path string, content []byte, force bool) error {
	// Only its owner reads it: a password may stand in it one day.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		if force {
			return atomicfile.WriteBytes(path, content)
		}
		return fault.Usagef("give another name, or replace it with --force", "%s is there already", path)
	} else if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("writing %s: %w", path, err), os.Remove(path))
	}
	return nil
}

func initConfig(c *cli.Context, p *cmdline.Program) error {
	if c.NArg() > 1 {
		return fault.Usagef("", "indexer config init takes one file")
	}
	path := c.Args().First()
	if path == "" {
		if path = p.ConfigFile(c); path == "" {
			return fault.Usagef("name a file, or set HOME or XDG_CONFIG_HOME", "there is no folder for settings")
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := writeConfig(path, config.Commented(sightline.ExampleConfig()), c.Bool("force")); err != nil {
		return err
	}
	if c.Bool("json") {
		p.PrintJSON(map[string]any{"file": path})
		return nil
	}
	p.Printf("wrote %s\n", terminal.Safe(path))
	return nil
}
