package hub

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Installed is a bundle that was found on this machine.
type Installed struct {
	Name       string   `json:"name"` // owner/name, or the folder's name alone
	Dir        string   `json:"dir"`
	Precisions []string `json:"variants"`         // both of whose graphs are there
	Bytes      int64    `json:"bytes"`            // of the bundle's files, partial ones too when it is not complete
	Commit     string   `json:"commit,omitempty"` // empty without a manifest
	// Complete says that every file of the manifest is there in its size; without a
	// manifest, that the files which a bundle needs are there. Verify looks closer.
	Complete bool     `json:"complete"`
	Missing  []string `json:"missing,omitempty"` // files that are not there in their size
}

// List finds the bundles below each of dirs, both Dir/owner/name and Dir/name,
// sorted by name and then by folder. Folders that do not exist count as empty;
// a folder that is named twice is read once. What cannot be read is in the error beside
// the bundles that could.
func List(dirs ...string) ([]Installed, error) {
	var found []Installed
	var errs []error
	for i, dir := range dirs {
		if slices.ContainsFunc(dirs[:i], func(earlier string) bool { return sameFolder(earlier, dir) }) {
			continue
		}
		here, err := listDir(dir)
		found = append(found, here...)
		if err != nil {
			errs = append(errs, fmt.Errorf("list the models in %s: %w", dir, err))
		}
	}
	slices.SortStableFunc(found, func(a, b Installed) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Dir, b.Dir))
	})
	return found, errors.Join(errs...)
}

// sameFolder reports whether two names lead to one folder, as those of the program and
// of the user do in an installation below ~/.local.
func sameFolder(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

func listDir(dir string) ([]Installed, error) {
	var found []Installed
	names, errTop := folderNames(dir)
	errs := []error{errTop}
	for _, name := range names {
		b, ok, err := inspect(dir, name)
		errs = append(errs, err)
		if ok {
			found = append(found, b)
			continue
		}
		if strings.HasPrefix(name, ".") {
			continue
		}
		// Not a bundle: the folder of an owner, perhaps.
		subs, err := folderNames(filepath.Join(dir, name))
		errs = append(errs, err)
		for _, sub := range subs {
			b, ok, err := inspect(dir, name+"/"+sub)
			errs = append(errs, err)
			if ok {
				found = append(found, b)
			}
		}
	}
	return found, errors.Join(errs...)
}

// folderNames gives the folders in dir, links to folders too. The staging folder
// of a bundle that is not there yet stands for the bundle.
func folderNames(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(dir, e.Name()))
		if err != nil || !info.IsDir() {
			continue
		}
		name := e.Name()
		if strings.HasPrefix(name, ".") {
			bundle, ok := strings.CutSuffix(name[1:], stagingSuffix)
			if !ok || bundle == "" {
				continue
			}
			name = bundle
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// inspect looks at the folder that may be the bundle name below parent.
func inspect(parent, name string) (Installed, bool, error) {
	dir := bundleDir(parent, name)
	b := Installed{Name: name, Dir: dir}
	size := func(path string) int64 {
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(path)))
		if err != nil || !info.Mode().IsRegular() {
			return -1
		}
		return info.Size()
	}
	b.Precisions = precisionsIn(func(p string) bool { return size(p) >= 0 })

	man, err := ReadManifest(dir)
	switch {
	case err == nil:
		b.Commit = man.Commit
		for _, f := range man.Files {
			n := size(f.Path)
			b.Bytes += max(n, 0)
			if n != f.Size {
				b.Missing = append(b.Missing, f.Path)
			}
		}
		b.Complete = len(b.Missing) == 0
		return b, true, nil
	case !errors.Is(err, ErrNoManifest) && !errors.Is(err, ErrManifest):
		return Installed{}, false, err
	}
	damaged := errors.Is(err, ErrManifest)
	// Without a manifest a bundle is known by its files.
	var staged int64
	if err := eachPart(stagingDir(dir), func(_ string, n int64) { staged += n }); err != nil {
		return Installed{}, false, err
	}
	if size("config.json") < 0 && len(b.Precisions) == 0 && staged == 0 && !damaged {
		return Installed{}, false, nil
	}
	b.Bytes = staged
	for _, p := range requiredFiles {
		n := size(p)
		b.Bytes += max(n, 0)
		if n < 0 {
			b.Missing = append(b.Missing, p)
		}
	}
	for _, v := range b.Precisions {
		vision, text, _ := graphsOf(v)
		b.Bytes += size(vision) + size(text)
	}
	if damaged {
		b.Missing = append(b.Missing, ManifestName)
	}
	b.Complete = len(b.Missing) == 0 && len(b.Precisions) > 0
	return b, true, nil
}
