package main

import (
	"io"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/server"
)

func mcpCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "mcp",
		Usage: "let an assistant look at the index, by the Model Context Protocol",
		Description: `Speaks the protocol over stdin and stdout, as assistants start their servers. They can
find pictures, look at them and classify them; with --allow-write they can tag them too.
Over HTTP it is spoken by search serve, as /mcp.

   search mcp
   {"mcpServers": {"photos": {"command": "search", "args": ["mcp"]}}}`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), []cli.Flag{
			&cli.StringFlag{Name: "log-level", Usage: "log messages of this kind and graver ones (`debug|info|warn|error`)", DefaultText: "warn"},
			&cli.BoolFlag{Name: "allow-write", Usage: "let tags be changed"},
		}),
		Action: func(c *cli.Context) error { return serveMCP(c, p) },
	}
}

func serveMCP(c *cli.Context, p *cmdline.Program) error {
	cfg, err := p.Config(c)
	if err != nil {
		return err
	}
	thumbnails, err := openThumbnails(p, cfg, "")
	if err != nil {
		return err
	}
	s, err := server.New(serverOptions(c, p, cfg, thumbnails))
	if err != nil {
		return err
	}
	defer s.Close()
	return s.ServeMCP(c.Context, io.NopCloser(p.Stdin), writer{p.Stdout})
}

// writer is stdout, which stays open.
type writer struct{ io.Writer }

// Close implements io.Closer.
func (writer) Close() error { return nil }
