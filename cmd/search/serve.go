package main

import (
	"net/url"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/server"
	"github.com/sightline/sightline/internal/server/gallery"
	"github.com/sightline/sightline/internal/terminal"
)

func serveCommand(p *cmdline.Program) *cli.Command {
	const who, what = "Who may come in", "What they may do"
	return &cli.Command{
		Name:  "serve",
		Usage: "show the index in a browser, and answer programs over HTTP",
		Description: `Listens on this machine alone, unless told otherwise; any other address needs a token.
What the API has is in docs/api.md and, where the server runs, in /openapi.json.

   search serve --open
   search serve --allow-write                     pictures can be tagged
   search serve --listen unix:/run/user/1000/sightline.sock
   search serve --listen :8443 --token-file t --tls-cert c.pem --tls-key k.pem

A file of tokens has one a line: the role, read or write, and the token.`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags(), []cli.Flag{
			&cli.StringFlag{Name: "listen", Usage: "listen on `ADDRESS`: HOST:PORT or unix:PATH", Value: "127.0.0.1:8080", Category: who},
			&cli.BoolFlag{Name: "open", Usage: "open the page in the browser", Category: who},
			&cli.StringFlag{Name: "token", Usage: "let in who knows `TOKEN`, with the role write; new for a fresh one", Category: who},
			&cli.StringFlag{Name: "token-file", Usage: "let in who knows a token of `FILE`", Category: who},
			&cli.StringSliceFlag{Name: "allow-host", Usage: "answer to `NAME` as well, such as that of a proxy; repeatable", Category: who},
			&cli.StringFlag{Name: "tls-cert", Usage: "serve HTTPS with the certificate in `FILE`", Category: who},
			&cli.StringFlag{Name: "tls-key", Usage: "and the key in `FILE`", Category: who},
			&cli.BoolFlag{Name: "behind-tls", Usage: "browsers reach the server by HTTPS, through a proxy", Category: who},
			&cli.BoolFlag{Name: "allow-write", Usage: "let tags, labels and runs be changed", Category: what},
			&cli.BoolFlag{Name: "allow-index", Usage: "let index runs be started", Category: what},
			&cli.BoolFlag{Name: "allow-remote", Usage: "let pictures on the web be searched by", Category: what},
			&cli.BoolFlag{Name: "allow-reveal", Usage: "let the page, on this machine, open a picture's folder in the file manager", Category: what},
			&cli.StringFlag{Name: "thumbnail-cache", Usage: "keep up to `SIZE` of thumbnails, such as 500MB", DefaultText: "2GiB", Category: what},
			&cli.IntFlag{Name: "concurrent", Usage: "work on up to `N` requests at once", Value: 64, Category: what},
		}),
		Action: func(c *cli.Context) error { return serve(c, p) },
	}
}

func serve(c *cli.Context, p *cmdline.Program) error {
	cfg, err := p.Config(c)
	if err != nil {
		return err
	}
	secure, err := tlsOf(c)
	if err != nil {
		return err
	}
	tokens, fresh, err := tokensOf(c)
	if err != nil {
		return err
	}
	thumbnails, err := openThumbnails(p, cfg, c.String("thumbnail-cache"))
	if err != nil {
		return err
	}
	l, err := server.Passed(p.Getenv)
	if err == nil && l == nil {
		l, err = server.Listen(c.Context, c.String("listen"))
	}
	if err != nil {
		return err
	}
	defer l.Close()
	if !l.Loopback && len(tokens) == 0 {
		return fault.Usagef("give --token-file FILE, or --token new for a fresh one", "%s is reached from other machines, and there is no token", l.Addr())
	}
	o := serverOptions(c, p, cfg, thumbnails)
	if o.Page, err = gallery.Handler(); err != nil {
		return err
	}
	o.Guard = server.GuardOptions{
		Tokens: tokens, Hosts: c.StringSlice("allow-host"), AnyHost: l.Unix, Secure: secure != nil || c.Bool("behind-tls"),
	}
	o.AllowIndex, o.RemotePictures, o.Concurrent = c.Bool("allow-index"), c.Bool("allow-remote"), c.Int("concurrent")
	if c.Bool("allow-reveal") {
		o.Reveal = reveal
	}
	s, err := server.New(o)
	if err != nil {
		return fault.Usagef("", "%s", err)
	}
	defer s.Close()
	stop, err := serveCommandLine(c, p, cfg, s, l)
	if err != nil {
		return err
	}
	defer stop()
	go func() {
		if err := s.Warm(c.Context); err != nil && c.Context.Err() == nil {
			p.Notef("note: %s; the server waits for it", terminal.Safe(fault.Words(err)))
			if _, hint := app.Explain(err); hint != "" {
				p.Notef("hint: %s", terminal.Safe(hint))
			}
		}
	}()
	address := addressOf(l, secure != nil)
	p.Printf("%s\n", address)
	if fresh != "" {
		p.Notef("the token is %s", fresh)
	}
	if c.Bool("open") && !l.Unix {
		if fresh != "" {
			address += "#token=" + url.QueryEscape(fresh) // which no server is told
		}
		if err := openBrowser(address); err != nil {
			p.Notef("note: no browser could be opened: %s", terminal.Safe(fault.Words(err)))
		}
	}
	return s.Serve(c.Context, l, secure)
}
