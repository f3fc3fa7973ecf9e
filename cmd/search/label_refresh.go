package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/terminal"
)

func labelRefreshCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "refresh",
		Usage:     "make saved labels again of their pictures, once the index has another model",
		ArgsUsage: "[NAME...]",
		Description: `Without names it takes all that another model made.

   search label refresh
   search label refresh holiday`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags()),
		Action: func(c *cli.Context) error {
			cfg, err := p.Config(c)
			if err != nil {
				return err
			}
			search, err := p.OpenSearch(c.Context, cfg)
			if err != nil {
				return err
			}
			defer search.Close()
			names := c.Args().Slice()
			failed := 0
			if len(names) == 0 {
				stale, bad := search.StaleLabels(c.Context)
				names = stale
				for _, err := range bad {
					failed++
					p.Notef("warning: %s", terminal.Safe(fault.Words(err)))
				}
				if len(names) == 0 && failed == 0 {
					p.Notef("all saved labels are of the model of the index")
				}
			}
			for _, name := range names {
				l, err := search.RefreshLabel(c.Context, strings.TrimPrefix(name, "#"))
				switch {
				case err != nil && len(names) == 1 && failed == 0:
					return err
				case err != nil:
					failed++
					p.Notef("warning: %s", terminal.Safe(fault.Words(err)))
				case c.Bool("json"):
					p.PrintJSON(newLabelJSON(*l, l.Model))
				default:
					p.Printf("#%s is made again, of %s\n", l.Name, cmdline.Count(int64(len(l.Like)+len(l.Unlike)), "picture", "pictures"))
				}
			}
			if failed > 0 {
				return &fault.Error{
					Err:    fmt.Errorf("%s could not be made again", cmdline.Count(int64(failed), "saved label", "saved labels")),
					Advice: "save it of other pictures with: search label save NAME --like ... --force", Kind: fault.Partial,
				}
			}
			return nil
		},
	}
}
