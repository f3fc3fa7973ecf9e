package index

import (
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/spelling"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
	"github.com/sightline/sightline/internal/walk"
)

// mostNames is how many names of a folder, on the disk or in an index, are compared with a
// mistyped one.
const mostNames = 10_000

// nearOnDisk returns the paths that may be meant by one that is not there: with another
// name in the place of its first part that is missing, and the rest as it was where that is
// there.
func nearOnDisk(p string) []string {
	abs, err := absolute(p)
	if err != nil || abs == "/" {
		return nil
	}
	parent, name, rest := path.Dir(abs), path.Base(abs), ""
	for parent != "/" && missing(parent) {
		parent, name, rest = path.Dir(parent), path.Base(parent), path.Join(name, rest)
	}
	folder, err := os.Open(parent)
	if err != nil {
		return nil
	}
	defer folder.Close()
	names, _ := folder.Readdirnames(mostNames) // those that can be read are names enough
	var near []string
	for _, n := range spelling.Nearest(name, names) {
		found := path.Join(parent, n)
		if whole := path.Join(found, rest); present(whole) {
			found = whole
		}
		near = append(near, found)
	}
	return near
}

// nearIndexed returns the paths of an index that may be meant by one at or below which it
// has nothing: another picture or folder in the same folder.
func nearIndexed(ctx context.Context, st store.Scanner, p string) ([]string, error) {
	abs, err := absolute(p)
	if err != nil || abs == "/" {
		return nil, err
	}
	parent := walk.Resolve(path.Dir(abs))
	names, looked := map[string]bool{}, 0
	add := func(found string) bool {
		if rest, ok := strings.CutPrefix(found, strings.TrimSuffix(parent, "/")+"/"); ok {
			name, _, _ := strings.Cut(rest, "/")
			names[name] = true
		}
		looked++
		return looked < mostNames
	}
	for r, err := range st.Scan(ctx, store.Under(parent), store.Fields{AnyOrder: true}) {
		if err != nil {
			return nil, err
		}
		if !add(r.Path) {
			break
		}
	}
	for f, err := range st.Failures(ctx) {
		if err != nil {
			return nil, err
		}
		if !add(f.Path) {
			break
		}
	}
	var all []string
	for n := range names {
		all = append(all, n)
	}
	slices.Sort(all)
	var near []string
	for _, n := range spelling.Nearest(path.Base(abs), all) {
		near = append(near, path.Join(parent, n))
	}
	return near, nil
}

// nothingThere is ErrNothingThere for a path, with the paths that may have been meant.
func nothingThere(ctx context.Context, st store.Scanner, p string) error {
	near, err := nearIndexed(ctx, st, p)
	if err != nil {
		return fmt.Errorf("looking for %s: %w", p, err)
	}
	return fault.Fatalf(didYouMean(near, "search --under PATH lists what is there; nothing was forgotten"), "%w %s", ErrNothingThere, p)
}

// didYouMean puts paths that may have been meant before other advice.
func didYouMean(near []string, advice string) string {
	if len(near) == 0 {
		return advice
	}
	for i, n := range near {
		near[i] = terminal.ShellWord(n)
	}
	return "did you mean " + spelling.Or(near) + "? " + advice
}
