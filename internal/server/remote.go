package server

import (
	"context"
	"errors"
	"net/http"

	"github.com/sightline/sightline/internal/webfetch"
)

// fetch reads a picture from the web, where the server was started to: never from a
// private address, see package webfetch.
func (s *Server) fetch(ctx context.Context, address string) ([]byte, error) {
	if !s.options.RemotePictures {
		return nil, newProblem(http.StatusForbidden, kindForbidden, "this server fetches no pictures", "start it with --allow-remote")
	}
	f, err := s.remote.Get(ctx, address)
	switch {
	case err == nil:
		return f.Data, nil
	case errors.Is(err, webfetch.ErrNotPublic):
		return nil, newProblem(http.StatusForbidden, kindForbidden, err.Error(), "only what everybody can reach is fetched")
	case errors.Is(err, webfetch.ErrAddress):
		return nil, newProblem(http.StatusBadRequest, "usage", err.Error(), "for example: https://example.com/dog.jpg")
	case errors.Is(err, webfetch.ErrTooLarge):
		return nil, newProblem(http.StatusRequestEntityTooLarge, "usage", err.Error(), "")
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, newProblem(http.StatusUnprocessableEntity, "fatal", err.Error(), "")
}
