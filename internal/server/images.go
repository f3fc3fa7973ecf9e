package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/thumbnail"
)

// PictureID is the id of a picture in a path.
type PictureID struct {
	ID string `path:"id" pattern:"^[0-9a-f]{40}$" patternDescription:"40 hexadecimal digits" doc:"The id of a picture"`
}

// ImageDetail is all that the index knows of a picture.
type ImageDetail struct {
	Hit
	Root string `json:"root" doc:"The folder of the run that found it"`
	SHA  string `json:"sha256" doc:"Of the file's content"`
	// Copies are further pictures of the same content.
	Same []string `json:"same" doc:"Ids of other pictures of the same content"`
}

// ImageOutput is the answer about one picture.
type ImageOutput struct{ Body ImageDetail }

type fileInput struct {
	PictureID
	Size     int  `query:"size" minimum:"0" maximum:"2048" doc:"Length of the longer side, in pixels; 0 for the file itself where browsers show it, else for a JPEG of up to 2048"`
	Original bool `query:"original" doc:"The file itself, to be saved"`
}

type thumbnailInput struct {
	PictureID
	Size    int    `query:"size" minimum:"1" maximum:"2048" default:"512" doc:"Length of the longer side, in pixels; rounded up to 256, 512, 1024 or 2048"`
	Version string `query:"v" maxLength:"64" doc:"The version of the picture: with it the answer may be kept for good"`
}

func (s *Server) registerImages(api huma.API) {
	register(s, api, operation{Method: http.MethodGet, Path: "/images/{id}", Tag: "images", Summary: "What is known of a picture"},
		func(ctx context.Context, in *PictureID) (*ImageOutput, error) { return s.image(ctx, in.ID) })
	register(s, api, operation{
		ID: "get-image-file", Method: http.MethodGet, Path: "/images/{id}/file", Tag: "images",
		Summary: "The picture, rotated rightly, in a format that browsers show", Long: true, Edit: answersBytes("image/*"),
	}, func(ctx context.Context, in *fileInput) (*huma.StreamResponse, error) {
		r, err := s.record(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		if !in.Original && (in.Size > 0 || !shownByBrowsers(r.Format)) {
			return s.thumbnail(ctx, r, thumbnail.SideFor(defaultTo(in.Size, 2048)), false)
		}
		return s.file(r, in.Original)
	})
}

func (s *Server) registerThumbnails(api huma.API) {
	register(s, api, operation{
		ID: "get-thumbnail", Method: http.MethodGet, Path: "/thumbnails/{id}", Tag: "images",
		Summary: "A small JPEG of a picture", Edit: answersBytes("image/jpeg"),
	}, func(ctx context.Context, in *thumbnailInput) (*huma.StreamResponse, error) {
		r, err := s.record(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return s.thumbnail(ctx, r, thumbnail.SideFor(in.Size), in.Version != "" && in.Version == versionOf(r))
	})
}

func defaultTo(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

// answersBytes documents an answer that is no JSON.
func answersBytes(contentType string) func(*huma.Operation) {
	return func(o *huma.Operation) {
		o.Responses = map[string]*huma.Response{
			"200": {
				Description: "The bytes",
				Content:     map[string]*huma.MediaType{contentType: {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
			},
			"206": {Description: "A part of the bytes", Content: map[string]*huma.MediaType{contentType: {Schema: &huma.Schema{Type: "string", Format: "binary"}}}},
			"304": {Description: "It is as it was"},
		}
	}
}

// record returns a picture of the index, with its vector where that is whole.
func (s *Server) record(ctx context.Context, id string) (*store.Record, error) {
	x, release, err := s.source.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	return recordOf(ctx, x, id)
}

func recordOf(ctx context.Context, x *Index, id string) (*store.Record, error) {
	records, err := x.Store.Get(ctx, []string{id})
	if err != nil {
		return nil, fmt.Errorf("looking up %s: %w", id, err)
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("%w: %s", store.ErrNotFound, id)
	}
	return &records[0], nil
}

func (s *Server) image(ctx context.Context, id string) (*ImageOutput, error) {
	x, release, err := s.source.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	r, err := recordOf(ctx, x, id)
	if err != nil {
		return nil, err
	}
	r.Vector = nil
	a := query.Answer{Hits: []store.Hit{{Record: *r, Score: 1}}}
	out := &ImageOutput{Body: ImageDetail{Hit: hitOf(a, 0), Root: r.Root, SHA: fmt.Sprintf("%x", r.ContentHash), Same: []string{}}}
	same, err := x.Store.FindContent(ctx, r.ContentHash, maxSame)
	if err != nil {
		return nil, err
	}
	for _, other := range same {
		if other.ID != id {
			out.Body.Same = append(out.Body.Same, other.ID)
		}
	}
	out.Body.Copies = len(out.Body.Same)
	return out, nil
}

// maxSame bounds the copies of a picture that are listed.
const maxSame = 1000

// thumbnail answers with a thumbnail, which is kept for good where its URL names its
// content.
func (s *Server) thumbnail(ctx context.Context, r *store.Record, side int, forGood bool) (*huma.StreamResponse, error) {
	tag := fmt.Sprintf(`"%s-%d"`, versionOf(r), side)
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		req, w := humago.Unwrap(hc)
		if len(r.ContentHash) > 0 && req.Header.Get("If-None-Match") == tag {
			cacheFor(w, tag, forGood)
			w.WriteHeader(http.StatusNotModified)
			return
		}
		jpeg, current, err := s.jpegOf(req.Context(), r, side)
		if err != nil {
			writeProblem(w, pictureProblem(err))
			return
		}
		if current {
			cacheFor(w, tag, forGood)
		} else {
			w.Header().Set("Cache-Control", "no-store") // the file is not the one of the index any more
		}
		w.Header().Set("Content-Type", "image/jpeg")
		w.Header().Set("Content-Length", strconv.Itoa(len(jpeg)))
		w.Write(jpeg) // who has gone away needs no answer
	}}, nil
}

// jpegOf is a thumbnail, and whether the file still is the one of the index.
func (s *Server) jpegOf(ctx context.Context, r *store.Record, side int) ([]byte, bool, error) {
	return s.options.Thumbnails.Get(ctx, r.ContentHash, side, func(ctx context.Context) ([]byte, bool, error) {
		return readFile(ctx, r, s.options.Limits)
	})
}

// pictureProblem explains why a picture cannot be shown.
func pictureProblem(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return apiProblem(err)
	}
	return newProblem(http.StatusUnprocessableEntity, "fatal", "the picture cannot be shown: "+err.Error(), "")
}

func cacheFor(w http.ResponseWriter, tag string, forGood bool) {
	w.Header().Set("ETag", tag)
	if forGood {
		w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
		return
	}
	w.Header().Set("Cache-Control", "private, no-cache")
}

// file answers with the file itself.
func (s *Server) file(r *store.Record, save bool) (*huma.StreamResponse, error) {
	f, data, info, err := openFile(r, s.options.Limits)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		req, w := humago.Unwrap(hc)
		var content io.ReadSeeker = bytes.NewReader(data)
		if f != nil {
			defer f.Close()
			content = f
		}
		h := w.Header()
		h.Set("Content-Type", contentType(r.Format))
		h.Set("Cache-Control", "private, no-cache")
		h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
		if save {
			h.Set("Content-Disposition", disposition(path.Base(r.Path)))
		}
		if len(r.ContentHash) > 0 && unchanged(r, info) {
			h.Set("ETag", `"`+versionOf(r)+`"`)
		}
		// The file may be large and the reader slow.
		http.NewResponseController(w).SetWriteDeadline(time.Now().Add(longTime))
		http.ServeContent(w, req, "", info.ModTime(), content)
	}}, nil
}

// disposition has a file saved under a name. One that is not ASCII is written as RFC 5987
// says, and nothing in it can end the header.
func disposition(name string) string {
	return mime.FormatMediaType("attachment", map[string]string{"filename": name})
}

// contentType is that of a format, so that no browser has to guess.
func contentType(format string) string {
	switch f := imaging.Format(format); f {
	case imaging.FormatJPEG, imaging.FormatPNG, imaging.FormatGIF, imaging.FormatWebP, imaging.FormatBMP, imaging.FormatTIFF,
		imaging.FormatHEIC, imaging.FormatAVIF, imaging.FormatJXL:
		return "image/" + string(f)
	case imaging.FormatPSD:
		return "image/vnd.adobe.photoshop"
	}
	return "application/octet-stream"
}
