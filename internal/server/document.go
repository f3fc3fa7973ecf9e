package server

import (
	"bytes"
	"encoding/json"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

// apiConfig is that of the API: JSON alone, no pages of huma's own, our own problems.
func apiConfig(version string) huma.Config {
	c := huma.DefaultConfig("Sightline", version)
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.CreateHooks = nil // which would put a link to a schema into each answer
	c.Transformers = []huma.Transformer{asProblem}
	c.Info.Description = "Find and label images by meaning. See docs/api.md."
	c.Servers = []*huma.Server{{URL: Prefix}}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":  {Type: "http", Scheme: "bearer", Description: "Needed where the server was started with tokens"},
		"cookie": {Type: "apiKey", In: "cookie", Name: cookieName},
	}
	c.Security = []map[string][]string{{}, {"token": {}}, {"cookie": {}}}
	return c
}

// serveDocument serves the API's document, with our problems in the place of huma's.
func (s *Server) serveDocument(mux *http.ServeMux) error {
	schemas := s.api.OpenAPI().Components.Schemas
	problem := schemas.Schema(typeOf[Problem](), true, "Problem")
	for _, item := range s.api.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Delete} {
			if op == nil {
				continue
			}
			for status, r := range op.Responses {
				if status >= "400" || status == "default" {
					r.Content = map[string]*huma.MediaType{"application/problem+json": {Schema: problem}}
				}
			}
		}
	}
	delete(schemas.Map(), "ErrorModel")
	delete(schemas.Map(), "ErrorDetail")
	document, err := json.Marshal(s.api.OpenAPI())
	if err != nil {
		return err
	}
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/openapi+json")
		w.Header().Set("Cache-Control", "no-cache")
		bytes.NewReader(document).WriteTo(w) // who has gone away needs no answer
	})
	return nil
}
