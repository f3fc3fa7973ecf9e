package server

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
)

// DownloadRequest asks for the files of pictures, or for a list of them.
type DownloadRequest struct {
	IDs    []string `json:"ids" minItems:"1" maxItems:"100000" doc:"Ids of pictures"`
	Format string   `json:"format,omitempty" enum:"zip,list,nul" doc:"The files in an archive (zip, the default), or their paths, one a line (list) or each ended by a NUL (nul)"`
}

func (s *Server) registerDownload(api huma.API) {
	register(s, api, operation{
		ID: "download", Method: http.MethodPost, Path: "/download", Tag: "images", Summary: "The files of pictures in an archive, or a list of them",
		Reads: true, Long: true, MaxBody: 8 << 20, Edit: answersBytes("application/octet-stream"),
	}, func(ctx context.Context, in *struct{ Body DownloadRequest }) (*huma.StreamResponse, error) {
		x, release, err := s.source.acquire(ctx)
		if err != nil {
			return nil, err
		}
		defer release()
		records, err := recordsOf(ctx, x, in.Body.IDs)
		if err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			r, w := humago.Unwrap(hc)
			w.Header().Set("Cache-Control", "no-store")
			http.NewResponseController(w).SetWriteDeadline(time.Now().Add(longTime))
			if in.Body.Format == "list" || in.Body.Format == "nul" {
				writeList(w, records, in.Body.Format == "nul")
				return
			}
			if err := s.writeZip(r.Context(), w, records); err != nil {
				s.log.Warn("a download was cut short", "reason", err)
				panic(http.ErrAbortHandler) // so that nobody takes it for whole
			}
		}}, nil
	})
}

// recordsOf are pictures in the order of their ids, each once, without vectors.
func recordsOf(ctx context.Context, x *Index, ids []string) ([]store.Record, error) {
	var out []store.Record
	seen := make(map[string]bool, len(ids))
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		again := seen[id]
		seen[id] = true
		return again
	})
	for chunk := range slices.Chunk(ids, tagChunk) {
		records, err := x.Store.Get(ctx, chunk)
		if err != nil {
			return nil, err
		}
		for i := range records {
			records[i].Vector = nil
		}
		out = append(out, records...)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: none of the %d pictures", store.ErrNotFound, len(ids))
	}
	return out, nil
}

func writeList(w http.ResponseWriter, records []store.Record, nul bool) {
	end, name := "\n", "pictures.txt"
	if nul {
		end, name = "\x00", "pictures.list"
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", disposition(name))
	for _, r := range records {
		io.WriteString(w, r.Path+end) // who has gone away needs no answer
	}
}

// writeZip writes the files as they are. Those that cannot be read are named in a file of
// the archive.
func (s *Server) writeZip(ctx context.Context, w http.ResponseWriter, records []store.Record) error {
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", disposition("pictures.zip"))
	z := zip.NewWriter(w)
	taken := make(map[string]int)
	var missing strings.Builder
	for i := range records {
		r := &records[i]
		if err := ctx.Err(); err != nil {
			return err
		}
		f, data, info, err := openFile(r, s.options.Limits)
		if err != nil {
			fmt.Fprintf(&missing, "%s: %s\n", terminal.Safe(r.Path), terminal.Safe(err.Error()))
			continue
		}
		var content io.Reader = bytes.NewReader(data)
		if f != nil {
			content = f
		}
		out, err := z.CreateHeader(&zip.FileHeader{Name: freeName(path.Base(r.Path), taken), Method: zip.Store, Modified: info.ModTime()})
		if err == nil {
			_, err = io.Copy(out, content)
		}
		if f != nil {
			f.Close()
		}
		if err != nil {
			return err
		}
	}
	if missing.Len() > 0 {
		out, err := z.Create(freeName("missing.txt", taken))
		if err != nil {
			return err
		}
		if _, err := io.WriteString(out, missing.String()); err != nil {
			return err
		}
	}
	return z.Close()
}

// freeName is the name of a file in an archive that no other there has: two folders may
// hold pictures of one name.
func freeName(name string, taken map[string]int) string {
	name = strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) || r == '\\' || r == ':' {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
	for try := name; ; {
		key := strings.ToLower(try)
		n := taken[key]
		taken[key] = n + 1
		if n == 0 {
			return try
		}
		ext := path.Ext(name)
		try = fmt.Sprintf("%s (%d)%s", strings.TrimSuffix(name, ext), taken[strings.ToLower(name)], ext)
	}
}
