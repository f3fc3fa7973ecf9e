package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// Role is what a request may do.
type Role int

// The roles, each of which may do what those before it may.
const (
	RoleNone Role = iota
	RoleRead
	RoleWrite
)

// String is the role as files of tokens have it.
func (r Role) String() string {
	switch r {
	case RoleRead:
		return "read"
	case RoleWrite:
		return "write"
	}
	return "none"
}

// ParseRole reads a role.
func ParseRole(s string) (Role, error) {
	switch s {
	case "read":
		return RoleRead, nil
	case "write":
		return RoleWrite, nil
	}
	return RoleNone, fmt.Errorf("%q is no role; it can be read or write", s)
}

// Token lets its bearer in.
type Token struct {
	Secret string
	Role   Role
}

// GuardOptions say who is let in.
type GuardOptions struct {
	// Tokens are those that let in. Without any everybody is let in who reaches the server,
	// with the role write: it must listen on this machine alone then.
	Tokens []Token
	// Hosts are names, beside those of this machine, that requests may be addressed to.
	Hosts []string
	// AnyHost is set for a unix socket, which no browser reaches.
	AnyHost bool
	// Secure says that browsers reach the server by HTTPS, so that the cookie needs it.
	Secure bool
}

// leastToken is the length that keeps a token from being guessed.
const leastToken = 16

// guard lets requests in that are addressed to us, come from our own page or from no page
// at all, and bring a token where tokens are set.
//
//   - A request for another host is refused: a page elsewhere may have its own name lead to
//     this address (DNS rebinding). Addresses written as numbers cannot be rebound.
//   - A request that changes something and comes from another page is refused (CSRF), by
//     net/http.CrossOriginProtection; one that reads the API or a picture on behalf of
//     another page too.
//   - Tokens are compared by their SHA-256 in constant time.
type guard struct {
	options GuardOptions
	hosts   []string
	tokens  []hashedToken
	cross   *http.CrossOriginProtection
}

type hashedToken struct {
	sum    [sha256.Size]byte
	cookie string // what the page's cookie holds in place of the token
	role   Role
}

func newGuard(o GuardOptions) (*guard, error) {
	g := &guard{options: o, hosts: []string{"localhost"}, cross: http.NewCrossOriginProtection()}
	for _, h := range o.Hosts {
		g.hosts = append(g.hosts, strings.ToLower(h))
	}
	if name, err := os.Hostname(); err == nil && len(o.Tokens) > 0 {
		g.hosts = append(g.hosts, strings.ToLower(name))
	}
	for _, t := range o.Tokens {
		if len(t.Secret) < leastToken {
			return nil, fmt.Errorf("a token has %d characters; it needs %d, so that nobody guesses it", len(t.Secret), leastToken)
		}
		mac := hmac.New(sha256.New, []byte(t.Secret))
		mac.Write([]byte("sightline session"))
		g.tokens = append(g.tokens, hashedToken{sha256.Sum256([]byte(t.Secret)), hex.EncodeToString(mac.Sum(nil)), t.Role})
	}
	return g, nil
}

// securityHeaders are on every answer.
var securityHeaders = map[string]string{
	"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; " +
		"connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
	"Referrer-Policy":              "no-referrer",
	"X-Content-Type-Options":       "nosniff",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Permissions-Policy":           "camera=(), microphone=(), geolocation=()",
}

func (g *guard) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range securityHeaders {
			w.Header().Set(name, value)
		}
		private, _ := r.Context().Value(privateKey{}).(bool)
		if !private && !g.ours(r.Host) {
			writeProblem(w, newProblem(http.StatusMisdirectedRequest, kindForbidden, fmt.Sprintf("this server is not %q", r.Host), "allow the name with --allow-host"))
			return
		}
		if err := g.checkOrigin(r); err != nil {
			writeProblem(w, newProblem(http.StatusForbidden, kindForbidden, "the request comes from another site: "+err.Error(), ""))
			return
		}
		role := g.roleOf(r)
		if private {
			role = RoleWrite
		}
		if role == RoleNone && !isOpen(r) {
			p := newProblem(http.StatusUnauthorized, kindUnauthorized, "a token is needed", "send it as Authorization: Bearer TOKEN, or sign in with POST "+sessionPath)
			w.Header().Set("WWW-Authenticate", `Bearer realm="sightline"`)
			writeProblem(w, p)
			return
		}
		ctx := context.WithValue(r.Context(), guardKey{}, visit{g, role, private || fromHere(r)})
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

type guardKey struct{}

// privateKey marks the requests of a socket that only the user of this process can use.
type privateKey struct{}

// visit is what the guard knows of a request.
type visit struct {
	guard *guard
	role  Role
	local bool // it comes from this machine
}

// roleOf is the role of the request that a context belongs to.
func roleOf(ctx context.Context) Role {
	v, _ := ctx.Value(guardKey{}).(visit)
	return v.role
}

// isOpen reports whether a request needs no token: the page itself, which shows nothing of
// the index, signing in, and whether the process lives.
func isOpen(r *http.Request) bool {
	p := r.URL.Path
	switch p {
	case sessionPath, "/healthz", "/readyz", "/openapi.json":
		return true
	case "/metrics", mcpPath:
		return false
	}
	return !strings.HasPrefix(p, "/api/")
}

// ours reports whether a Host header names this server.
func (g *guard) ours(host string) bool {
	if g.options.AnyHost {
		return true
	}
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return slices.Contains(g.hosts, name)
}

// checkOrigin refuses what another site's page asks for. Browsers say where a request
// comes from; other programs say nothing, and carry no cookie of anybody's.
func (g *guard) checkOrigin(r *http.Request) error {
	if err := g.cross.Check(r); err != nil {
		return err
	}
	if isOpen(r) && !strings.HasPrefix(r.URL.Path, "/api/") {
		return nil
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return errors.New("the API is for our own page, and for programs")
	}
	if o := r.Header.Get("Origin"); o != "" && o != "null" {
		_, host, ok := strings.Cut(o, "://")
		if !ok || !strings.EqualFold(host, r.Host) {
			return errors.New("the Origin is another one")
		}
	}
	return nil
}

// cookieName is that of the page's cookie.
const cookieName = "sightline_session"

// roleOf is the role that a request's token or cookie gives it.
func (g *guard) roleOf(r *http.Request) Role {
	if len(g.tokens) == 0 {
		return RoleWrite
	}
	role := RoleNone
	if scheme, secret, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		role = max(role, g.roleOfSecret(strings.TrimSpace(secret)))
	}
	for _, c := range r.CookiesNamed(cookieName) {
		for _, t := range g.tokens { // all of them, so that the time says nothing
			if subtle.ConstantTimeCompare([]byte(t.cookie), []byte(c.Value)) == 1 {
				role = max(role, t.role)
			}
		}
	}
	return role
}

func (g *guard) roleOfSecret(secret string) Role {
	sum := sha256.Sum256([]byte(secret))
	role := RoleNone
	for _, t := range g.tokens {
		if subtle.ConstantTimeCompare(t.sum[:], sum[:]) == 1 {
			role = max(role, t.role)
		}
	}
	return role
}

// same reports whether a secret is that of a token.
func (g *guard) same(t hashedToken, secret string) bool {
	sum := sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(t.sum[:], sum[:]) == 1
}
