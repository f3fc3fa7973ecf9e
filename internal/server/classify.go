package server

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// ClassifyRequest asks which labels fit pictures.
type ClassifyRequest struct {
	LabelList
	IDs         []string `json:"ids,omitempty" maxItems:"1000" doc:"Ids of pictures of the index"`
	Samples     []string `json:"samples,omitempty" maxItems:"20" doc:"Samples of POST /search/image"`
	Independent bool     `json:"independent,omitempty" doc:"Judge each label by itself; else they exclude one another and add up to 1"`
	Top         int      `json:"top,omitempty" minimum:"1" maximum:"10000" doc:"The best labels of each picture; all where it is left out"`
}

// Classified is what a picture shows.
type Classified struct {
	ID     string       `json:"id"`
	Labels []LabelScore `json:"labels" doc:"The most probable first"`
}

// LabelScore is how well a label fits.
type LabelScore struct {
	Label       string  `json:"label"`
	Score       float32 `json:"score" doc:"Cosine"`
	Probability float32 `json:"probability"`
}

// ClassifyOutput is the answer to a classification.
type ClassifyOutput struct {
	Body struct {
		Pictures []Classified `json:"pictures" doc:"Those of ids, then those of samples"`
	}
}

func (s *Server) registerClassify(api huma.API) {
	register(s, api, operation{ID: "classify", Method: http.MethodPost, Path: "/classify", Tag: "labels", Summary: "Say which labels fit pictures", Reads: true, MaxBody: 8 << 20},
		func(ctx context.Context, in *struct{ Body ClassifyRequest }) (*ClassifyOutput, error) {
			return s.classify(ctx, in.Body)
		})
}

func (s *Server) classify(ctx context.Context, in ClassifyRequest) (*ClassifyOutput, error) {
	x, release, err := s.source.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	if len(in.IDs)+len(in.Samples) == 0 {
		return nil, newProblem(http.StatusBadRequest, "usage", "there is no picture to classify", "give ids or samples")
	}
	list, err := in.read()
	if err != nil {
		return nil, err
	}
	if !in.Independent {
		list = list.Exclusive()
	}
	templates, err := in.templates()
	if err != nil {
		return nil, err
	}
	c, err := x.Classifier(ctx, list, templates)
	if err != nil {
		return nil, err
	}
	ids, vectors, err := s.vectorsOf(ctx, x, in.IDs, in.Samples)
	if err != nil {
		return nil, err
	}
	scores, err := c.Score(ctx, vectors)
	if err != nil {
		return nil, err
	}
	out := &ClassifyOutput{}
	names := list.Names()
	for i, id := range ids {
		one := Classified{ID: id, Labels: []LabelScore{}}
		for n, score := range scores[i] {
			if in.Top > 0 && n == in.Top {
				break
			}
			one.Labels = append(one.Labels, LabelScore{names[score.Label], score.Cosine, score.Probability})
		}
		out.Body.Pictures = append(out.Body.Pictures, one)
	}
	return out, nil
}

// vectorsOf are the embeddings of pictures of the index and of samples, a row each.
func (s *Server) vectorsOf(ctx context.Context, x *Index, ids, sampleIDs []string) ([]string, vec.Matrix, error) {
	records, err := x.Store.Get(ctx, ids)
	if err != nil {
		return nil, vec.Matrix{}, err
	}
	byID := make(map[string][]float32, len(records))
	for _, r := range records {
		byID[r.ID] = r.Vector
	}
	m := vec.NewMatrix(len(ids)+len(sampleIDs), x.Store.Model().Dim)
	for i, id := range ids {
		v, ok := byID[id]
		switch {
		case !ok:
			return nil, m, fmt.Errorf("%w: %s", store.ErrNotFound, id)
		case v == nil:
			return nil, m, newProblem(http.StatusConflict, "fatal", "the embedding of "+id+" is lost until the next indexer run", "indexer verify --repair")
		}
		copy(m.Row(i), v)
	}
	for i, id := range sampleIDs {
		sample, ok := s.samples.get(sampleKey(x, id))
		if !ok {
			return nil, m, newProblem(http.StatusNotFound, kindMissing, "there is no sample "+id, "send the picture again")
		}
		copy(m.Row(len(ids)+i), sample.Vector)
	}
	return append(append([]string{}, ids...), sampleIDs...), m, nil
}
