package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// SessionOutput says what a visitor may do.
type SessionOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      Session
}

// Session is what a visitor may do.
type Session struct {
	Role          string `json:"role" enum:"none,read,write"`
	TokenRequired bool   `json:"token_required" doc:"This server needs a token"`
}

// SignIn is a token that the page's cookie stands for.
type SignIn struct {
	Token string `json:"token" minLength:"1" maxLength:"1000"`
}

// sessionPath is where a page signs in.
const sessionPath = Prefix + "/session"

func (s *Server) registerSession(api huma.API) {
	visitOf := func(ctx context.Context) visit {
		v, _ := ctx.Value(guardKey{}).(visit)
		return v
	}
	register(s, api, operation{ID: "session", Method: http.MethodGet, Path: "/session", Tag: "status", Summary: "What you may do"},
		func(ctx context.Context, _ *struct{}) (*struct{ Body Session }, error) {
			v := visitOf(ctx)
			return &struct{ Body Session }{Session{Role: v.role.String(), TokenRequired: len(v.guard.tokens) > 0}}, nil
		})
	register(s, api, operation{ID: "sign-in", Method: http.MethodPost, Path: "/session", Tag: "status", Summary: "Sign in with a token, for a page", Reads: true, MaxBody: 4096},
		func(ctx context.Context, in *struct{ Body SignIn }) (*SessionOutput, error) {
			g := visitOf(ctx).guard
			role := g.roleOfSecret(in.Body.Token)
			if len(g.tokens) == 0 {
				role = RoleWrite
			}
			if role == RoleNone {
				return nil, newProblem(http.StatusUnauthorized, kindUnauthorized, "that is not a token of this server", "")
			}
			return &SessionOutput{SetCookie: g.cookie(in.Body.Token, 0), Body: Session{Role: role.String(), TokenRequired: len(g.tokens) > 0}}, nil
		})
	register(s, api, operation{ID: "sign-out", Method: http.MethodDelete, Path: "/session", Tag: "status", Summary: "Sign out", Reads: true},
		func(ctx context.Context, _ *struct{}) (*SessionOutput, error) {
			g := visitOf(ctx).guard
			return &SessionOutput{SetCookie: g.cookie("", -1), Body: Session{Role: RoleNone.String(), TokenRequired: len(g.tokens) > 0}}, nil
		})
}

// cookie is the page's cookie for a token. It does not hold the token itself.
func (g *guard) cookie(secret string, maxAge int) http.Cookie {
	c := http.Cookie{
		Name: cookieName, Path: "/", MaxAge: maxAge, HttpOnly: true, Secure: g.options.Secure, SameSite: http.SameSiteStrictMode,
	}
	for _, t := range g.tokens {
		if secret != "" && g.same(t, secret) {
			c.Value = t.cookie
		}
	}
	return c
}
