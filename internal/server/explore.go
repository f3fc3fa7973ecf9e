package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// Explored is what indexer explore found out about an index.
type Explored struct {
	Clusters []Cluster
	Map      PictureMap
}

// Cluster is a group of pictures that belong together.
type Cluster struct {
	ID              string   `json:"id" doc:"cluster:ID in a query"`
	Parent          int      `json:"parent" doc:"Place in the list of the cluster that it is a part of; -1 for none"`
	Level           int      `json:"level" doc:"From 1"`
	Name            string   `json:"name" doc:"From a label list; empty where none fits"`
	Probability     float32  `json:"probability" doc:"Of the name"`
	Size            int      `json:"size" doc:"Pictures"`
	X               float32  `json:"x" doc:"Its middle on the map"`
	Y               float32  `json:"y"`
	Representatives []string `json:"representatives" doc:"Ids of the pictures that stand for it"`
}

// PictureMap has a place for each picture, in lists of the same length.
type PictureMap struct {
	IDs     []string  `json:"ids"`
	X       []float32 `json:"x"`
	Y       []float32 `json:"y"`
	Cluster []int     `json:"cluster" doc:"Place in the list of the smallest cluster that the picture is in"`
	Since   string    `json:"since,omitempty" doc:"What has changed in the index since it was explored, in words"`
}

// ClustersOutput lists the clusters.
type ClustersOutput struct {
	Body struct {
		Clusters []Cluster `json:"clusters" doc:"Parents before their parts"`
	}
}

// explored is what the index was found to be made of.
func (s *Server) explored(ctx context.Context) (*Explored, error) {
	x, release, err := s.source.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	if x.Explored != nil {
		found, err := x.Explored(ctx)
		if found != nil || err != nil {
			return found, err
		}
	}
	return nil, newProblem(http.StatusNotFound, kindMissing, "the collection has not been explored", "indexer explore finds clusters and lays out the map")
}

func (s *Server) registerExplore(api huma.API) {
	register(s, api, operation{ID: "clusters", Method: http.MethodGet, Path: "/clusters", Tag: "explore", Summary: "Groups of pictures that belong together"},
		func(ctx context.Context, _ *struct{}) (*ClustersOutput, error) {
			found, err := s.explored(ctx)
			if err != nil {
				return nil, err
			}
			out := &ClustersOutput{}
			out.Body.Clusters = append([]Cluster{}, found.Clusters...)
			return out, nil
		})
	register(s, api, operation{ID: "map", Method: http.MethodGet, Path: "/map", Tag: "explore", Summary: "A place on a map for each picture"},
		func(ctx context.Context, _ *struct{}) (*struct{ Body PictureMap }, error) {
			found, err := s.explored(ctx)
			if err != nil {
				return nil, err
			}
			return &struct{ Body PictureMap }{found.Map}, nil
		})
}
