package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/terminal"
	"github.com/sightline/sightline/internal/watch"
)

// installWatch writes the unit.
func installWatch(c *cli.Context, p *cmdline.Program) error {
	if _, err := p.Config(c); err != nil {
		return err // now rather than in the unit
	}
	command, err := unitCommand(c, p)
	if err != nil {
		return err
	}
	path, err := watch.UnitPath(p.Getenv)
	if err != nil {
		return err
	}
	changed, err := watch.Install(path, watch.Unit(command))
	if err != nil {
		return fmt.Errorf("writing the unit: %w", err)
	}
	start := "systemctl --user daemon-reload && systemctl --user enable " + watch.UnitName + " && systemctl --user restart " + watch.UnitName
	if c.Bool("json") {
		p.PrintJSON(map[string]any{"unit": path, "changed": changed, "start": start})
		return nil
	}
	if changed {
		p.Printf("wrote %s\n", terminal.Safe(path))
	} else {
		p.Printf("%s is there already\n", terminal.Safe(path))
	}
	p.Printf("start it:        %s\n", start)
	p.Printf("what it says:    journalctl --user -u %s -f\n", watch.UnitName)
	p.Printf("at boot as well: loginctl enable-linger\n")
	return nil
}

// uninstallWatch removes the unit.
func uninstallWatch(c *cli.Context, p *cmdline.Program) error {
	path, err := watch.UnitPath(p.Getenv)
	if err != nil {
		return err
	}
	removed, err := watch.Uninstall(path)
	if err != nil {
		return fmt.Errorf("removing the unit: %w", err)
	}
	if c.Bool("json") {
		p.PrintJSON(map[string]any{"unit": path, "removed": removed})
		return nil
	}
	if !removed {
		p.Printf("there is no %s\n", terminal.Safe(path))
		return nil
	}
	p.Printf("removed %s\n", terminal.Safe(path))
	p.Printf("stop it: systemctl --user disable --now %s; systemctl --user daemon-reload\n", watch.UnitName)
	return nil
}

// unitCommand is the command of a unit: this one, with paths that hold from any folder.
func unitCommand(c *cli.Context, p *cmdline.Program) ([]string, error) {
	if p.Executable == "" {
		return nil, fault.Fatalf("", "it is not known where this program lies")
	}
	files := []string{"config", "db", "models", "onnxruntime-lib"} // flags whose values are files or folders
	unit := []string{"install", "uninstall"}                       // and those that are about the unit itself
	command := []string{p.Executable, "watch"}
	if !c.IsSet("progress") {
		command = append(command, "--progress=none") // for the journal
	}
	for _, f := range c.Command.Flags {
		name := f.Names()[0]
		if !c.IsSet(name) || slices.Contains(unit, name) {
			continue
		}
		value := c.Value(name)
		if list, ok := value.(cli.StringSlice); ok {
			for _, v := range list.Value() {
				command = append(command, "--"+name+"="+v)
			}
			continue
		}
		text := fmt.Sprint(value)
		if isFile := slices.Contains(files, name) || name == "model" && isFolder(text); isFile && text != "" {
			abs, err := filepath.Abs(text)
			if err != nil {
				return nil, err
			}
			text = abs
		}
		command = append(command, "--"+name+"="+text)
	}
	paths, err := absolutePaths(c.Args().Slice())
	return append(command, paths...), err
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
