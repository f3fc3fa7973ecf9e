package walk

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"time"
)

// Twin is the picture that a camera wrote beside a RAW file: IMG_1.JPG beside IMG_1.CR2.
type Twin struct {
	Path    string // absolute, slash-separated
	Size    int64
	ModTime time.Time
}

// twinExtensions are those of the pictures that cameras write beside RAW files, the
// likeliest first. Letter case does not matter.
var twinExtensions = []string{".jpg", ".jpeg", ".heic", ".hif", ".heif"}

// twins knows which names of a folder may be twins: by the stem, as it is spelled.
type twins map[string][]string

// newTwins looks through the names of a folder. It returns nil for the many that hold no
// RAW file.
func newTwins(names []fs.DirEntry) twins {
	raws := make(map[string]bool)
	for _, e := range names {
		if name := e.Name(); isRaw(name) {
			raws[stem(name)] = true
		}
	}
	if len(raws) == 0 {
		return nil
	}
	t := make(twins)
	for _, e := range names {
		if name := e.Name(); raws[stem(name)] && twinRank(name) >= 0 {
			t[stem(name)] = append(t[stem(name)], name)
		}
	}
	return t
}

func stem(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }

// twinRank is the place of a name's extension among twinExtensions, or -1.
func twinRank(name string) int {
	ext := path.Ext(name)
	for i, known := range twinExtensions {
		if strings.EqualFold(ext, known) {
			return i
		}
	}
	return -1
}

// of returns the likeliest twin of a RAW file, "" if it has none.
func (t twins) of(raw string) string {
	if len(t) == 0 || !isRaw(raw) {
		return ""
	}
	best := ""
	for _, name := range t[stem(raw)] {
		if best == "" || twinRank(name) < twinRank(best) {
			best = name
		}
	}
	return best
}

// attachTwin adds its twin to a RAW file of a folder, which is given open or as nil. What
// is no regular file, or leads to none, is no twin.
func (f *folder) attachTwin(dir *os.File, raw string, e *Entry) {
	name := f.twins.of(raw)
	if name == "" {
		return
	}
	st, err := lstat(dir, f.prefix, name)
	if err == nil && !st.regular {
		var info fs.FileInfo
		if info, err = os.Stat(f.prefix + name); err == nil {
			st = newStat(info)
		}
	}
	if err == nil && st.regular {
		e.Twin = &Twin{Path: f.prefix + name, Size: st.size, ModTime: st.modTime}
	}
}
