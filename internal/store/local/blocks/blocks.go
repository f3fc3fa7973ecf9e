// Package blocks keeps backups in a folder: states of a few large files, cut into blocks that
// are named by their content, so that a block which several states share is kept once.
//
//	backup.json             what the folder is
//	blocks/ab/abcdef...     a block: its name is its SHA-256 in hexadecimal
//	states/TIME.json        a State: the files, each a list of blocks
//
// A state is written last and whole, so that a backup which breaks off leaves the ones before
// as they are, and only blocks that the next attempt need not write again. With any tool that
// joins files, a state is restored by hand.
package blocks

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/lazyregexp"
	"github.com/sightline/sightline/internal/smallfile"
)

// BlockSize is the length of all blocks of a file but the last.
const BlockSize = 1 << 20

const (
	markName   = "backup.json"
	blocksName = "blocks"
	statesName = "states"
	// Format counts changes of the layout that older versions cannot read.
	format = 1
)

// The lengths of files that are read whole. A folder of backups may come from anybody: a pipe
// or a device in the place of a file must neither be waited for nor fill the memory. A state of
// maxState bytes names terabytes.
const (
	maxMark  = 1 << 16
	maxState = 256 << 20
)

// Errors that callers tell apart.
var (
	ErrNoBackup = errors.New("there is no backup here")
	ErrNoState  = errors.New("the backup has no such state")
	ErrForeign  = errors.New("the folder holds other files and is no backup")
	ErrDamaged  = errors.New("the backup is damaged")
)

type mark struct {
	Format int    `json:"format"`
	What   string `json:"what"`
}

const whatMark = "a backup of a Sightline index; restore it with: indexer restore"

// Folder is a folder of backups.
type Folder struct{ dir string }

// File is a file of a state.
type File struct {
	Path   string   `json:"path"` // with slashes, inside the folder that was backed up
	Size   int64    `json:"size"`
	Blocks []string `json:"blocks"`
}

// State is what was backed up at one time.
type State struct {
	Name string `json:"-"` // by which it is restored
	// Sum is the SHA-256 of the file of the state with zeros in its place, in hexadecimal. The
	// states of earlier versions have none.
	Sum   string            `json:"sum,omitempty"`
	Time  time.Time         `json:"time"`
	About map[string]string `json:"about"` // the caller's
	Files []File            `json:"files"`
}

// Size is the sum of the sizes of the files.
func (s *State) Size() (bytes int64) {
	for _, f := range s.Files {
		bytes += f.Size
	}
	return bytes
}

// Open opens a folder of backups.
func Open(dir string) (*Folder, error) {
	b, err := smallfile.Read(filepath.Join(dir, markName), maxMark)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", dir, ErrNoBackup)
	} else if err != nil {
		return nil, err
	}
	var m mark
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDamaged, markName, err)
	}
	if m.Format != format {
		return nil, fmt.Errorf("%s is of format %d, this version reads %d", dir, m.Format, format)
	}
	return &Folder{dir}, nil
}

// Create opens a folder of backups, or makes one of a folder that is empty or missing.
func Create(dir string) (*Folder, error) {
	f, err := Open(dir)
	if !errors.Is(err, ErrNoBackup) {
		return f, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		// An attempt that broke off may have left the rest.
		if name := e.Name(); name != blocksName && name != statesName && !isTemporary(name) {
			return nil, fmt.Errorf("%s: %w", dir, ErrForeign)
		}
	}
	for _, name := range []string{blocksName, statesName} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			return nil, err
		}
	}
	b, err := json.Marshal(mark{format, whatMark})
	if err != nil {
		return nil, err
	}
	return &Folder{dir}, atomicfile.WriteBytes(filepath.Join(dir, markName), append(b, '\n'))
}

// isTemporary reports whether a name is one of package atomicfile's, for what is being written.
func isTemporary(name string) bool {
	return strings.HasPrefix(name, ".sightline-") && strings.HasSuffix(name, ".tmp")
}

// RemoveLeftovers removes what killed backups were writing an hour ago or earlier.
func (f *Folder) RemoveLeftovers() error {
	dirs, err := filepath.Glob(filepath.Join(f.dir, blocksName, "*"))
	if err != nil {
		return err
	}
	for _, dir := range append(dirs, f.dir, filepath.Join(f.dir, statesName)) {
		if _, err := atomicfile.RemoveLeftovers(dir); err != nil {
			return err
		}
	}
	return nil
}

var blockName = lazyregexp.New(`^[0-9a-f]{64}$`)

func (f *Folder) blockPath(name string) string {
	return filepath.Join(f.dir, blocksName, name[:2], name)
}

// Copied counts what a backup wrote.
type Copied struct {
	Bytes, NewBytes   int64
	Blocks, NewBlocks int
}

// Put keeps the first size bytes of r. Each block is read back, whether it is new or was
// there: one that is damaged is written again.
func (f *Folder) Put(ctx context.Context, path string, r io.ReaderAt, size int64, n *Copied) (File, error) {
	out := File{Path: path, Size: size}
	buf := make([]byte, BlockSize)
	for off := int64(0); off < size; off += BlockSize {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		b := buf[:min(BlockSize, size-off)]
		if got, err := r.ReadAt(b, off); err != nil && (got < len(b) || !errors.Is(err, io.EOF)) {
			return out, fmt.Errorf("%s: %w", path, err)
		}
		sum := sha256.Sum256(b)
		name := hex.EncodeToString(sum[:])
		n.Blocks++
		n.Bytes += int64(len(b))
		if have, err := smallfile.Read(f.blockPath(name), BlockSize); err != nil || !bytes.Equal(have, b) {
			if err := f.write(name, b); err != nil {
				return out, fmt.Errorf("%s: %w", path, err)
			}
			n.NewBlocks++
			n.NewBytes += int64(len(b))
		}
		out.Blocks = append(out.Blocks, name)
	}
	return out, nil
}

// write writes a block and reads it back.
func (f *Folder) write(name string, b []byte) error {
	path := f.blockPath(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := atomicfile.WriteBytes(path, b); err != nil {
		return err
	}
	have, err := smallfile.Read(path, BlockSize)
	if err == nil && !bytes.Equal(have, b) {
		err = fmt.Errorf("%w: block %s is not what was written", ErrDamaged, name)
	}
	return err
}

// stateLayout is how the name of a state says its time, in UTC.
const stateLayout = "20060102T150405.000Z"

// nameFor returns the name of a state of a time that is later than all that are there: the
// order of names is that of backups, whichever way the clock was set between them.
func (f *Folder) nameFor(at time.Time) (string, error) {
	names, err := f.States()
	if err != nil {
		return "", err
	}
	name := at.UTC().Format(stateLayout)
	if len(names) == 0 || name > names[len(names)-1] {
		return name, nil
	}
	last, err := time.Parse(stateLayout, names[len(names)-1])
	if err != nil {
		return name, nil // none that a backup has named
	}
	return last.Add(time.Millisecond).Format(stateLayout), nil
}

// isOurs reports whether a name is one that Commit gives.
func isOurs(name string) bool {
	at, err := time.Parse(stateLayout, name)
	return err == nil && at.Format(stateLayout) == name
}

// Commit writes a state whose files were put, and names it by its time.
func (f *Folder) Commit(s *State) error {
	name, err := f.nameFor(s.Time)
	if err != nil {
		return err
	}
	s.Sum = noSum
	b, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err
	}
	s.Sum = sumOf(b)
	b = bytes.Replace(b, []byte(noSum), []byte(s.Sum), 1)
	s.Name = name
	return atomicfile.WriteBytes(filepath.Join(f.dir, statesName, s.Name+".json"), append(b, '\n'))
}

// noSum is what a sum is taken of in its own place.
var noSum = strings.Repeat("0", 2*sha256.Size)

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// checkSum reports whether a state is what was written. One without a sum passes.
func (s *State) checkSum(text []byte) error {
	if s.Sum == "" {
		return nil
	}
	text = bytes.Replace(bytes.TrimSuffix(text, []byte("\n")), []byte(s.Sum), []byte(noSum), 1)
	if sumOf(text) != s.Sum {
		return errors.New("it is not what was written")
	}
	return nil
}

// States lists the names of the states, the oldest first. Those that somebody gave another name
// come before all others.
func (f *Folder) States() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(f.dir, statesName))
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".json"); ok && !strings.HasPrefix(name, ".") {
			out = append(out, name)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		if x, y := isOurs(a), isOurs(b); x != y {
			if x {
				return 1
			}
			return -1
		}
		return strings.Compare(a, b)
	})
	return out, nil
}

// State reads a state by its name; "" is the newest.
func (f *Folder) State(name string) (*State, error) {
	if name == "" {
		all, err := f.States()
		if err != nil {
			return nil, err
		}
		if len(all) == 0 {
			return nil, fmt.Errorf("%s: %w that was finished", f.dir, ErrNoBackup)
		}
		name = all[len(all)-1]
	}
	if name != filepath.Base(name) {
		return nil, fmt.Errorf("%w: %q", ErrNoState, name)
	}
	b, err := smallfile.Read(filepath.Join(f.dir, statesName, name+".json"), maxState)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %q", ErrNoState, name)
	}
	if err != nil {
		return nil, err
	}
	s := &State{}
	if err := json.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("%w: state %s: %w", ErrDamaged, name, err)
	}
	s.Name = name
	if err := s.checkSum(b); err != nil {
		return nil, fmt.Errorf("%w: state %s: %w", ErrDamaged, name, err)
	}
	for _, file := range s.Files {
		if err := file.check(); err != nil {
			return nil, fmt.Errorf("%w: state %s: %w", ErrDamaged, name, err)
		}
	}
	return s, nil
}

// check reports a file that no backup has: a state may come from anybody.
func (f *File) check() error {
	if !filepath.IsLocal(filepath.FromSlash(f.Path)) || f.Path == "." {
		return fmt.Errorf("file name %q", f.Path)
	}
	if f.Size < 0 || (f.Size+BlockSize-1)/BlockSize != int64(len(f.Blocks)) {
		return fmt.Errorf("%s has %d bytes in %d blocks", f.Path, f.Size, len(f.Blocks))
	}
	for _, name := range f.Blocks {
		if !blockName().MatchString(name) {
			return fmt.Errorf("%s: block name %q", f.Path, name)
		}
	}
	return nil
}

// Prune removes all but the newest states, and the blocks that no state has any more. It
// returns how many states it removed. Nothing is removed while one that stays cannot be read,
// and none that somebody gave another name. No other backup may be under way.
func (f *Folder) Prune(keep int) (removed int, err error) {
	names, err := f.States()
	if err != nil {
		return 0, err
	}
	used := map[string]bool{}
	var goes []string
	for i, name := range names {
		if i < len(names)-keep && isOurs(name) {
			goes = append(goes, name)
			continue
		}
		s, err := f.State(name)
		if err != nil {
			return 0, fmt.Errorf("no older states are removed: %w", err)
		}
		for _, file := range s.Files {
			for _, b := range file.Blocks {
				used[b] = true
			}
		}
	}
	for _, name := range goes {
		if err := os.Remove(filepath.Join(f.dir, statesName, name+".json")); err != nil {
			return removed, err
		}
		removed++
	}
	if removed == 0 {
		return 0, nil
	}
	return removed, filepath.WalkDir(filepath.Join(f.dir, blocksName), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || used[e.Name()] || !blockName().MatchString(e.Name()) {
			return err
		}
		return os.Remove(path)
	})
}
