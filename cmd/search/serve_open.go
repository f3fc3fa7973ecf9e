package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/server"
	"github.com/sightline/sightline/internal/thumbnail"
)

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

// reveal shows a file in the file manager of this user: itself, or the folder that it is in.
func reveal(file string) error {
	name, args := "xdg-open", []string{filepath.Dir(file)}
	switch runtime.GOOS {
	case "darwin":
		name, args = "open", []string{"-R", file}
	case "windows":
		name, args = "explorer", []string{"/select," + filepath.FromSlash(file)}
	}
	cmd := exec.Command(name, args...)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	go cmd.Wait() // what it says later nobody waits for
	return nil
}
