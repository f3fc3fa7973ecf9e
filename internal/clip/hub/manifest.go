package hub

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/fault"
)

// manifestFormat is the version of the manifest that is written. A reader
// refuses a higher one.
const manifestFormat = 1

// Manifest says what a bundle consists of and where it came from. It is written
// last: where it is, all the files that it names are.
type Manifest struct {
	Format int `json:"format"`
	// Repo is the hub's name of the model, or for a bundle that was made in another
	// way, a name for its source.
	Repo      string    `json:"repo"`
	Commit    string    `json:"commit,omitempty"`    // of the repository, 40 hex digits
	Endpoint  string    `json:"endpoint,omitempty"`  // the host that it was fetched from
	FetchedAt time.Time `json:"fetched_at,omitzero"` // of the last file added, in UTC
	Files     []File    `json:"files"`               // sorted by path
}

// File is one file of a bundle.
type File struct {
	Path   string `json:"path"` // slash-separated, below the bundle's folder
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // lower-case hex
}

// Bytes is the size of all files together.
func (m Manifest) Bytes() int64 {
	var n int64
	for _, f := range m.Files {
		n += f.Size
	}
	return n
}

// Precisions gives the precisions whose two graphs the manifest lists.
func (m Manifest) Precisions() []string { return precisionsIn(m.has) }

func (m Manifest) has(path string) bool {
	return slices.ContainsFunc(m.Files, func(f File) bool { return f.Path == path })
}

// add puts files in, in the place of files of the same paths.
func (m *Manifest) add(files ...File) {
	for _, f := range files {
		m.Files = slices.DeleteFunc(m.Files, func(g File) bool { return g.Path == f.Path })
		m.Files = append(m.Files, f)
	}
	slices.SortFunc(m.Files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
}

// ReadManifest reads the manifest of the bundle in dir. The error is
// ErrNoManifest when there is none and ErrManifest when it cannot be understood.
func ReadManifest(dir string) (Manifest, error) {
	f, err := os.Open(filepath.Join(dir, ManifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return Manifest{}, fmt.Errorf("%s: %w", dir, ErrNoManifest)
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("read the manifest: %w", err)
	}
	defer f.Close()
	m, err := parseManifest(f)
	if err != nil {
		return Manifest{}, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return m, nil
}

// parseManifest refuses anything that could lead a reader outside the bundle.
func parseManifest(r io.Reader) (Manifest, error) {
	data, err := io.ReadAll(io.LimitReader(r, 4<<20))
	if err != nil {
		return Manifest{}, fmt.Errorf("read the manifest: %w", err)
	}
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return Manifest{}, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	if m.Format > manifestFormat {
		return Manifest{}, fault.Advise("update sightline", "%w: it has format %d, this program knows %d",
			ErrManifest, m.Format, manifestFormat)
	}
	if m.Format < 1 {
		return Manifest{}, fmt.Errorf("%w: it names no format", ErrManifest)
	}
	seen := map[string]bool{}
	for _, f := range m.Files {
		if err := checkPath(f.Path); err != nil {
			return Manifest{}, fmt.Errorf("%w: %w", ErrManifest, err)
		}
		if f.Size < 0 || !sha256Hex().MatchString(f.SHA256) || seen[f.Path] {
			return Manifest{}, fmt.Errorf("%w: its entry for %s is wrong", ErrManifest, f.Path)
		}
		seen[f.Path] = true
	}
	return m, nil
}

// WriteManifest puts m into dir: a reader finds the old manifest or the new one
// and never a part of either.
func WriteManifest(dir string, m Manifest) error {
	m.Format = manifestFormat
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(m); err != nil {
		return fmt.Errorf("encode the manifest: %w", err)
	}
	if err := atomicfile.WriteBytes(filepath.Join(dir, ManifestName), buf.Bytes()); err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	return nil
}

// syncDir makes renames in dir last through a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	// Some systems cannot sync a folder; the files themselves are synced.
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) {
		return errors.Join(err, d.Close())
	}
	return d.Close()
}
