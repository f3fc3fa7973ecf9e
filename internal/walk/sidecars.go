package walk

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// Sidecar is the XMP file that lies beside a picture and speaks of it.
type Sidecar struct {
	Path    string // absolute, slash-separated
	Size    int64
	ModTime time.Time
}

// sidecarExtension ends the names of sidecars, in any case.
const sidecarExtension = ".xmp"

// sidecars knows the sidecars among the names of a folder. darktable and digiKam write
// photo.jpg.xmp, Lightroom photo.xmp; neither the case of letters matters nor how their
// accents are composed, which copying between systems may change.
type sidecars struct {
	byName map[string][]string // by sameName without the extension: the sidecars' names
	// claims counts, for the stems that have a sidecar photo.xmp, the pictures that it
	// may belong to.
	claims map[string]claim
	// owned are the sidecars that a file in the folder has in its own spelling, and no
	// file of another spelling.
	owned map[string]bool
	// attached are the sidecars that are read with a picture of the folder.
	attached map[string]bool
}

// sameName is a name in the form that all of its spellings share.
func sameName(name string) string { return norm.NFC.String(strings.ToLower(name)) }

// attach finds out which sidecars are read with one of the files of a folder.
func (s *sidecars) attach(names []fs.DirEntry) {
	s.attached = make(map[string]bool)
	for _, e := range names {
		if name := e.Name(); mayOwnSidecar(name) {
			s.attached[s.of(name)] = true
		}
	}
}

// claim says who may own a sidecar that is named by the stem alone.
type claim struct{ pictures, raws int }

// newSidecars looks through the names of a folder. It returns nil for the many that
// have no sidecar.
func newSidecars(names []fs.DirEntry) *sidecars {
	var s *sidecars
	for _, e := range names {
		name := e.Name()
		if !isSidecar(name) {
			continue
		}
		if s == nil {
			s = &sidecars{byName: make(map[string][]string), claims: make(map[string]claim), owned: make(map[string]bool)}
		}
		of := sameName(name[:len(name)-len(sidecarExtension)])
		s.byName[of] = append(s.byName[of], name)
	}
	if s == nil {
		return nil
	}
	for _, e := range names {
		name := e.Name()
		s.own(name, name)
		s.own(name, strings.TrimSuffix(name, path.Ext(name)))
		stem := sameName(strings.TrimSuffix(name, path.Ext(name)))
		if _, ok := s.byName[stem]; !ok || !mayOwnSidecar(name) {
			continue
		}
		c := s.claims[stem]
		if c.pictures++; isRaw(name) {
			c.raws++
		}
		s.claims[stem] = c
	}
	return s
}

// own notes that a file has the sidecar that is spelled like it, by its whole name or
// its stem.
func (s *sidecars) own(file, spelling string) {
	for _, name := range s.byName[sameName(spelling)] {
		if name != file && strings.HasPrefix(name, spelling) {
			s.owned[name] = true
		}
	}
}

// of returns the name of a picture's sidecar, "" if it has none. photo.jpg.xmp goes
// before photo.xmp, and of several spellings of a name the picture's own.
func (s *sidecars) of(picture string) string {
	if found := s.pick(s.byName[sameName(picture)], picture); found != "" {
		return found
	}
	if !mayOwnSidecar(picture) {
		return ""
	}
	stem := strings.TrimSuffix(picture, path.Ext(picture))
	c := s.claims[sameName(stem)]
	if c.pictures > 1 && !(isRaw(picture) && c.raws == 1) {
		return "" // beside photo.raw it is the RAW's; else nobody knows whose
	}
	return s.pick(s.byName[sameName(stem)], stem)
}

// isSidecar reports whether a name is one that a sidecar has. It is asked of every
// name in every folder.
func isSidecar(name string) bool {
	n := len(name) - len(sidecarExtension)
	return n > 0 && name[n] == '.' && strings.EqualFold(name[n:], sidecarExtension)
}

// pick chooses among sidecars whose names differ in spelling alone.
func (s *sidecars) pick(names []string, exact string) string {
	found := ""
	for _, name := range names {
		if strings.HasPrefix(name, exact) {
			return name
		}
		if found == "" && !s.owned[name] {
			found = name
		}
	}
	return found
}

// mayOwnSidecar reports whether a file of this name may be what a sidecar of the same
// stem speaks of: anything but another sidecar, and what cameras and programs put
// beside a picture (its film, its sound, its settings).
func mayOwnSidecar(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case sidecarExtension, ".mov", ".mp4", ".m4v", ".avi", ".mts", ".wav", ".mp3", ".aae", ".thm", ".json", ".txt", ".pp3", ".dop", ".cos",
		".on1", ".xml", ".yml", ".gpx":
		return false
	}
	return true
}

// isRaw reports whether a name is that of a camera's RAW file, for which programs that
// develop pictures write their sidecars.
func isRaw(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".gpr",
		".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f":
		return true
	}
	return false
}

// SidecarAmong returns the name of a picture's sidecar among the names of its folder,
// "" if it has none: the one that a walk finds.
func SidecarAmong(names []fs.DirEntry, picture string) string {
	s := newSidecars(names)
	if s == nil {
		return ""
	}
	return s.of(picture)
}

// attachSidecar adds its sidecar to a candidate of a folder, which is given open or as
// nil. Only pictures that have one cost a look at the disk. A sidecar that is ignored
// or no regular file is none.
func (f *folder) attachSidecar(dir *os.File, picture string, e *Entry) {
	if f.sidecars == nil {
		return
	}
	name := f.sidecars.of(picture)
	if name == "" || f.ignored(f.prefix+name, false) {
		return
	}
	if st, err := lstat(dir, f.prefix, name); err == nil && st.regular {
		e.Sidecar = &Sidecar{Path: f.prefix + name, Size: st.size, ModTime: st.modTime}
	}
}

// besideRoot is what lies in the folder of roots that are files.
type besideRoot struct {
	sidecars *sidecars
	twins    twins
}

// attachToRoot adds its sidecar and its twin to a root that is a file. Each folder of such roots is
// read once, however many there are.
func (w *walker) attachToRoot(e *Entry) {
	at, name := path.Split(e.Path)
	found, read := w.besideRoots[at]
	if !read {
		names, _ := os.ReadDir(at) // where that fails, the picture is read without
		found.sidecars = newSidecars(names)
		if w.o.Twins {
			found.twins = newTwins(names)
		}
		if w.besideRoots == nil {
			w.besideRoots = make(map[string]besideRoot)
		}
		w.besideRoots[at] = found
	}
	f := folder{
		prefix: at, sidecars: found.sidecars, twins: found.twins,
		scope: &scope{o: &w.o, always: newRules(nil, path.Clean(at), w.ignore)},
	}
	f.attachSidecar(nil, name, e)
	f.attachTwin(nil, name, e)
}
