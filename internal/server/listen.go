package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/fault"
)

// Listener is where a server listens.
type Listener struct {
	net.Listener
	Unix     bool // a socket in the file system
	Private  bool // one that only the user of this process can use: who comes may do all
	Loopback bool // it is reached from this machine alone
}

// unixPrefix marks the path of a socket in an address.
const unixPrefix = "unix:"

// Listen opens an address: HOST:PORT, or unix:PATH for a socket that only its owner may
// use. A socket that a dead process left behind is replaced.
func Listen(ctx context.Context, address string) (*Listener, error) {
	if file, ok := strings.CutPrefix(address, unixPrefix); ok {
		return listenUnix(ctx, file)
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fault.Usagef("for example: --listen 127.0.0.1:8080, or --listen unix:/run/user/1000/sightline.sock", "cannot listen on %s: %s", address, err)
	}
	return newListener(l), nil
}

func newListener(l net.Listener) *Listener {
	switch a := l.Addr().(type) {
	case *net.UnixAddr:
		return &Listener{Listener: l, Unix: true, Loopback: true}
	case *net.TCPAddr:
		ip, _ := netip.AddrFromSlice(a.IP)
		return &Listener{Listener: l, Loopback: ip.Unmap().IsLoopback()}
	}
	return &Listener{Listener: l}
}

func listenUnix(ctx context.Context, file string) (*Listener, error) {
	if file == "" {
		return nil, fault.Usagef("for example: --listen unix:/run/user/1000/sightline.sock", "the path of the socket is empty")
	}
	if info, err := os.Lstat(file); err == nil {
		if info.Mode()&fs.ModeSocket == 0 {
			return nil, fault.Usagef("name another path", "%s is there, and is no socket", file)
		}
		if c, err := net.DialTimeout("unix", file, time.Second); err == nil {
			c.Close()
			return nil, fault.Fatalf("stop it first, or name another path", "another server listens on %s", file)
		}
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "unix", file)
	if err != nil {
		return nil, fault.Usagef("the path of a socket has at most some 100 bytes, and its folder must be there", "cannot listen on %s: %s", file, err)
	}
	if err := os.Chmod(file, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	own := newListener(l)
	own.Private = true
	return own, nil
}

// firstPassed is the number of the first socket that systemd passes: SD_LISTEN_FDS_START.
const firstPassed = 3

// Passed returns the socket that systemd passed to this process, nil for none.
func Passed(getenv func(string) string) (*Listener, error) {
	if pid, err := strconv.Atoi(getenv("LISTEN_PID")); err != nil || pid != os.Getpid() {
		return nil, nil
	}
	n, err := strconv.Atoi(getenv("LISTEN_FDS"))
	if err != nil || n < 1 {
		return nil, nil
	}
	if n > 1 {
		return nil, fault.Usagef("the unit of the socket may have one ListenStream", "systemd passed %d sockets", n)
	}
	f := os.NewFile(firstPassed, "systemd")
	defer f.Close()
	l, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("the socket that systemd passed: %w", err)
	}
	return newListener(l), nil
}

const (
	headerTime = 10 * time.Second
	bodyTime   = 2 * time.Minute
	answerTime = 3 * time.Minute
	idleTime   = 2 * time.Minute
	// stopTime is what requests at work have to end when the server stops.
	stopTime = 10 * time.Second
)

// Serve answers requests on a listener until ctx ends. Requests at work then have a moment
// to end. A TLS configuration that is not nil makes it HTTPS.
func (s *Server) Serve(ctx context.Context, l *Listener, secure *tls.Config) error {
	h := &http.Server{
		Handler: s, ReadHeaderTimeout: headerTime, ReadTimeout: bodyTime, WriteTimeout: answerTime, IdleTimeout: idleTime,
		MaxHeaderBytes: 256 << 10, TLSConfig: secure, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelInfo),
	}
	if l.Private {
		h.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
			return context.WithValue(ctx, privateKey{}, true)
		}
	}
	done := make(chan error, 1)
	go func() {
		if secure != nil {
			done <- h.ServeTLS(l, "", "")
			return
		}
		done <- h.Serve(l)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	s.Stop()
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if err := h.Shutdown(late); err != nil {
		h.Close()
	}
	<-done // http.ErrServerClosed
	return nil
}
