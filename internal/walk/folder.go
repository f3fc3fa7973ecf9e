package walk

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
)

// segmentLen is how many names of a folder are looked at in one job. It is large
// enough for the locking around a job not to matter, and small enough for a flat
// folder of a million files to be shared among readers.
const segmentLen = 512

// task is the part that folders and segments share: whoever claims it first, a
// reader or the consumer, does the work.
type task struct {
	claimed atomic.Bool
	done    chan struct{}
}

func (t *task) claim() bool               { return t.claimed.CompareAndSwap(false, true) }
func (t *task) isClaimed() bool           { return t.claimed.Load() }
func (t *task) finished() <-chan struct{} { return t.done }

// scope is what all folders of one root have in common.
type scope struct {
	o       *Options
	root    string
	always  *rules // Options.Ignore
	ahead   *readAhead
	visited *visitedSet
}

// folder is the job of reading the names of one folder.
type folder struct {
	task
	scope  *scope
	path   string
	prefix string // path with one slash behind it
	rules  *rules // of the ignore files of the folders above, later of this one too
	isRoot bool
	above  identity // the folder that it was found in; zero for a root

	// What run finds. id is known earlier behind roots and links.
	id       identity
	err      *Error   // the folder could not be read at all
	problems []*Error // it could in part, or its ignore file could not
	noMedia  bool
	sidecars *sidecars // nil where there is none
	twins    twins     // nil where there is no RAW file, or twins are not asked for
	segments []*segment
}

func newFolder(s *scope, path string, r *rules) *folder {
	f := &folder{task: task{done: make(chan struct{})}, scope: s, path: path, rules: r}
	f.prefix = strings.TrimSuffix(path, "/") + "/"
	return f
}

// run reads the names and looks at the first segment at once: most folders have no
// other.
func (f *folder) run() {
	defer close(f.done)
	if told := f.scope.o.Folder; told != nil {
		told(f.path)
	}
	dir, err := os.Open(f.path)
	if err != nil {
		f.fail(err)
		return
	}
	defer dir.Close() // nothing was written
	names, err := f.read(dir)
	if err != nil {
		f.fail(err)
		return
	}
	slices.SortFunc(names, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	has := func(name string) bool {
		_, found := slices.BinarySearchFunc(names, name, func(e fs.DirEntry, n string) int { return cmp.Compare(e.Name(), n) })
		return found
	}
	if has(noMediaFile) {
		f.noMedia = true
		return
	}
	if has(IgnoreFile) {
		f.readIgnoreFile()
	}
	if f.sidecars = newSidecars(names); f.sidecars != nil && f.scope.o.Skipped != nil {
		f.sidecars.attach(names)
	}
	if f.scope.o.Twins {
		f.twins = newTwins(names)
	}
	for part := range slices.Chunk(names, segmentLen) {
		f.segments = append(f.segments, &segment{task: task{done: make(chan struct{})}, folder: f, names: part})
	}
	if len(f.segments) == 0 {
		return
	}
	for _, s := range slices.Backward(f.segments[1:]) {
		f.scope.ahead.offer(s)
	}
	if first := f.segments[0]; first.claim() {
		first.look(dir)
	}
}

func (f *folder) fail(err error) {
	f.err = f.problem(f.path, err, true)
	f.err.RootMissing = f.isRoot && errors.Is(err, fs.ErrNotExist)
}

// read returns the unsorted names, none if the folder has been visited by now.
// What could be read of a folder that fails half-way is kept.
func (f *folder) read(dir *os.File) ([]fs.DirEntry, error) {
	info, err := dir.Stat()
	if err != nil {
		return nil, err
	}
	f.id = identityOf(info, f.path)
	if f.scope.visited.has(f.id) {
		return nil, nil
	}
	names, err := dir.ReadDir(-1)
	if err != nil && len(names) > 0 {
		f.problems = append(f.problems, f.problem(f.path, fmt.Errorf("read in part: %w", cause(err)), true))
		err = nil
	}
	return names, err
}

func (f *folder) readIgnoreFile() {
	own, problems := readIgnoreFile(f.prefix + IgnoreFile)
	for _, err := range problems {
		f.problems = append(f.problems, f.problem(f.prefix+IgnoreFile, err, false))
	}
	f.rules = newRules(f.rules, f.path, own)
}

func (f *folder) problem(path string, err error, dir bool) *Error {
	return &Error{Path: path, Root: f.scope.root, Err: cause(err), Dir: dir}
}

// ignored says whether a path in this folder is ignored.
func (f *folder) ignored(path string, dir bool) bool {
	return f.scope.always.match(path, dir) || f.rules.match(path, dir)
}

// segment is the job of looking at some names of a folder.
type segment struct {
	task
	folder *folder
	names  []fs.DirEntry
	items  []item
}

// item is what became of a name: one of why, err and folder is set, or none and it
// is a candidate.
type item struct {
	entry  Entry
	why    Reason
	kind   string // beside why: see Skip
	dir    bool   // beside why: it is a folder
	err    *Error
	folder *folder
	link   bool // folder is behind a link
}

// run opens the folder again. Where that fails, so will the look at its files, and
// says why.
func (s *segment) run() {
	dir, err := os.Open(s.folder.path)
	if err != nil {
		s.look(nil)
		return
	}
	defer dir.Close() // nothing was written
	s.look(dir)
}

// look decides what each name is. dir is the open folder or nil.
func (s *segment) look(dir *os.File) {
	defer close(s.done)
	f := s.folder
	s.items = make([]item, 0, len(s.names))
	keepSkipped := f.scope.o.Skipped != nil
	for _, e := range s.names {
		it := item{entry: Entry{Root: f.scope.root}}
		f.look(dir, e, &it)
		switch {
		case it.why == "":
			if it.folder == nil && it.err == nil {
				f.attachSidecar(dir, e.Name(), &it.entry)
				f.attachTwin(dir, e.Name(), &it.entry)
			}
			s.items = append(s.items, it)
		case keepSkipped:
			it.entry.Path = f.prefix + e.Name()
			s.items = append(s.items, it)
		}
	}
	s.names = nil
	f.scope.ahead.looked(len(s.items))
	for i := range slices.Backward(s.items) {
		if sub := s.items[i].folder; sub != nil && !s.items[i].link {
			f.scope.ahead.offer(sub)
		}
	}
}

// look decides what a name is. The cheap questions come first: for a file that is
// certainly no picture by its name, nothing is asked of the disk.
func (f *folder) look(dir *os.File, e fs.DirEntry, it *item) {
	o := f.scope.o
	name := e.Name()
	typ := e.Type()
	switch {
	case isJunk(name):
		it.why, it.dir = Junk, typ.IsDir()
	case name[0] == '.' && !o.Hidden:
		it.why, it.dir = Hidden, typ.IsDir()
	case typ.IsRegular():
		f.file(dir, name, it, func() (stat, error) { return lstat(dir, f.prefix, name) })
	case typ.IsDir():
		f.subfolder(name, it)
	case typ&fs.ModeSymlink == 0:
		it.why = Special
	case o.SkipLinks:
		it.why = Link
	default:
		f.follow(dir, name, it)
	}
}

// follow looks at what a link leads to.
func (f *folder) follow(dir *os.File, name string, it *item) {
	p := f.prefix + name
	info, err := os.Stat(p)
	switch {
	case err != nil:
		if f.ignored(p, true) { // it may have been a folder
			it.why = Ignored
			return
		}
		it.entry.Path = p
		if leadsNowhere(err) {
			err = fmt.Errorf("%w: %w", ErrBrokenLink, cause(err))
		}
		it.err = f.problem(p, err, true)
	case info.IsDir():
		if f.subfolder(name, it); it.folder != nil {
			it.link = true
			it.folder.id = identityOf(info, p)
		}
	case info.Mode().IsRegular():
		f.file(dir, name, it, func() (stat, error) { return newStat(info), nil })
	default:
		it.why = Special
	}
}

// leadsNowhere tells from the error of following a link that there is nothing behind
// it, which is not so where one may not look.
func leadsNowhere(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP)
}

func (f *folder) subfolder(name string, it *item) {
	p := f.prefix + name
	if f.ignored(p, true) {
		it.why, it.dir = Ignored, true
		return
	}
	it.folder = newFolder(f.scope, p, f.rules)
	it.folder.above = f.id
}

// file decides whether a regular file is a candidate. status is asked for its size
// and date only if it may be one.
func (f *folder) file(dir *os.File, name string, it *item, status func() (stat, error)) {
	o := f.scope.o
	p := f.prefix + name
	if f.ignored(p, false) {
		it.why = Ignored
		return
	}
	if f.sidecars != nil && f.sidecars.attached[name] {
		it.why = Attached
		return
	}
	known := o.KnownExtension == nil || o.KnownExtension(name)
	if !known && o.OtherKind != nil {
		if it.kind = o.OtherKind(name); it.kind != "" {
			it.why = NotPicture
			return
		}
	}
	remembers := !known && o.Others != nil && o.Sniff != nil
	var unchanged func(Entry) bool
	if !known && !remembers {
		if o.Known != nil && o.Sniff != nil {
			unchanged = o.Known(p)
		}
		if unchanged == nil {
			if it.why, it.kind = o.sniff(dir, f.prefix, name); it.why != "" {
				return
			}
		}
	}
	it.entry.Path = p
	st, err := status()
	if err != nil {
		it.err = f.problem(p, err, false)
		return
	}
	if !st.regular { // replaced since its name was read
		it.why = Special
		return
	}
	it.entry.Size, it.entry.ModTime, it.entry.ChangeTime = st.size, st.modTime, st.changeTime
	if remembers {
		if kind, ok := o.Others.Recall(it.entry); ok {
			it.why, it.kind = NotPicture, kind
			return
		}
		if o.Known != nil {
			unchanged = o.Known(p)
		}
	}
	if !remembers && unchanged == nil || unchanged != nil && unchanged(it.entry) {
		return
	}
	if it.why, it.kind = o.sniff(dir, f.prefix, name); it.why == NotPicture && remembers {
		o.Others.Remember(it.entry, it.kind)
	}
}

// headLen is how much of a file is read to tell what it is.
const headLen = 64

// sniff decides by content whether a file in a folder, given as to lstat, is a
// candidate: the reason "" says that it is.
func (o *Options) sniff(dir *os.File, prefix, name string) (Reason, string) {
	if o.Sniff == nil {
		return NotPicture, ""
	}
	var head [headLen]byte
	n, err := readHead(dir, prefix, name, head[:])
	if err != nil {
		return Unreadable, ""
	}
	if picture, kind := o.Sniff(name, head[:n]); !picture {
		return NotPicture, kind
	}
	return "", ""
}

// cause takes the path out of an error of package os: ours names it already.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return fmt.Errorf("%s: %w", pe.Op, pe.Err)
	}
	return err
}
