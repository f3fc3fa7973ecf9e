package e2e

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// servers are the processes that a script started, by the variable that has their address.
type servers map[string]*exec.Cmd

// serve VAR ARG... starts search serve ARG... and puts the address that it prints into VAR.
// serve -stop VAR ends it as systemd does, and wants the code 0.
func (s servers) serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: serve VAR ARG..., or serve -stop VAR")
	}
	if args[0] == "-stop" {
		cmd := s[args[1]]
		ts.Check(cmd.Process.Signal(syscall.SIGTERM))
		ts.Check(cmd.Wait())
		delete(s, args[1])
		return
	}
	cmd := exec.Command(filepath.Join(programs, "search"), append([]string{"serve"}, args[1:]...)...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"HOME", "PATH", "TZ", "XDG_RUNTIME_DIR"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	s[args[0]] = cmd
	ts.Defer(func() {
		if s[args[0]] == cmd {
			cmd.Process.Kill()
			cmd.Wait()
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	ts.Check(err)
	ts.Setenv(args[0], strings.TrimSuffix(strings.TrimSpace(line), "/"))
}

// ask METHOD ADDRESS PATH STATUS [PATTERN [BODY [HEADER...]]] sends a request, and holds the
// answer against a status and a pattern.
func askServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: ask METHOD ADDRESS PATH STATUS [PATTERN [BODY [HEADER...]]]")
	}
	args = append(args, make([]string, max(0, 6-len(args)))...)
	base, client := args[1], &http.Client{Timeout: time.Minute}
	if file, ok := strings.CutPrefix(base, "unix:"); ok {
		base = "http://localhost"
		client.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", file)
		}}
	}
	req, err := http.NewRequest(args[0], base+args[2], strings.NewReader(args[5]))
	ts.Check(err)
	if args[5] != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, h := range args[6:] {
		name, value, _ := strings.Cut(h, ": ")
		if req.Header.Set(name, value); name == "Host" {
			req.Host = value
		}
	}
	res, err := client.Do(req)
	ts.Check(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	ts.Check(err)
	if strconv.Itoa(res.StatusCode) != args[3] {
		ts.Fatalf("%s %s: status %d, want %s: %.500s", args[0], args[2], res.StatusCode, args[3], body)
	}
	if ok, err := regexp.Match(args[4], body); err != nil || !ok {
		ts.Fatalf("%s %s: %.1000s does not match %s (%v)", args[0], args[2], body, args[4], err)
	}
}
