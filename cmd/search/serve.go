package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/server"
	"github.com/sightline/sightline/internal/server/gallery"
	"github.com/sightline/sightline/internal/terminal"
	"github.com/sightline/sightline/internal/thumbnail"
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
   search serve --listen 0.0.0.0:8443 --token-file tokens --tls-cert c.pem --tls-key k.pem

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
			p.Notef("note: %s; the server waits for it", terminal.Safe(err.Error()))
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
			p.Notef("note: no browser could be opened: %s", terminal.Safe(err.Error()))
		}
	}
	return s.Serve(c.Context, l, secure)
}

// serveCommandLine listens for the command line of this user as well, which finds the
// server by the index. Another server of the index keeps the place that it has. stop ends
// it and waits.
func serveCommandLine(c *cli.Context, p *cmdline.Program, cfg config.Config, s *server.Server, main *server.Listener) (stop func(), err error) {
	path := server.SocketPath(p.Getenv, cfg)
	if path == "" || main.Private && main.Addr().String() == path {
		return func() {}, nil
	}
	l, err := server.ListenLocal(c.Context, path)
	if err != nil {
		p.Log.Info("the command line does not use this server", "reason", err)
		return func() {}, nil
	}
	ctx, cancel := context.WithCancel(c.Context)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.Serve(ctx, l, nil); err != nil && ctx.Err() == nil {
			p.Log.Warn("the command line does not use this server any more", "reason", err)
		}
	}()
	return func() { cancel(); <-done }, nil
}

// serverOptions are what all servers of an index have in common.
func serverOptions(c *cli.Context, p *cmdline.Program, cfg config.Config, thumbnails *thumbnail.Cache) server.Options {
	return server.Options{
		Opener: server.NewOpener(&p.Env, cfg), Version: cmdline.Version, AllowWrite: c.Bool("allow-write"),
		Thumbnails: thumbnails, Limits: app.Limits(cfg), Log: p.Log,
	}
}

// addressOf is what a browser, or curl with --unix-socket, is given.
func addressOf(l *server.Listener, secure bool) string {
	switch {
	case l.Unix:
		return "unix:" + l.Addr().String()
	case secure:
		return "https://" + l.Addr().String() + "/"
	}
	return "http://" + l.Addr().String() + "/"
}

func tlsOf(c *cli.Context) (*tls.Config, error) {
	cert, key := c.String("tls-cert"), c.String("tls-key")
	if cert == "" && key == "" {
		return nil, nil
	}
	if cert == "" || key == "" {
		return nil, fault.Usagef("", "--tls-cert and --tls-key go together")
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fault.Usagef("both are PEM files", "the certificate cannot be used: %s", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// tokensOf are the tokens that let in, and the one that was made for the occasion.
func tokensOf(c *cli.Context) (tokens []server.Token, fresh string, err error) {
	if token := c.String("token"); token != "" {
		if token == "new" {
			token = rand.Text()
			fresh = token
		}
		tokens = append(tokens, server.Token{Secret: token, Role: server.RoleWrite})
	}
	file := c.String("token-file")
	if file == "" {
		return tokens, fresh, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, "", fault.Usagef("", "the file of tokens: %s", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) != 2 {
			return nil, "", fault.Usagef("a line is a role and a token: read 0123456789abcdef", "%s:%d: the line has %d words", file, n, len(fields))
		}
		role, err := server.ParseRole(fields[0])
		if err != nil {
			return nil, "", fault.Usagef("a line is a role and a token: read 0123456789abcdef", "%s:%d: %s", file, n, err)
		}
		tokens = append(tokens, server.Token{Secret: fields[1], Role: role})
	}
	if err := lines.Err(); err != nil {
		return nil, "", err
	}
	if len(tokens) == 0 {
		return nil, "", fault.Usagef("a line is a role and a token: read 0123456789abcdef", "%s has no token", file)
	}
	return tokens, fresh, nil
}

// openThumbnails opens the thumbnails that are kept, up to a size that a person typed.
func openThumbnails(p *cmdline.Program, cfg config.Config, size string) (*thumbnail.Cache, error) {
	if size == "" {
		return p.Thumbnails(cfg, 0)
	}
	n, err := humanize.ParseBytes(size)
	if err != nil || n == 0 || n > 1<<50 {
		return nil, fault.Usagef("for example: --thumbnail-cache 500MB", "--thumbnail-cache is %q", size)
	}
	return p.Thumbnails(cfg, int64(n))
}

// openBrowser opens an address in the browser of this user.
func openBrowser(address string) error {
	name, args := "xdg-open", []string{address}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", address}
	}
	if err := exec.Command(name, args...).Start(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
