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

   indexer verify`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags()),
		Action: func(c *cli.Context) error {
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
			if !c.Bool("json") {
				p.Printf("the index is sound\n")
			}
			return nil
		},
	}
}
