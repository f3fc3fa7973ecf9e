package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// fetch reads a picture from the web, where the server was started to. No connection is
// made to a private address: each is checked when it is dialled, after names are resolved,
// so that neither a redirect nor a name that changes leads to one.
func (s *Server) fetch(ctx context.Context, address string) ([]byte, error) {
	if !s.options.RemotePictures {
		return nil, newProblem(http.StatusForbidden, kindForbidden, "this server fetches no pictures", "start it with --allow-remote")
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, newProblem(http.StatusBadRequest, "usage", "the picture's address is not of the web", "for example: https://example.com/dog.jpg")
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, newProblem(http.StatusBadRequest, "usage", "the picture's address is not of the web", "")
	}
	res, err := s.remote.Do(req)
	if err != nil {
		return nil, fetchProblem(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, newProblem(http.StatusUnprocessableEntity, "fatal", fmt.Sprintf("the picture's server says %d", res.StatusCode), "")
	}
	most := s.options.Uploads.Bytes
	data, err := io.ReadAll(io.LimitReader(res.Body, most+1))
	if err != nil {
		return nil, fetchProblem(err)
	}
	if int64(len(data)) > most {
		return nil, newProblem(http.StatusRequestEntityTooLarge, "usage", fmt.Sprintf("the picture has more than %d bytes", most), "")
	}
	return data, nil
}

func fetchProblem(err error) error {
	if errors.Is(err, errPrivate) {
		return newProblem(http.StatusForbidden, kindForbidden, errPrivate.Error(), "")
	}
	return newProblem(http.StatusUnprocessableEntity, "fatal", "the picture could not be fetched: "+reasonOf(err), "")
}

const (
	fetchTime    = 20 * time.Second
	mostRedirect = 5
)

var errPrivate = errors.New("the picture's address is not of the public web")

// newRemote returns a client that reaches public addresses alone, by no proxy.
func newRemote(allowed func(netip.Addr) bool) *http.Client {
	dialer := &net.Dialer{Timeout: fetchTime, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || !allowed(at.Addr().Unmap()) {
			return errPrivate
		}
		return nil
	}}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: fetchTime, ResponseHeaderTimeout: fetchTime,
			DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) >= mostRedirect {
				return errors.New("there are too many redirects")
			}
			if r.URL.Scheme != "http" && r.URL.Scheme != "https" {
				return errPrivate
			}
			return nil
		},
	}
}

// reserved are the address blocks of IANA's special-purpose registries that netip has no
// name for, and those that carry an IPv4 address inside.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("3fff::/20"), netip.MustParsePrefix("fec0::/10"), netip.MustParsePrefix("::/96"),
}

// isPublic reports whether an address is of the public web.
func isPublic(a netip.Addr) bool {
	if !a.IsValid() || a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() ||
		a.IsInterfaceLocalMulticast() || a.Zone() != "" {
		return false
	}
	for _, p := range reserved {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
