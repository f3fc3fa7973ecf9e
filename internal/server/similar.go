package server

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/query"
)

// SimilarRequest asks for pictures like some, with relevance feedback.
type SimilarRequest struct {
	Like    []string  `query:"like,explode" maxItems:"100" doc:"Ids of pictures that the answer is like; they are left out of it"`
	Unlike  []string  `query:"unlike,explode" maxItems:"100" doc:"Ids of pictures that the answer is unlike"`
	Samples []string  `query:"sample,explode" maxItems:"20" doc:"Pictures that were sent before: the samples of POST /search/image"`
	Weights []float64 `query:"weight,explode" maxItems:"20" doc:"The parts of the samples, in their order: 1 where none is given, negative to be unlike one"`
	Q       string    `query:"q" maxLength:"10000" doc:"Words and filters besides"`
	SearchOptions
}

// UploadRequest asks for pictures like those that are sent with it.
type UploadRequest struct {
	SimilarRequest
	RawBody huma.MultipartFormFiles[struct {
		Pictures []huma.FormFile `form:"picture" contentType:"image/*,application/octet-stream" doc:"Pictures, up to 10"`
	}]
}

// URLRequest asks for pictures like one on the web.
type URLRequest struct {
	SimilarRequest
	URL string `query:"url" required:"true" maxLength:"2000" doc:"A picture on the web"`
}

// UploadAnswer is a page of hits, with the names of what was sent.
type UploadAnswer struct {
	SearchAnswer
	Samples []SampleName `json:"samples" doc:"The pictures that were sent: sample of GET /similar asks for them again"`
}

// SampleName names a picture that was sent.
type SampleName struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// UploadLimits bound what a request may send to be looked at. They are apart from those of
// the pictures of the index.
type UploadLimits struct {
	Bytes    int64 // of all pictures of a request; 0 for 64 MiB
	Pixels   int64 // of a picture; 0 for 100 million
	Memory   int64 // for decoding one; 0 for 400 MiB
	Pictures int   // of a request; 0 for 10
	AtOnce   int   // decoded at once; 0 for 2
}

func (l UploadLimits) withDefaults() UploadLimits {
	set := func(v *int64, otherwise int64) {
		if *v <= 0 {
			*v = otherwise
		}
	}
	set(&l.Bytes, 64<<20)
	set(&l.Pixels, 100_000_000)
	set(&l.Memory, 400<<20)
	if l.Pictures <= 0 {
		l.Pictures = 10
	}
	if l.AtOnce <= 0 {
		l.AtOnce = 2
	}
	return l
}

func (l UploadLimits) imaging() imaging.Limits {
	return imaging.Limits{MaxBytes: l.Bytes, MaxPixels: l.Pixels, MaxMemory: l.Memory}
}

func (s *Server) registerSimilar(api huma.API) {
	register(s, api, operation{ID: "similar", Method: http.MethodGet, Path: "/similar", Tag: "search", Summary: "Find pictures like some of the index"},
		func(ctx context.Context, in *SimilarRequest) (*SearchOutput, error) {
			x, release, err := s.source.acquire(ctx)
			if err != nil {
				return nil, err
			}
			defer release()
			return s.similar(ctx, x, in)
		})
	register(s, api, operation{
		ID: "search-image", Method: http.MethodPost, Path: "/search/image", Tag: "search", Summary: "Find pictures like those that are sent", Reads: true,
		MaxBody: s.options.Uploads.Bytes + 1<<20,
	}, func(ctx context.Context, in *UploadRequest) (*struct{ Body UploadAnswer }, error) {
		return s.searchSent(ctx, &in.SimilarRequest, func(x *Index) ([]SampleName, error) { return s.embedUploads(ctx, x, in) })
	})
	register(s, api, operation{
		ID: "search-url", Method: http.MethodPost, Path: "/search/url", Tag: "search", Summary: "Find pictures like one on the web, where the server fetches them", Reads: true,
	}, func(ctx context.Context, in *URLRequest) (*struct{ Body UploadAnswer }, error) {
		return s.searchSent(ctx, &in.SimilarRequest, func(x *Index) ([]SampleName, error) {
			data, err := s.fetch(ctx, in.URL)
			if err != nil {
				return nil, err
			}
			id, err := s.embedUpload(ctx, x, nameOfUpload(in.URL), data)
			return []SampleName{{ID: id, Name: nameOfUpload(in.URL)}}, err
		})
	})
}

// samples are the embeddings of pictures that were sent, by the SHA-256 of their bytes and
// the model, the newest of them.
type samples struct {
	mu    sync.Mutex
	byID  map[string]query.Sample
	order []string
}

const maxSamples = 1000

func newSamples() *samples { return &samples{byID: make(map[string]query.Sample)} }

func (s *samples) put(id string, q query.Sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.byID[id]; !ok {
		if len(s.order) == maxSamples {
			delete(s.byID, s.order[0])
			s.order = s.order[1:]
		}
		s.order = append(s.order, id)
	}
	s.byID[id] = q
}

func (s *samples) get(id string) (query.Sample, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, ok := s.byID[id]
	return q, ok
}

func (s *Server) similar(ctx context.Context, x *Index, in *SimilarRequest) (*SearchOutput, error) {
	line, err := query.ParseLine(in.Q, query.FilterOptions{FileDates: in.FileDates})
	if err != nil {
		return nil, err
	}
	m := query.Mixture{Line: line, Examples: query.Examples{Like: in.Like, Unlike: in.Unlike}}
	if len(in.Weights) > len(in.Samples) {
		return nil, newProblem(http.StatusBadRequest, "usage", "there are more weights than samples", "give a weight for each sample, or none")
	}
	for i, id := range in.Samples {
		sample, ok := s.samples.get(sampleKey(x, id))
		if !ok {
			return nil, newProblem(http.StatusNotFound, kindMissing, "there is no sample "+id, "send the picture again")
		}
		sample.Weight = 1
		if i < len(in.Weights) {
			sample.Weight = in.Weights[i]
		}
		m.Samples = append(m.Samples, sample)
	}
	if len(m.Like)+len(m.Unlike)+len(m.Samples) == 0 && len(line.Query.Terms) == 0 {
		return nil, query.ErrNoSubject
	}
	key := listKey("similar", in.Like, in.Unlike, in.Samples, in.Weights, in.Q, in.SearchOptions)
	return s.page(ctx, x, m, line, key, in.SearchOptions)
}

// sampleKey keeps the embeddings of two models apart.
func sampleKey(x *Index, id string) string { return x.Store.Model().Fingerprint + " " + id }

// searchSent searches for pictures that came with a request.
func (s *Server) searchSent(ctx context.Context, in *SimilarRequest, embed func(*Index) ([]SampleName, error)) (*struct{ Body UploadAnswer }, error) {
	x, release, err := s.source.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	sent, err := embed(x)
	if err != nil {
		return nil, err
	}
	for _, one := range sent {
		in.Samples = append(in.Samples, one.ID)
	}
	out, err := s.similar(ctx, x, in)
	if err != nil {
		return nil, err
	}
	return &struct{ Body UploadAnswer }{UploadAnswer{SearchAnswer: out.Body, Samples: sent}}, nil
}

// embedUploads embeds the pictures that came with a request, in order.
func (s *Server) embedUploads(ctx context.Context, x *Index, in *UploadRequest) ([]SampleName, error) {
	sent := []SampleName{}
	pictures := in.RawBody.Data().Pictures
	if len(pictures) > s.options.Uploads.Pictures {
		return nil, newProblem(http.StatusRequestEntityTooLarge, "usage", fmt.Sprintf("%d pictures are more than %d", len(pictures), s.options.Uploads.Pictures), "send fewer")
	}
	for _, f := range pictures {
		data, err := io.ReadAll(f)
		if err != nil {
			return nil, err
		}
		id, err := s.embedUpload(ctx, x, nameOfUpload(f.Filename), data)
		if err != nil {
			return nil, err
		}
		sent = append(sent, SampleName{ID: id, Name: nameOfUpload(f.Filename)})
	}
	return sent, nil
}

// nameOfUpload is a name for explanations, of what a client says.
func nameOfUpload(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	if len(name) > 100 {
		name = name[:100]
	}
	return strings.ToValidUTF8(name, "")
}

// embedUpload embeds one picture, unless it was sent before, with its own share of memory
// and time.
func (s *Server) embedUpload(ctx context.Context, x *Index, name string, data []byte) (string, error) {
	sum := sha256.Sum256(data)
	id := fmt.Sprintf("%x", sum[:16])
	if _, ok := s.samples.get(sampleKey(x, id)); ok {
		return id, nil
	}
	if err := s.decoding.Acquire(ctx, 1); err != nil {
		return "", err
	}
	defer s.decoding.Release(1)
	v, err := x.Service.EmbedPicture(ctx, data, s.options.Uploads.imaging())
	if err != nil {
		return "", err
	}
	s.samples.put(sampleKey(x, id), query.Sample{Name: name, Vector: v.Row(0)})
	return id, nil
}
