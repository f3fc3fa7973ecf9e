package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

func (s *Server) registerExplore(api huma.API) {
	none := func() error {
		return newProblem(http.StatusNotFound, kindMissing, "the collection has not been explored", "indexer explore finds clusters and lays out the map")
	}
	register(s, api, operation{ID: "clusters", Method: http.MethodGet, Path: "/clusters", Tag: "explore", Summary: "Groups of pictures that belong together"},
		func(context.Context, *struct{}) (*struct{ Body struct{} }, error) { return nil, none() })
	register(s, api, operation{ID: "map", Method: http.MethodGet, Path: "/map", Tag: "explore", Summary: "A place on a map for each picture"},
		func(context.Context, *struct{}) (*struct{ Body struct{} }, error) { return nil, none() })
}
