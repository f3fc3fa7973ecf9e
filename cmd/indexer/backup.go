package main

import (
	"time"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/terminal"
)

func backupCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "backup",
		Usage:     "keep the index as it is now in a folder of backups",
		ArgsUsage: "DIR",
		Description: `Keeps embeddings, tags, failures, runs and saved labels as they are at one moment, while
others read and write the index. What the folder holds already is not written again, so
that a backup every day takes the room of what changed. All of it is read back. The
photos themselves are not part of it.

   indexer backup /mnt/disk/index-backup
   indexer backup /mnt/disk/index-backup --keep 30      the newest 30 states stay`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags(), []cli.Flag{
			&cli.IntFlag{Name: "keep", Usage: "remove all but the newest `N` states", DefaultText: "all stay"},
		}),
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return fault.Usagef("for example: indexer backup /mnt/disk/index-backup", "indexer backup takes one folder")
			}
			if c.Int("keep") < 0 {
				return fault.Usagef("", "--keep is %d; it can be 1 or more", c.Int("keep"))
			}
			cfg, err := p.Config(c)
			if err != nil {
				return err
			}
			r, err := p.Backup(c.Context, cfg, c.Args().First(), c.Int("keep"))
			if err != nil {
				return err
			}
			if c.Bool("json") {
				p.PrintJSON(map[string]any{"state": r.State, "records": r.Records, "bytes": r.Bytes, "new_bytes": r.NewBytes, "removed": r.Removed})
				return nil
			}
			p.Printf("%s kept as %s: %s, of which %s were new\n", counted(r.Records, "picture"), r.State,
				humanize.Bytes(uint64(r.Bytes)), humanize.Bytes(uint64(r.NewBytes)))
			if r.Removed > 0 {
				p.Printf("%s removed\n", counted(int64(r.Removed), "older state"))
			}
			return nil
		},
	}
}

func restoreCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "restore",
		Usage:     "bring the index back from a folder of backups",
		ArgsUsage: "DIR",
		Description: `The backup is checked whole before anything is touched. An index that is there is only
replaced with --force.

   indexer restore /mnt/disk/index-backup
   indexer restore /mnt/disk/index-backup --list
   indexer restore /mnt/backup --state 20260102T030405.000Z --collection jan`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags(), []cli.Flag{
			&cli.StringFlag{Name: "state", Usage: "bring back the state `NAME`", DefaultText: "the newest"},
			&cli.BoolFlag{Name: "list", Usage: "show the states and bring nothing back"},
			&cli.BoolFlag{Name: "force", Usage: "replace the index that is there"},
		}),
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return fault.Usagef("for example: indexer restore /mnt/disk/index-backup", "indexer restore takes one folder")
			}
			if c.Bool("list") {
				return listBackups(c, p)
			}
			cfg, err := p.Config(c)
			if err != nil {
				return err
			}
			s, err := p.Restore(c.Context, cfg, app.RestoreRequest{From: c.Args().First(), State: c.String("state"), Force: c.Bool("force")})
			if err != nil {
				return err
			}
			if c.Bool("json") {
				p.PrintJSON(stateJSON(s))
				return nil
			}
			p.Printf("brought back: %s pictures of %s\n", terminal.Safe(s.Records), s.Time.Local().Format(time.DateTime))
			return nil
		},
	}
}

func listBackups(c *cli.Context, p *cmdline.Program) error {
	states, err := p.Backups(c.Args().First())
	for _, s := range states {
		if c.Bool("json") {
			p.PrintJSON(stateJSON(s))
			continue
		}
		p.Printf("%s  %8s pictures  %8s  %s\n", terminal.Safe(s.State), terminal.Safe(s.Records), humanize.Bytes(uint64(s.Bytes)), terminal.Safe(s.Model))
	}
	return err
}

func stateJSON(s app.Restored) map[string]any {
	return map[string]any{"state": s.State, "time": s.Time, "records": s.Records, "bytes": s.Bytes, "model": s.Model}
}
