package server

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// fromHere reports whether a request comes from a browser on this machine itself. A proxy here
// also does: what one sends on names it, or is addressed to another host.
func fromHere(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	return isLoopback(r.RemoteAddr) && isLoopback(r.Host)
}

// isLoopback reports whether an address, with a port or without, is of this machine alone.
func isLoopback(address string) bool {
	host := address
	if h, _, err := net.SplitHostPort(address); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// mayReveal reports whether a visitor can have folders opened.
func (s *Server) mayReveal(ctx context.Context) bool {
	v, _ := ctx.Value(guardKey{}).(visit)
	return s.options.Reveal != nil && v.local
}

func (s *Server) registerReveal(api huma.API) {
	register(s, api, operation{
		ID: "reveal", Method: http.MethodPost, Path: "/images/{id}/reveal", Tag: "images", Reads: true, Status: http.StatusNoContent,
		Summary:     "Show a picture in the file manager of this machine",
		Description: "Only for who sits at the machine that the server runs on, and where it was started with --allow-reveal.",
	}, func(ctx context.Context, in *PictureID) (*struct{}, error) {
		if !s.mayReveal(ctx) {
			return nil, newProblem(http.StatusForbidden, kindForbidden, "this server opens no folders for you", "start it with --allow-reveal, and look from the same machine")
		}
		r, err := s.record(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		f, _, _, err := openFile(r, s.options.Limits)
		if err != nil {
			return nil, err
		}
		if f != nil {
			f.Close()
		}
		if err := s.options.Reveal(r.Path); err != nil {
			return nil, newProblem(http.StatusServiceUnavailable, "fatal", "the file manager cannot be opened: "+err.Error(), "is a desktop running where the server runs?")
		}
		return nil, nil
	})
}
