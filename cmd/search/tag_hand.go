package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/terminal"
)

func tagAddCommand(p *cmdline.Program) *cli.Command {
	return handCommand(p, "add", "give pictures of the index tags by hand", `Such tags are a person's own: no run and no --undo touches them.

   search tag add beach.jpg sea "summer 2024"
   search tag add @3f1c9a52e8d04b7786a1c5e9f20b4d6e8a7c1b30 sea
   search '#sea' --paths -0 | xargs -0 sh -c 'search tag add "$@" sea' sh`,
		func(h *tagging.ByHand, tags []string) { h.Add = tags })
}

func tagRemoveCommand(p *cmdline.Program) *cli.Command {
	return handCommand(p, "remove", "take tags that were given by hand from pictures", `What files say of themselves, and what runs found, stays: see search tag --undo.

   search tag remove beach.jpg sea`,
		func(h *tagging.ByHand, tags []string) { h.Remove = tags })
}

// handCommand is a command that changes tags by hand, as set says.
func handCommand(p *cmdline.Program, name, usage, about string, set func(*tagging.ByHand, []string)) *cli.Command {
	return &cli.Command{
		Name:        name,
		Usage:       usage,
		ArgsUsage:   "PICTURE... TAG...",
		Description: "A picture is a path, or @ and its id; what follows the pictures are tags.\n" + about,
		Flags:       cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags()),
		Action: func(c *cli.Context) error {
			pictures, tags, err := query.SplitPictures(c.Args().Slice())
			if err != nil {
				return err
			}
			if len(pictures) == 0 || len(tags) == 0 {
				return fault.Usagef("for example: search tag "+name+" beach.jpg sea", "search tag %s takes pictures, and then tags", name)
			}
			var h tagging.ByHand
			set(&h, tags)
			return tagByHand(c, p, h, pictures, tags)
		},
	}
}

// handSummary says what was done: "sea, dog: added to 3 of 5 pictures".
func handSummary(h tagging.ByHand, tags []string, changed, pictures int) string {
	did := "added to"
	if len(h.Remove) > 0 {
		did = "removed from"
	}
	const most = 5
	named := strings.Join(tags[:min(len(tags), most)], ", ")
	if len(tags) > most {
		named += fmt.Sprintf(" and %d more", len(tags)-most)
	}
	return fmt.Sprintf("%s: %s %d of %s", terminal.Safe(named), did, changed, cmdline.Count(int64(pictures), "picture", "pictures"))
}

func tagByHand(c *cli.Context, p *cmdline.Program, h tagging.ByHand, pictures, tags []string) error {
	if err := label.CheckTags(tags); err != nil {
		return err
	}
	cfg, st, err := p.OpenAnyStore(c, store.ReadWrite)
	if err != nil {
		return err
	}
	defer st.Close()
	if h.Pictures, err = query.FindAll(c.Context, st, store.IDSpace(st, cfg.Collection), pictures); err != nil {
		return err
	}
	res, err := h.Apply(c.Context, st)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		p.PrintJSON(map[string]any{"pictures": res.Pictures, "changed": res.Changed, "remaining": res.Remaining, "tags": tags})
		return nil
	}
	p.Printf("%s\n", handSummary(h, tags, res.Changed, res.Pictures))
	if len(h.Remove) > 0 && res.Changed == 0 && res.Remaining == 0 {
		why, err := query.WhyNothing(c.Context, st, query.Conditions{Tags: h.Remove})
		if err != nil {
			return err
		}
		for _, w := range why {
			p.Notef("hint: %s", terminal.Safe(w))
		}
	}
	if res.Remaining > 0 {
		p.Notef("note: such a tag stays on %s, from a tagging run or from a file", cmdline.Count(int64(res.Remaining), "picture", "pictures"))
	}
	return nil
}
