package hub

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Kind is what is wrong with a file.
type Kind string

// The kinds of problems that Verify finds.
const (
	Missing    Kind = "missing"
	WrongSize  Kind = "wrong size"
	WrongHash  Kind = "wrong SHA-256"
	Unreadable Kind = "unreadable"
	Leftover   Kind = "leftover" // a partial file of an interrupted fetch: harmless
)

// Problem is something about a bundle that is not as its manifest says.
type Problem struct {
	Path   string `json:"path"` // slash-separated, below the bundle's folder or beside it
	Kind   Kind   `json:"kind"`
	Detail string `json:"detail,omitempty"`
}

// String is one line for people.
func (p Problem) String() string {
	if p.Detail == "" {
		return p.Path + ": " + string(p.Kind)
	}
	return p.Path + ": " + string(p.Kind) + ": " + p.Detail
}

// Harmless reports whether the bundle can be used in spite of the problem.
func (p Problem) Harmless() bool { return p.Kind == Leftover }

// Verify holds every file of the bundle in dir against the manifest there and
// lists what differs; nothing means that the bundle is whole. The error, when
// there is no manifest to hold them against, is ErrNoManifest or ErrManifest. It
// reads only: Fetch repairs. obs may be nil.
func Verify(ctx context.Context, dir string, obs Observer) ([]Problem, error) {
	man, err := ReadManifest(dir)
	if err != nil {
		return nil, fmt.Errorf("verify the bundle: %w", err)
	}
	m := newMeter(obs, time.Now)
	m.start(0, man.Bytes())
	var problems []Problem
	for _, f := range man.Files {
		m.enter(Checking, f.Path)
		p, err := verifyFile(ctx, dir, f, m)
		if err != nil {
			return nil, fmt.Errorf("verify the bundle in %s: %w", dir, err)
		}
		if p != nil {
			problems = append(problems, *p)
		}
	}
	m.enter(Checking, "")
	left, err := leftovers(dir)
	if err != nil {
		return nil, fmt.Errorf("verify the bundle in %s: %w", dir, err)
	}
	return append(problems, left...), nil
}

func verifyFile(ctx context.Context, dir string, f File, m *meter) (*Problem, error) {
	name := filepath.Join(dir, filepath.FromSlash(f.Path))
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		m.start(m.p.Done, m.p.Total-f.Size)
		return &Problem{Path: f.Path, Kind: Missing}, nil
	case err != nil:
		m.start(m.p.Done, m.p.Total-f.Size)
		return &Problem{f.Path, Unreadable, err.Error()}, nil
	case !info.Mode().IsRegular():
		m.start(m.p.Done, m.p.Total-f.Size)
		return &Problem{f.Path, Unreadable, "not a regular file"}, nil
	case info.Size() != f.Size:
		m.start(m.p.Done, m.p.Total-f.Size)
		return &Problem{f.Path, WrongSize, fmt.Sprintf("%d bytes, want %d", info.Size(), f.Size)}, nil
	}
	got, err := digest(ctx, name, m.moved)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return &Problem{f.Path, Unreadable, err.Error()}, nil
	case got.sha256 != f.SHA256:
		return &Problem{f.Path, WrongHash, fmt.Sprintf("%s, want %s", got.sha256, f.SHA256)}, nil
	}
	return nil, nil
}

// leftovers lists partial files in the bundle's staging folder.
func leftovers(dir string) ([]Problem, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	var found []Problem
	err = eachPart(stagingDir(abs), func(rel string, size int64) {
		found = append(found, Problem{
			Path: filepath.Base(stagingDir(abs)) + "/" + rel, Kind: Leftover,
			Detail: megabytes(size) + " of an interrupted fetch",
		})
	})
	return found, err
}

// eachPart calls f for the partial files below a staging folder, which need not
// exist.
func eachPart(staging string, f func(rel string, size int64)) error {
	err := filepath.WalkDir(staging, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(name, partSuffix) {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(staging, name)
		if err != nil {
			return err
		}
		f(filepath.ToSlash(rel), info.Size())
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
