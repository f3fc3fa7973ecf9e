package main

import (
	"encoding/json"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
)

func pruneCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "prune",
		Usage:     "remove pictures whose file is gone, without looking for new ones",
		ArgsUsage: "[PATH...]",
		Description: `Below the given paths or, without any, in the whole index. It refuses where a path
is missing or more than a fifth of its pictures have vanished, because that looks
like an unmounted disk; --force-prune insists.

With --old-models it removes instead the indexes that indexer run --rebuild left of
earlier models, after asking.

   indexer prune
   indexer prune ~/Pictures/old --force-prune
   indexer prune --old-models`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "force-prune", Usage: "remove them even if a whole path is gone"},
			&cli.BoolFlag{Name: "old-models", Usage: "remove the indexes of earlier models"},
			&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: "do not ask"},
		}),
		Action: func(c *cli.Context) error {
			if c.Bool("old-models") {
				return pruneOldModels(c, p)
			}
			_, st, err := p.OpenAnyStore(c, store.ReadWrite)
			if err != nil {
				return err
			}
			defer st.Close()
			pruned, refusals, err := index.Prune(c.Context, st, c.Args().Slice(), c.Bool("force-prune"))
			if c.Bool("json") {
				if err := json.NewEncoder(p.Stdout).Encode(map[string]any{"pruned": pruned, "refused": len(refusals)}); err != nil {
					return err
				}
			} else {
				p.Printf("%d pictures pruned\n", pruned)
			}
			if err != nil {
				return err
			}
			if len(refusals) > 0 {
				return &fault.Error{
					Err:    fmt.Errorf("not pruned: %s", terminal.Safe(refusals[0].Error())),
					Advice: "mount the disk, or insist with --force-prune",
					Kind:   fault.Fatal,
				}
			}
			return nil
		},
	}
}

func verifyCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "verify",
		Usage: "read the whole index and check that it is sound",
		Description: `Changes nothing. Every problem is printed on a line of its own.

   indexer verify`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags()),
		Action: func(c *cli.Context) error {
			_, st, err := p.OpenAnyStore(c, store.ReadOnly)
			if err != nil {
				return err
			}
			defer st.Close()
			v, ok := store.As[store.Verifier](st)
			if !ok {
				return fault.Usagef("", "this kind of store cannot be verified")
			}
			problems := 0
			err = v.Verify(c.Context, func(problem string) {
				problems++
				if c.Bool("json") {
					line, _ := json.Marshal(map[string]string{"problem": problem}) // strings always marshal
					p.Printf("%s\n", line)
					return
				}
				p.Printf("problem: %s\n", terminal.Safe(problem))
			})
			if err != nil {
				return err
			}
			if problems > 0 {
				return fmt.Errorf("%w: %d problems were found", store.ErrDamaged, problems)
			}
			if !c.Bool("json") {
				p.Printf("the index is sound\n")
			}
			return nil
		},
	}
}
