package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/query"
)

// The command line hands its questions to a server of the same index that runs on the same
// machine, whose model and codes are in memory. They talk over a socket that only its
// owner may use. A question goes as JSON; the answer comes as gob, which keeps every byte of
// a path and every bit of a score, so that what is printed is the same. Both must be of one
// version.

// Ask is a question of the command line: a text or a line, or a list where List is set.
// Paths in it are absolute.
type Ask struct {
	Version   string
	Line      string
	Literal   bool
	List      bool
	FileDates bool
	Filters   query.Filters
	Tags      []string // that a list asks for beside its line's
	K, Offset int
	MinScore  float32
	Cutoff    query.Cutoff
	Unfolded  bool
	Explain   bool
	Pair      bool
}

// Asked is the answer to an Ask.
type Asked struct {
	Answer  query.Answer
	Remarks []string
	Notice  string
}

// askPath is where the command line asks. It is not in the document: only a command line
// of the same version can use it.
const askPath = Prefix + "/ask"

// serveAsk answers the command line.
func (s *Server) serveAsk(w http.ResponseWriter, r *http.Request) {
	var in Ask
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&in); err != nil {
		writeProblem(w, newProblem(http.StatusBadRequest, "usage", "the question cannot be read", ""))
		return
	}
	if in.Version != s.options.Version {
		writeProblem(w, newProblem(http.StatusPreconditionFailed, kindForbidden, "the server is of version "+s.options.Version+", and the command of "+in.Version, "restart the server"))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), requestTime)
	defer cancel()
	out, err := s.ask(ctx, in)
	if err != nil {
		writeProblem(w, problemOf(err))
		return
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(out); err != nil {
		writeProblem(w, problemOf(err))
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Write(b.Bytes()) // who has gone away needs no answer
}

func (s *Server) ask(ctx context.Context, in Ask) (Asked, error) {
	x, release, err := s.source.acquire(ctx)
	if err != nil {
		return Asked{}, err
	}
	defer release()
	if in.K < 1 || in.Offset < 0 || in.K > deepest || in.Offset > deepest-in.K {
		return Asked{}, newProblem(http.StatusBadRequest, "usage", "the list is too long for a server", "")
	}
	filter, err := in.Filters.Compile()
	if err != nil {
		return Asked{}, fault.Usagef("", "%s", err)
	}
	p := query.Params{
		K: in.K, Offset: in.Offset, MinScore: in.MinScore, Filter: filter, Cutoff: in.Cutoff, Unfolded: in.Unfolded, Explain: in.Explain, Pair: in.Pair,
	}
	out := Asked{Notice: x.Notice}
	if in.Literal {
		if out.Answer, err = x.Service.Ask(ctx, query.Text(in.Line), p); err == nil {
			out.Remarks, err = x.Service.Remarks(query.Text(in.Line))
		}
		return out, err
	}
	line, err := query.ParseLine(in.Line, x.reading(ctx, in.FileDates))
	if err != nil {
		return Asked{}, err
	}
	if in.List {
		out.Answer, err = line.List(ctx, x.Store, in.Tags, p)
		out.Notice = ""
		return out, err
	}
	if out.Answer, err = x.Service.Ask(ctx, line, p); err == nil {
		out.Remarks, err = x.Service.Remarks(line)
	}
	return out, err
}

// SocketPath is where a server of the index that the settings name listens for the command
// line of the same user, and "" where there is no place for it.
func SocketPath(getenv func(string) string, cfg config.Config) string {
	dir := getenv("XDG_RUNTIME_DIR")
	if dir == "" {
		if dir = config.DefaultCache(getenv); dir == "" {
			return ""
		}
	}
	db, err := filepath.Abs(cfg.DB)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q", cfg.Store, db, cfg.Milvus.Address, cfg.Collection))
	path := filepath.Join(dir, "sightline", hex.EncodeToString(sum[:8])+".sock")
	if len(path) > maxSocketPath {
		return ""
	}
	return path
}

// maxSocketPath is what every system has room for.
const maxSocketPath = 100

// ListenLocal listens where SocketPath says.
func ListenLocal(ctx context.Context, path string) (*Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return listenUnix(ctx, path)
}

// ErrNoServer says that no server of this version answers.
var ErrNoServer = errors.New("no server answers")

// Client asks a server for the command line.
type Client struct {
	base, token string
	http        *http.Client
}

// dialTime is what the command line waits for a server of this machine.
const dialTime = 200 * time.Millisecond

// NewClient returns a client of an address: http://HOST:PORT, https://HOST or unix:PATH. The
// token may be "".
func NewClient(address, token string) *Client {
	c := &Client{base: strings.TrimSuffix(address, "/"), token: token, http: &http.Client{Timeout: 2 * requestTime}}
	if file, ok := strings.CutPrefix(address, unixPrefix); ok {
		c.base = "http://localhost"
		c.http.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: dialTime}).DialContext(ctx, "unix", file)
		}}
	}
	return c
}

// Ask asks a question. The error is ErrNoServer where nobody answers who can, else what the
// question came to, with its kind, its hint and its place in the line.
func (c *Client) Ask(ctx context.Context, in Ask) (Asked, error) {
	data, err := json.Marshal(in)
	if err != nil {
		return Asked{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+askPath, bytes.NewReader(data))
	if err != nil {
		return Asked{}, fmt.Errorf("%w: %w", ErrNoServer, err)
	}
	req.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return Asked{}, ctx.Err()
		}
		return Asked{}, fmt.Errorf("%w: %w", ErrNoServer, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return Asked{}, remoteError(res, in.Line)
	}
	var out Asked
	if err := gob.NewDecoder(res.Body).Decode(&out); err != nil {
		return Asked{}, fmt.Errorf("%w: %w", ErrNoServer, err)
	}
	return out, nil
}

// remoteError is a problem as the error that the command line would have had itself.
func remoteError(res *http.Response, line string) error {
	var p Problem
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil || json.Unmarshal(body, &p) != nil || p.Detail == "" {
		return fmt.Errorf("%w: it says %s", ErrNoServer, res.Status)
	}
	switch p.Kind {
	case kindForbidden, kindUnauthorized, kindBusy, kindMissing:
		return &fault.Error{Err: fmt.Errorf("%w: %s", ErrNoServer, p.Detail), Advice: p.Hint, Kind: fault.Fatal}
	}
	e := &fault.Error{Err: errors.New(p.Detail), Advice: p.Hint, Kind: fault.Fatal}
	for kind, name := range kindNames {
		if name == p.Kind && kind != fault.Unknown {
			e.Kind = kind
		}
	}
	if p.Column > 0 {
		return &query.LineError{Line: line, Column: p.Column, Err: e}
	}
	return e
}
