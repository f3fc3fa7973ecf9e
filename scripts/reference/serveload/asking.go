package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"

	"github.com/sightline/sightline/internal/store"
)

// hits is how many each question asks for.
const hits = 50

// asker makes the next request of a client.
type asker func(*rand.Rand) (*http.Request, error)

// asking returns what clients ask.
func asking(how, address string, pictures int, vectors string) (asker, error) {
	switch how {
	case "text":
		return func(r *rand.Rand) (*http.Request, error) {
			q := colours[r.IntN(len(colours))] + " " + things[r.IntN(len(things))] + " at " + places[r.IntN(len(places))]
			return http.NewRequest(http.MethodGet, fmt.Sprintf("%s/api/v1/search?limit=%d&cutoff=none&q=%s", address, hits, url.QueryEscape(q)), nil)
		}, nil
	case "like":
		return func(r *rand.Rand) (*http.Request, error) {
			id := store.ID("default", pathOf(r.IntN(pictures)))
			return http.NewRequest(http.MethodGet, fmt.Sprintf("%s/api/v1/similar?limit=%d&cutoff=none&like=%s", address, hits, id), nil)
		}, nil
	case "knn":
		data, err := os.ReadFile(vectors)
		if err != nil {
			return nil, err
		}
		dim := len(data) / 4 / pictures
		return func(r *rand.Rand) (*http.Request, error) {
			v := make([]float32, dim)
			if err := binary.Read(bytes.NewReader(data[4*dim*r.IntN(pictures):]), binary.LittleEndian, v); err != nil {
				return nil, err
			}
			body, err := json.Marshal(map[string]any{
				"embedding_input": v, "modality": "image", "indice_name": "load", "num_images": hits, "num_result_ids": hits, "deduplicate": false,
				"use_safety_model": false, "use_violence_detector": false,
			})
			if err != nil {
				return nil, err
			}
			req, err := http.NewRequest(http.MethodPost, address+"/knn-service", bytes.NewReader(body))
			if err != nil {
				return nil, err
			}
			req.Header.Set("Content-Type", "application/json")
			return req, nil
		}, nil
	}
	return nil, fmt.Errorf("--how can be text, like or knn, not %q", how)
}
