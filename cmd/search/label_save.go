package main

import (
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/query/saved"
)

func labelSaveCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "save",
		Usage:     "save a label that pictures like some, and unlike others, lie near to",
		ArgsUsage: "NAME [ID-or-PATH...]",
		Description: `A picture that is not in the index is read from its file.

   search label save holiday --like a.jpg --like b.jpg --unlike office.jpg
   search label save holiday a.jpg b.jpg c.jpg --unlike office.jpg
   search "#holiday + sunset"`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags(), []cli.Flag{
			&cli.StringSliceFlag{Name: "like", Usage: "`PICTURE` of the label, by id or path; repeatable", Category: "The label"},
			unlikeFlag("The label"),
			&cli.BoolFlag{Name: "force", Usage: "replace a label of that name", Category: "The label"},
		}),
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 {
				return fault.Usagef("for example: search label save holiday --like a.jpg --like b.jpg", "search label save needs a name")
			}
			name := strings.TrimPrefix(c.Args().First(), "#")
			if err := saved.CheckName(name); err != nil {
				return err
			}
			examples := query.Examples{Like: append(c.Args().Tail(), c.StringSlice("like")...), Unlike: c.StringSlice("unlike")}
			if len(examples.Like) == 0 {
				return fault.Usagef("for example: search label save "+name+" --like a.jpg --like b.jpg", "#%s needs pictures that it is like", name)
			}
			cfg, err := p.Config(c)
			if err != nil {
				return err
			}
			search, err := p.OpenSearch(c.Context, cfg)
			if err != nil {
				return err
			}
			defer search.Close()
			replace := saved.Keep
			if c.Bool("force") {
				replace = saved.Overwrite
			}
			l, err := search.SaveLabel(c.Context, name, examples, replace, time.Now())
			if err != nil {
				return err
			}
			if c.Bool("json") {
				p.PrintJSON(newLabelJSON(*l, l.Model))
				return nil
			}
			p.Printf("#%s is saved, of %s\n", l.Name, cmdline.Count(int64(len(l.Like)+len(l.Unlike)), "picture", "pictures"))
			return nil
		},
	}
}

// unlikeFlag names pictures that the answer is unlike.
func unlikeFlag(category string) cli.Flag {
	return &cli.StringSliceFlag{Name: "unlike", Usage: "`PICTURE` to be unlike, by id or path; repeatable", Category: category}
}
