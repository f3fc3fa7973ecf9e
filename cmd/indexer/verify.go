package main

import (
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
)

func verifyCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "verify",
		Usage: "read the whole index and check that it is sound",
		Description: `Changes nothing. Every problem is printed on a line of its own.

   indexer verify

With --repair, what can be repaired is repaired: caches are rebuilt, and pictures
whose embeddings are damaged are left out of searches until the next indexer run
reads them again. They keep their tags. A damaged catalogue is rebuilt from what
is whole of it; the damaged one stays beside it, and what is lost is named.

   indexer verify --repair && indexer run PATH`,
		Flags: cmdline.Flags([]cli.Flag{
			&cli.BoolFlag{Name: "repair", Usage: "repair what can be repaired"},
		}, cmdline.StoreFlags(), cmdline.OutputFlags()),
		Action: func(c *cli.Context) error {
			if c.Bool("repair") {
				return repair(p, c)
			}
			_, st, err := p.OpenAnyStore(c, store.ReadOnly)
			if err != nil {
				return err
			}
			defer st.Close()
			err = index.Verify(c.Context, st, func(problem string) {
				if c.Bool("json") {
					p.PrintJSON(map[string]string{"problem": problem})
					return
				}
				p.Printf("problem: %s\n", terminal.Safe(problem))
			})
			if errors.Is(err, index.ErrCannotVerify) {
				return fault.Usagef("", "%s", err)
			} else if err != nil {
				return err
			}
			sound(p, c)
			return nil
		},
	}
}

// repair mends an index and verifies it.
func repair(p *cmdline.Program, c *cli.Context) error {
	cfg, err := p.Config(c)
	if err != nil {
		return err
	}
	problems := 0
	tell := func(kind string) func(string) {
		return func(text string) {
			problems++
			if c.Bool("json") {
				p.PrintJSON(map[string]string{kind: text})
				return
			}
			p.Printf("%s: %s\n", kind, terminal.Safe(text))
		}
	}
	st, err := p.OpenDamaged(c.Context, cfg, tell("problem"), tell("mended"))
	if err != nil {
		return err
	}
	defer st.Close()
	err = index.Repair(c.Context, st, tell("problem"), tell("mended"))
	if errors.Is(err, index.ErrCannotRepair) {
		return fault.Usagef("", "%s", err)
	} else if err != nil {
		return err
	}
	if problems > 0 {
		err := index.Verify(c.Context, st, tell("left"))
		if errors.Is(err, store.ErrDamaged) {
			return fault.Advise("indexer run over the same paths reads those pictures again; what stays then, indexer restore DIR brings back from a backup", "%w", err)
		} else if err != nil {
			return err
		}
		if !c.Bool("json") {
			return nil // what was mended is reported
		}
	}
	sound(p, c)
	return nil
}

// sound says that nothing is wrong, or nothing any more.
func sound(p *cmdline.Program, c *cli.Context) {
	if c.Bool("json") {
		p.PrintJSON(map[string]bool{"sound": true})
		return
	}
	p.Printf("the index is sound\n")
}
