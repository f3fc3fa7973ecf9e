package hub

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/sightline/sightline/internal/fault"
)

// Options says how to reach the hub. The zero value reaches the public hub
// without a token.
type Options struct {
	Endpoint string       // DefaultEndpoint when empty; a mirror's address otherwise
	Token    string       // sent to the endpoint's own host only, and never printed
	Offline  bool         // refuse every request
	HTTP     *http.Client // its transport, jar and timeout are used; redirects are our own
	Log      *slog.Logger // silent when nil
	Retry    Retry
	// Stall is how long a request may go without a single byte before it is
	// given up and tried again. 30 s when zero.
	Stall time.Duration
	// LockWait is how long Fetch waits for another process that is fetching the
	// same bundle. When zero it waits until the context ends.
	LockWait time.Duration
}

// OptionsFromEnv reads HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE, which the hub's
// own tools use too, through getenv (os.Getenv outside tests). Where HF_HUB_OFFLINE
// says anything but 0, no, off or false, the network is left alone.
func OptionsFromEnv(getenv func(string) string) Options {
	offline := !slices.Contains([]string{"", "0", "no", "off", "false"}, strings.ToLower(strings.TrimSpace(getenv("HF_HUB_OFFLINE"))))
	return Options{
		Endpoint: strings.TrimSpace(getenv("HF_ENDPOINT")),
		Token:    strings.TrimSpace(getenv("HF_TOKEN")),
		Offline:  offline,
	}
}

// Client fetches from one hub. It is safe for concurrent use.
type Client struct {
	endpoint *url.URL
	token    string
	offline  bool
	http     *http.Client
	log      *slog.Logger
	retry    Retry
	stall    time.Duration
	lockWait time.Duration

	// Replaced by tests.
	sleep  func(context.Context, time.Duration) error
	jitter func() float64
	now    func() time.Time
	free   func(dir string) (bytes uint64, known bool)
}

// New makes a client. It makes no request.
func New(o Options) (*Client, error) {
	if o.Endpoint == "" {
		o.Endpoint = DefaultEndpoint
	}
	u, err := url.Parse(strings.TrimRight(o.Endpoint, "/"))
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		// The address may hold a password: it is not repeated here.
		return nil, fault.Advise("HF_ENDPOINT is an address such as "+DefaultEndpoint, "the hub's address is not a web address")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Stall <= 0 {
		o.Stall = 30 * time.Second
	}
	c := &Client{
		endpoint: u, token: o.Token, offline: o.Offline, log: o.Log,
		retry: o.Retry.orDefaults(), stall: o.Stall, lockWait: o.LockWait,
		sleep: sleep, jitter: rand.Float64, now: time.Now, free: freeSpace,
	}
	var base http.Client
	if o.HTTP != nil {
		base = *o.HTTP
	}
	base.CheckRedirect = checkRedirect
	base.Transport = &authTransport{base: base.Transport, origin: u, token: o.Token}
	c.http = &base
	return c, nil
}

// Host is the hub's host, for messages.
func (c *Client) Host() string { return c.endpoint.Host }

// authTransport adds the token to requests for the hub itself. Redirects lead to
// a content network on other hosts; because the header is added here and is not
// part of the request, net/http has nothing to copy there. (Its own rule would
// let subdomains and other ports of the same host have it.)
type authTransport struct {
	base   http.RoundTripper
	origin *url.URL
	token  string
}

func (t *authTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	base := t.base
	if base == nil {
		base = http.DefaultTransport
	}
	if t.token != "" && sameOrigin(r.URL, t.origin) {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+t.token)
	}
	return base.RoundTrip(r)
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host)
}

var errRedirect = errors.New("refused to follow the redirect")

func checkRedirect(r *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return fmt.Errorf("%w: ten of them in a row", errRedirect)
	}
	if via[len(via)-1].URL.Scheme == "https" && r.URL.Scheme != "https" {
		return fmt.Errorf("%w: from https to %s at %s", errRedirect, r.URL.Scheme, r.URL.Host)
	}
	// The address of a private model is nobody else's business.
	r.Header.Del("Referer")
	return nil
}

var errStalled = errors.New("the transfer stalled")

// open makes one GET request. The body that it returns gives errStalled when no
// byte comes for c.stall, or fewer than minRate each second, and must be closed. The caller looks at the status.
func (c *Client) open(ctx context.Context, u *url.URL, header http.Header) (*http.Response, error) {
	if c.offline {
		return nil, fault.Advise("unset HF_HUB_OFFLINE to fetch models", "%w", ErrOffline)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(c.stall, func() { cancel(errStalled) })
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		timer.Stop()
		cancel(nil)
		return nil, fmt.Errorf("make a request for %s: %w", u.Path, err)
	}
	req.Header = header.Clone()
	if req.Header == nil {
		req.Header = http.Header{}
	}
	req.Header.Set("User-Agent", "sightline")
	c.log.Debug("request", "host", u.Host, "path", u.Path, "range", header.Get("Range"))
	resp, err := c.http.Do(req)
	timer.Stop()
	if err != nil {
		defer cancel(nil)
		return nil, networkError(ctx, err)
	}
	resp.Body = &stallBody{body: resp.Body, ctx: ctx, cancel: cancel, timer: timer, stall: c.stall}
	return resp, nil
}

// minRate is how many bytes must come each second, on average over the time that a transfer
// may stall: less is a server that keeps the line busy, not a slow line.
const minRate = 1 << 10

// stallBody is a response's body that gives up when it stalls, or trickles.
type stallBody struct {
	body   io.ReadCloser
	ctx    context.Context // of this one request; ends with Close
	cancel context.CancelCauseFunc
	timer  *time.Timer
	stall  time.Duration

	waited time.Duration // in reads, since the rate was last looked at
	came   int64         // bytes meanwhile
}

func (b *stallBody) Read(p []byte) (int, error) {
	b.timer.Reset(b.stall)
	begun := time.Now()
	n, err := b.body.Read(p)
	b.timer.Stop()
	b.waited, b.came = b.waited+time.Since(begun), b.came+int64(n)
	if b.waited >= b.stall {
		if err == nil && float64(b.came) < minRate*b.waited.Seconds() {
			return n, &transientError{err: errStalled}
		}
		b.waited, b.came = 0, 0
	}
	if err != nil && err != io.EOF {
		err = networkError(b.ctx, err)
	}
	return n, err
}

func (b *stallBody) Close() error {
	b.timer.Stop()
	b.cancel(nil)
	return b.body.Close()
}

// networkError names the reason of a failed request or read without the address
// in url.Error, which on the content network holds a signature.
func networkError(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, errStalled) {
		return &transientError{err: errStalled}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if ue, ok := errors.AsType[*url.Error](err); ok {
		err = ue.Err
	}
	if errors.Is(err, errRedirect) {
		return err
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return fault.Advise("check the clock and the proxy's certificate", "the connection is not secure: %w", err)
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return fault.Advise(adviseNetwork, "cannot find the host %s", dns.Name)
	}
	op, ok := errors.AsType[*net.OpError](err)
	return &transientError{err: inWords(err), unreached: ok && op.Op == "dial"}
}

const adviseNetwork = "check the network connection and HF_ENDPOINT"

// inWords leaves out what Go says of the calls that failed: of "dial tcp 192.0.2.1:443:
// connect: connection refused" it keeps the address and the reason.
func inWords(err error) error {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return fmt.Errorf("cannot find the host %s: %s", dns.Name, dns.Err)
	}
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Addr == nil {
		return err
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return fmt.Errorf("%s: %w", op.Addr, errno)
	}
	return fmt.Errorf("%s: %w", op.Addr, op.Err)
}
