package server

import (
	"encoding/hex"
	"path"
	"time"

	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
)

// Hit is a picture that was found: what the command line's --json says of it, and what a
// page needs besides.
type Hit struct {
	query.HitJSON
	Picture
}

// Picture is what a page needs to show a picture, beside what the command line says.
type Picture struct {
	Name    string    `json:"name" doc:"The file's name"`
	Folder  string    `json:"folder" doc:"The folder that it is in"`
	Bytes   int64     `json:"bytes" doc:"Size of the file"`
	Changed time.Time `json:"changed" doc:"When the file was last changed"`
	// Version changes with the content: URLs of thumbnails carry it, so that they can be
	// kept for good.
	Version    string      `json:"version" doc:"Changes with the content of the file; ?v= of thumbnails"`
	TagDetails []store.Tag `json:"tag_details" doc:"Tags with their source (file, user, run:ID) and probability"`
	Shown      bool        `json:"shown" doc:"Browsers show the file itself; else /file makes a JPEG of it"`
}

func newPicture(r *store.Record) Picture {
	return Picture{
		Name: path.Base(r.Path), Folder: path.Dir(r.Path), Bytes: r.Size, Changed: r.ModTime.UTC(), Version: versionOf(r),
		TagDetails: append([]store.Tag{}, r.Tags...), Shown: shownByBrowsers(r.Format),
	}
}

// versionOf is short: it keeps two contents of one picture apart, and nothing else.
func versionOf(r *store.Record) string {
	return hex.EncodeToString(r.ContentHash[:min(8, len(r.ContentHash))])
}

// shownByBrowsers reports whether every browser shows a format by itself, rotated rightly.
func shownByBrowsers(format string) bool {
	switch format {
	case "jpeg", "png", "gif", "webp", "avif", "bmp":
		return true
	}
	return false
}

// hitOf is the hit at a place of an answer.
func hitOf(a query.Answer, i int) Hit {
	return Hit{HitJSON: a.JSON(i), Picture: newPicture(&a.Hits[i].Record)}
}

func hitsOf(a query.Answer) []Hit {
	hits := make([]Hit, len(a.Hits))
	for i := range a.Hits {
		hits[i] = hitOf(a, i)
	}
	return hits
}

// hitOfRecord is a picture that was not found by a question.
func hitOfRecord(r *store.Record) Hit {
	return hitOf(query.Answer{Hits: []store.Hit{{Record: *r}}}, 0)
}
