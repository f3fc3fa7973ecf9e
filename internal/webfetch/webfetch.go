// Package webfetch fetches a file by an address that somebody typed, or that came with a
// request, without being led to what is not public: the machine itself, the network that
// it stands in, or the services that clouds offer their machines.
//
// The address that is connected to is what is checked, not the name, so that neither a
// redirect nor a name server that changes its mind gets past. No proxy is used, which
// would connect in our place. Answers are bounded in size and time; compressed ones are
// not asked for.
package webfetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// Errors that callers tell apart with errors.Is.
var (
	ErrAddress    = errors.New("the address cannot be fetched")
	ErrNotPublic  = errors.New("the address is not a public one")
	ErrTooLarge   = errors.New("the answer is too large")
	ErrNoAnswer   = errors.New("there was no answer")
	ErrBadAnswer  = errors.New("the server refused")
	errRedirected = errors.New("it was redirected too often")
)

// Options bound what is fetched. The zero value has the defaults.
type Options struct {
	MaxBytes  int64         // of an answer; 0 for 50 MB
	Timeout   time.Duration // of the whole; 0 for 30 s
	Redirects int           // at most; 0 for 5, negative for none
	// Allowed says which addresses may be connected to; nil for Public. The port is
	// the server's.
	Allowed func(netip.AddrPort) bool
}

const (
	defaultMaxBytes  = 50 << 20
	defaultTimeout   = 30 * time.Second
	defaultRedirects = 5
)

// Client fetches files. It is safe for concurrent use.
type Client struct {
	http     *http.Client
	maxBytes int64
	timeout  time.Duration
}

// New returns a Client.
func New(o Options) *Client {
	if o.MaxBytes <= 0 {
		o.MaxBytes = defaultMaxBytes
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Redirects == 0 {
		o.Redirects = defaultRedirects
	}
	if o.Allowed == nil {
		o.Allowed = func(a netip.AddrPort) bool { return Public(a.Addr()) }
	}
	dialer := &net.Dialer{
		Timeout: o.Timeout,
		// Called with the address that a name was resolved to, before the connection.
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			a, err := netip.ParseAddrPort(address)
			if err != nil || !o.Allowed(a) {
				return fmt.Errorf("%w: %s", ErrNotPublic, address)
			}
			return nil
		},
	}
	return &Client{
		maxBytes: o.MaxBytes,
		timeout:  o.Timeout,
		http: &http.Client{
			Transport: &http.Transport{
				DialContext:            dialer.DialContext,
				DisableCompression:     true,
				DisableKeepAlives:      true,
				TLSHandshakeTimeout:    o.Timeout,
				MaxResponseHeaderBytes: 64 << 10,
			},
			CheckRedirect: func(r *http.Request, via []*http.Request) error {
				if len(via) > o.Redirects {
					return errRedirected
				}
				if via[len(via)-1].URL.Scheme == "https" && r.URL.Scheme != "https" {
					return fmt.Errorf("%w: it was redirected from https to %s", ErrAddress, r.URL.Scheme)
				}
				return check(r.URL)
			},
		},
	}
}

// File is what was fetched.
type File struct {
	Data []byte
	URL  string // where it came from, after redirects
	Type string // the media type that the server gave, "" for none
}

// Is reports whether a text looks like an address that Get takes: http or https, and no
// white space.
func Is(text string) bool {
	lower := strings.ToLower(text)
	return (strings.HasPrefix(lower, "https://") || strings.HasPrefix(lower, "http://")) && !strings.ContainsAny(text, " \t\r\n")
}

// Get fetches a file.
func (c *Client) Get(ctx context.Context, address string) (File, error) {
	u, err := url.Parse(address)
	if err != nil {
		return File{}, fmt.Errorf("%w: %q is not written as addresses are", ErrAddress, address)
	}
	if err := check(u); err != nil {
		return File{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return File{}, fmt.Errorf("%w: %q is not written as addresses are", ErrAddress, address)
	}
	r.Header.Set("User-Agent", "sightline (fetches one picture that a person asked for)")
	r.Header.Set("Accept", "image/*")
	answer, err := c.http.Do(r)
	if err != nil {
		return File{}, c.explain(ctx, u, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return File{}, fmt.Errorf("%w: %s answered %d %s", ErrBadAnswer, u.Host, answer.StatusCode, http.StatusText(answer.StatusCode))
	}
	if answer.ContentLength > c.maxBytes {
		return File{}, fmt.Errorf("%w: %d bytes, at most %d are fetched", ErrTooLarge, answer.ContentLength, c.maxBytes)
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, c.maxBytes+1))
	if err != nil {
		return File{}, c.explain(ctx, u, err)
	}
	if int64(len(data)) > c.maxBytes {
		return File{}, fmt.Errorf("%w: at most %d bytes are fetched", ErrTooLarge, c.maxBytes)
	}
	return File{Data: data, URL: answer.Request.URL.Redacted(), Type: answer.Header.Get("Content-Type")}, nil
}

// check refuses addresses of other kinds, and those that carry a name and a password.
func check(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%w: %q is neither http nor https", ErrAddress, u.Scheme)
	case u.User != nil:
		return fmt.Errorf("%w: it holds a user's name", ErrAddress)
	case u.Hostname() == "":
		return fmt.Errorf("%w: it names no server", ErrAddress)
	}
	return nil
}

// explain puts what went wrong into one sentence, without the address that url.Error
// repeats.
func (c *Client) explain(ctx context.Context, u *url.URL, err error) error {
	var inner *url.Error
	if errors.As(err, &inner) {
		err = inner.Err
	}
	var dns *net.DNSError
	switch {
	case errors.Is(err, ErrNotPublic), errors.Is(err, ErrAddress):
		return fmt.Errorf("%s: %w", u.Host, plain(err))
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("%w: %s took longer than %s", ErrNoAnswer, u.Host, c.timeout)
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &dns):
		return fmt.Errorf("%w: no server is called %s", ErrNoAnswer, u.Hostname())
	}
	return fmt.Errorf("%w: %s: %w", ErrNoAnswer, u.Host, err)
}

// plain takes an error of ours out of what the dialer wraps around it.
func plain(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil || inner == ErrNotPublic || inner == ErrAddress {
			return err
		}
		err = inner
	}
}
