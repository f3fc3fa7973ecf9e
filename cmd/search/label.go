package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/query/saved"
	"github.com/sightline/sightline/internal/spelling"
	"github.com/sightline/sightline/internal/store"
)

func labelCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "label",
		Usage: "save a label made of pictures, to search for as #NAME",
		Subcommands: []*cli.Command{
			labelSaveCommand(p), labelListCommand(p), labelShowCommand(p), labelRefreshCommand(p), labelRemoveCommand(p),
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

// meantLabel adds to the error of an unknown label which one may have been meant.
func meantLabel(ctx context.Context, labels *saved.Labels, name string, err error) error {
	if !errors.Is(err, saved.ErrUnknown) {
		return err
	}
	list, _ := labels.List(ctx) // one that cannot be read was not meant
	names := make([]string, len(list))
	for i := range list {
		names[i] = "#" + list[i].Name
	}
	if near := spelling.Nearest("#"+name, names); len(near) > 0 {
		return fault.Usagef("did you mean "+spelling.Or(near)+"? search label list shows what is there", "%w", err)
	}
	return err
}

// labelName is the one argument of a command.
func labelName(c *cli.Context) (string, error) {
	if c.NArg() != 1 {
		return "", fault.Usagef("search label list shows what is there", "search label %s takes one name", c.Command.Name)
	}
	return strings.TrimPrefix(c.Args().First(), "#"), nil
}
