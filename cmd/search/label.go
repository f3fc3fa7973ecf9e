package main

import (
	"errors"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/query/saved"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
)

func labelCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "label",
		Usage: "save a label made of pictures, to search for as #NAME",
		Subcommands: []*cli.Command{
			labelSaveCommand(p), labelListCommand(p), labelShowCommand(p), labelRemoveCommand(p),
		},
	}
}

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

// labelJSON is a saved label for scripts.
type labelJSON struct {
	Name    string    `json:"name"`
	Usable  bool      `json:"usable"` // it was made with the model of the index
	Model   string    `json:"model"`
	Like    []string  `json:"like"`
	Unlike  []string  `json:"unlike"`
	Created time.Time `json:"created"`
	Vector  []float32 `json:"vector,omitempty"` // of show alone
}

func newLabelJSON(l saved.Label, index store.Model) labelJSON {
	_, err := l.VectorFor(index)
	return labelJSON{
		Name: l.Name, Usable: err == nil, Model: l.Model.Label(), Created: l.Created,
		Like: append([]string{}, l.Like...), Unlike: append([]string{}, l.Unlike...), // scripts want [], not null
	}
}

// openLabels opens the saved labels of a command's index, which must be closed after
// them.
func openLabels(c *cli.Context, p *cmdline.Program) (*saved.Labels, store.Store, error) {
	cfg, st, err := p.OpenAnyStore(c, store.ReadOnly)
	if err != nil {
		return nil, nil, err
	}
	labels, err := app.Labels(c.Context, cfg, st)
	if err != nil {
		return nil, nil, errors.Join(err, st.Close())
	}
	return labels, st, nil
}

func labelListCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "list",
		Usage: "list the saved labels of an index",
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags()),
		Action: func(c *cli.Context) error {
			labels, st, err := openLabels(c, p)
			if err != nil {
				return err
			}
			defer st.Close()
			model := st.Model()
			list, failed := labels.List(c.Context)
			for _, err := range failed {
				p.Notef("warning: %s", terminal.Safe(err.Error()))
			}
			if c.Bool("json") {
				for _, l := range list {
					p.PrintJSON(newLabelJSON(l, model))
				}
				return nil
			}
			if len(list) == 0 {
				p.Notef("no labels are saved (search label save --help)")
				return nil
			}
			var out strings.Builder
			t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
			write := func(cells ...string) { t.Write([]byte(strings.Join(cells, "\t") + "\n")) } // a Builder takes all
			write("LABEL", "LIKE", "UNLIKE", "CREATED", "MODEL")
			for _, l := range list {
				remark := terminal.Safe(l.Model.Label())
				if !newLabelJSON(l, model).Usable {
					remark += "  (another model than the index: save it again)"
				}
				write("#"+l.Name, strconv.Itoa(len(l.Like)), strconv.Itoa(len(l.Unlike)), l.Created.Local().Format("2006-01-02"), remark)
			}
			t.Flush()
			p.Printf("%s", out.String())
			return nil
		},
	}
}

func labelShowCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:        "show",
		Usage:       "show what a saved label was made of",
		ArgsUsage:   "NAME",
		Description: `With --json it is all of the label, its embedding too.`,
		Flags:       cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags()),
		Action: func(c *cli.Context) error {
			name, err := labelName(c)
			if err != nil {
				return err
			}
			labels, st, err := openLabels(c, p)
			if err != nil {
				return err
			}
			defer st.Close()
			model := st.Model()
			l, err := labels.Load(c.Context, name)
			if err != nil {
				return err
			}
			j := newLabelJSON(*l, model)
			if c.Bool("json") {
				j.Vector = l.Vector
				p.PrintJSON(j)
				return nil
			}
			p.Printf("#%s\ncreated  %s\nmodel    %s\n", l.Name, l.Created.Local().Format("2006-01-02 15:04"), terminal.Safe(j.Model))
			for _, name := range l.Like {
				p.Printf("like     %s\n", terminal.Safe(name))
			}
			for _, name := range l.Unlike {
				p.Printf("unlike   %s\n", terminal.Safe(name))
			}
			if !j.Usable {
				p.Notef("note: the index has another model, %s: save the label again to use it", terminal.Safe(model.Label()))
			}
			return nil
		},
	}
}

func labelRemoveCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "remove",
		Usage:     "remove a saved label",
		ArgsUsage: "NAME",
		Flags:     cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags()),
		Action: func(c *cli.Context) error {
			name, err := labelName(c)
			if err != nil {
				return err
			}
			labels, st, err := openLabels(c, p)
			if err != nil {
				return err
			}
			defer st.Close()
			return labels.Remove(c.Context, name)
		},
	}
}

// labelName is the one argument of a command.
func labelName(c *cli.Context) (string, error) {
	if c.NArg() != 1 {
		return "", fault.Usagef("search label list shows what is there", "search label %s takes one name", c.Command.Name)
	}
	return strings.TrimPrefix(c.Args().First(), "#"), nil
}

// unlikeFlag names pictures that the answer is unlike.
func unlikeFlag(category string) cli.Flag {
	return &cli.StringSliceFlag{Name: "unlike", Usage: "`PICTURE` to be unlike, by id or path; repeatable", Category: category}
}
