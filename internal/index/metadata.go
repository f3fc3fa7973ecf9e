package index

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"github.com/sightline/sightline/internal/imaging/metadata"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/walk"
)

// metadataStamp is store.Record.MetadataStamp of a file that a walk came by. It is
// another one when the sidecar changes, goes, or comes, and where the system tells, when
// anything about the file itself was changed: no edit can hide from that. Such a file is
// read again, and embedded only if its content is another.
func metadataStamp(e walk.Entry) uint32 {
	if e.ChangeTime.IsZero() {
		return besideStamp(e)
	}
	return stampOf(store.StatHash(e.Size, e.ChangeTime, besideStamp(e)))
}

// besideStamp is the stamp that systems without such times have, and that earlier
// versions gave: a record of theirs counts as unchanged. It is of what lies beside the
// file: its sidecar, and the twin that a RAW file has its pixels of. So a RAW file is read
// again when its twin is edited, and when the run is told to use twins, or no more.
func besideStamp(e walk.Entry) uint32 {
	var stamp uint32
	if e.Sidecar != nil {
		stamp = stampOf(store.StatHash(e.Sidecar.Size, e.Sidecar.ModTime, 0))
	}
	if e.Twin != nil {
		stamp = stampOf(store.StatHash(e.Twin.Size, e.Twin.ModTime, stamp))
	}
	return stamp
}

// stampOf makes a stamp of a hash: none of those with a meaning of their own.
func stampOf(hash uint64) uint32 {
	const reserved = 2 // 0 and store.StaleMetadata
	stamp := uint32(hash)
	if stamp < reserved {
		stamp += reserved
	}
	return stamp
}

// stampMatches reports whether a record has the stamp of a file that a walk came by.
func stampMatches(stamp uint32, e walk.Entry) bool {
	return stamp == metadataStamp(e) || stamp == besideStamp(e)
}

// describe sets what a record says of its picture's metadata: those of the file,
// joined with those of its sidecar. Keywords take the place of the tags from "file";
// tags of other sources stay.
func (w *worker) describe(rec *store.Record, m metadata.Metadata, c candidate) {
	if c.entry.Sidecar != nil {
		sidecar, err := readSidecar(c.entry.Sidecar.Path)
		if err != nil {
			// What could be read of it counts. The picture is none the worse.
			w.x.log.Warn("a sidecar cannot be read, or only in part", "path", c.entry.Sidecar.Path, "reason", reason(err))
		}
		m = metadata.Merge(m, sidecar, rec.ModTime, c.entry.Sidecar.ModTime)
	}
	for _, warning := range m.Warnings {
		w.x.log.Warn("metadata were kept in part", "path", rec.Path, "reason", warning)
	}
	rec.MetadataStamp = metadataStamp(c.entry)
	rec.TakenAt = m.Date.Time
	rec.About = store.About{
		Date: m.Date.String(), DateKind: string(m.Date.Source), Title: m.Title, Caption: m.Caption, Rating: m.Rating,
		Make: m.Make, Model: m.Model,
	}
	if m.Position != nil {
		rec.About.Position = store.Position{Latitude: m.Position.Latitude, Longitude: m.Position.Longitude}
	}
	tags := make([]store.Tag, 0, len(m.Keywords)+len(rec.Tags))
	for _, k := range m.Keywords {
		tags = append(tags, store.Tag{Label: k, Source: "file"})
	}
	rec.Tags = append(tags, slices.DeleteFunc(slices.Clone(rec.Tags), func(t store.Tag) bool { return t.Source == "file" })...)
}

// sameDescription reports whether two records say the same of their pictures'
// metadata.
func sameDescription(a, b store.Record) bool {
	return a.TakenAt.Equal(b.TakenAt) && a.About == b.About && slices.Equal(tagsFrom(a.Tags, "file"), tagsFrom(b.Tags, "file"))
}

// readSidecar reads an XMP file. One that is gone by now says nothing: the next run
// notices.
func readSidecar(path string) (metadata.Metadata, error) {
	// O_NONBLOCK: it may have become a pipe since it was listed.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return metadata.Metadata{}, nil
	} else if err != nil {
		return metadata.Metadata{}, err
	}
	defer f.Close() // nothing was written
	info, err := f.Stat()
	switch {
	case err != nil:
		return metadata.Metadata{}, err
	case !info.Mode().IsRegular():
		return metadata.Metadata{}, fmt.Errorf("not a regular file (%s)", info.Mode().Type())
	}
	data, err := io.ReadAll(io.LimitReader(f, metadata.MaxSidecarBytes+1))
	if err != nil {
		return metadata.Metadata{}, err
	}
	m, err := metadata.ReadSidecar(data[:min(len(data), metadata.MaxSidecarBytes)])
	if len(data) > metadata.MaxSidecarBytes {
		err = errors.Join(err, fmt.Errorf("only its first %d bytes were read", metadata.MaxSidecarBytes))
	}
	return m, err
}
