// Package walk finds the picture files of collections on disk.
//
// A walk is an iterator. It never fails as a whole: what goes wrong with one file
// or folder is yielded as an *Error among the entries, and the walk goes on. Only
// the context ends it early.
//
// Order. The roots come in the order given. Within a folder names come in byte
// order, files and folders mixed, and a folder's contents come at its place (depth
// first). Folders that are reached through symbolic links come after all roots, in
// the order in which the links were met: so a folder that lies in a collection is
// always reported by its own path, and adding a link to it later does not rename
// its files. Every real folder is visited once, however many roots and links lead
// to it, which also ends loops.
//
// Names are bytes. A name that is not UTF-8, or holds newlines or quotes, passes
// through unchanged.
package walk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path"
	"strings"
	"time"
)

// Entry is a file that may be a picture.
type Entry struct {
	Path    string    // absolute, cleaned, slash-separated
	Root    string    // the root it was found under, absolute
	Size    int64     // bytes
	ModTime time.Time // of the file that a link leads to
	// ChangeTime is when anything about that file changed, its contents included, which no
	// program can set: the ctime of Unix. It is zero where the system has none.
	ChangeTime time.Time
	Sidecar    *Sidecar // the XMP file that speaks of it; nil where there is none
	Twin       *Twin    // of a RAW file, with Options.Twins; nil where there is none
}

// Error is a problem with one file or folder. The walk has gone on after it.
type Error struct {
	Path string // absolute, slash-separated
	Root string // the root it was found under, absolute
	Err  error
	// Dir says that Path is a folder, or may have been one (a root that is missing, a
	// link that leads nowhere): what the index holds below it is unknown, not gone.
	Dir bool
	// RootMissing says that Path is a root and does not exist.
	RootMissing bool
}

// Error says what happened to which path. The path is printed as it is: a caller
// that shows it on a terminal has to make it safe.
func (e *Error) Error() string { return e.Path + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Causes that are not the operating system's.
var (
	ErrBrokenLink  = errors.New("link leads nowhere") // to no file or folder, or in a circle
	ErrIgnoreFile  = errors.New("ignore file cannot be used")
	ErrEmptyRoot   = errors.New("path is empty")
	errInvalidGlob = errors.New("invalid glob")
)

// BadIgnoreLine reports whether an error is about a line of an ignore file, whose other
// lines hold.
func BadIgnoreLine(err error) bool {
	return errors.Is(err, ErrIgnoreFile) && errors.Is(err, errInvalidGlob)
}

// Reason says why something was passed over without being an error.
type Reason string

// The reasons that Options.Skipped is called with.
const (
	NotPicture Reason = "not a picture"         // neither by name nor by content; see Skip.Kind
	Hidden     Reason = "hidden"                // a dot name
	Junk       Reason = "junk"                  // see Junk folders in junk.go
	Ignored    Reason = "ignored"               // by Options.Ignore or an ignore file
	NoMedia    Reason = "no media"              // a folder that holds a .nomedia
	Special    Reason = "special file"          // socket, fifo, device
	Link       Reason = "link"                  // with Options.SkipLinks
	Visited    Reason = "already visited"       // reached before by another root or link
	Attached   Reason = "read with its picture" // a sidecar: see Entry.Sidecar
	Unreadable Reason = "unreadable"            // its content had to be looked at, and could not
)

// Skip is something that a walk passed over. A folder is one Skip, not one for each
// file below it.
type Skip struct {
	Path string // absolute, slash-separated
	Why  Reason
	Kind string // of what is NotPicture, as OtherKind or Sniff calls it: "video"
	Dir  bool   // it is a folder
}

// Others remembers what files turned out to be that are no pictures.
type Others interface {
	// Recall returns what the file at a path is, by the size and times that it has now;
	// ok is false where that is not known.
	Recall(e Entry) (kind string, ok bool)
	// Remember takes in what a file is.
	Remember(e Entry, kind string)
}

// Options says what a walk looks at. The zero value yields every file that is not
// hidden or junk, and follows links.
//
// The functions but Skipped and Mount are called from several goroutines at once.
type Options struct {
	// KnownExtension reports by its name whether a file is a candidate. nil takes
	// every file.
	KnownExtension func(name string) bool
	// OtherKind says what a file certainly is by its name, other than a picture
	// ("video"), so that it need not be opened; "" where only its content can tell. nil
	// is sure of no name.
	OtherKind func(name string) string
	// Sniff reports by the first 64 bytes (fewer for a shorter file) whether a file
	// whose name tells nothing is a candidate, and what it is if not ("text"). nil
	// takes no such file.
	Sniff func(name string, head []byte) (picture bool, kind string)
	// Hidden also looks at names that start with a dot. Junk stays passed over.
	Hidden bool
	// SkipLinks passes symbolic links over. A root is followed even so: it was named.
	SkipLinks bool
	// Known spares opening a file whose name tells nothing: it returns what reports, by the
	// size and times that the file has now, whether it is the candidate that it was before;
	// nil for a path that was none. A nil Known knows no file.
	Known func(path string) (unchanged func(Entry) bool)
	// Others spares opening, each time, files whose names tell nothing and that are no
	// pictures. nil remembers none.
	Others Others
	// Twins looks for the twins of cameras' RAW files: see Entry.Twin.
	Twins bool
	// Ignore holds lines as in an ignore file, for every root. What they ignore, no
	// ignore file brings back. See ValidateGlobs.
	Ignore []string
	// Folder, if set, is told the path of each folder that is about to be read, before its
	// names are: who begins to watch it then misses nothing that comes into it.
	Folder func(path string)
	// Mount, if set, is told the path of each folder that is on another disk than the folder it
	// is in, or than the folder of the link that leads to it, on the goroutine that iterates.
	Mount func(path string)
	// Skipped, if set, is told what was passed over, on the goroutine that iterates.
	Skipped func(Skip)
	// Readers is how many goroutines read folders ahead of the consumer; 0 chooses by
	// the number of cores, a negative number reads nothing ahead.
	Readers int
}

// MayMatter reports by its name whether a walk may have something new to yield when
// something happened to a file or folder: it may be a picture or a folder, speak of
// pictures, or say what is ignored. A folder that is called like a file that is none, such
// as videos.mp4, is missed.
func (o Options) MayMatter(name string) bool {
	switch {
	case name == noMediaFile || name == IgnoreFile:
		return true
	case name == "" || isJunk(name) || name[0] == '.' && !o.Hidden:
		return false
	case strings.EqualFold(path.Ext(name), sidecarExtension):
		return true
	case o.KnownExtension != nil && o.KnownExtension(name):
		return true
	}
	return o.OtherKind == nil || o.OtherKind(name) == ""
}

// Walk yields the candidates below roots, each of which is a folder or a file, in
// the order that the package comment gives.
//
// An error beside an entry is an *Error, and the entry then has Path and Root
// alone; the walk goes on. Two errors are of other types, come last and once: the
// context's, when it ends, and that of a malformed Options.Ignore.
func Walk(ctx context.Context, roots []string, o Options) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		ignore, err := parseGlobs(o.Ignore)
		if err != nil {
			yield(Entry{}, fmt.Errorf("walk: %w", err))
			return
		}
		w := &walker{
			ctx:    ctx,
			o:      o,
			ignore: ignore,
			yield:  yield,
			ahead:  newReadAhead(o.Readers),
		}
		defer w.ahead.stop()
		w.walk(roots)
		if err := ctx.Err(); err != nil && !w.stopped {
			yield(Entry{}, err)
		}
	}
}
