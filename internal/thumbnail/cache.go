package thumbnail

import (
	"container/list"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/imaging"
)

// Options bound what a Cache takes.
type Options struct {
	MaxBytes int64 // of the folder; 0 for 2 GiB
	// Workers is how many thumbnails are made at once; 0 for one a core.
	Workers int
	Memory  int64 // for decoding, together; 0 for 512 MiB. A picture that needs more goes alone
	Limits  imaging.Limits
}

// Cache keeps thumbnails in a folder: DIR/ab/abcd...-512.jpg for the content abcd... . A
// file has a head of eight bytes, "SLT1" and the CRC-32C of the JPEG behind it, since a
// crash of the machine may leave half of one. The files that were used longest ago go
// first. Several processes may share a folder: each counts what it saw when it opened it
// and what it wrote since.
//
// A nil *Cache makes thumbnails and keeps none.
type Cache struct {
	dir     string
	options Options
	flight  singleflight.Group
	workers *semaphore.Weighted
	memory  *semaphore.Weighted

	mu      sync.Mutex
	files   map[string]*list.Element // of kept, by name
	used    *list.List               // the most recently used first
	bytes   int64
	hits    int64
	made    int64
	removed int64
}

type kept struct {
	name string
	size int64
}

// Stats counts what a Cache did since it was opened.
type Stats struct {
	Files, Bytes        int64 // that are there
	Hits, Made, Removed int64
}

const (
	defaultMaxBytes = 2 << 30
	defaultMemory   = 512 << 20
	headBytes       = 8
	ending          = ".jpg"
	// touchAfter is how old a file's time of use may be: it is written to the disk now and
	// then, for the next process.
	touchAfter = time.Hour
)

var (
	head       = []byte("SLT1")
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// Open opens the cache in a folder, which is made.
func Open(dir string, o Options) (*Cache, error) {
	if o.MaxBytes <= 0 {
		o.MaxBytes = defaultMaxBytes
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Memory <= 0 {
		o.Memory = defaultMemory
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder of thumbnails: %w", err)
	}
	c := &Cache{
		dir: dir, options: o, workers: semaphore.NewWeighted(int64(o.Workers)), memory: semaphore.NewWeighted(o.Memory),
		files: make(map[string]*list.Element), used: list.New(),
	}
	return c, c.look()
}

// look finds the files that are there.
func (c *Cache) look() error {
	type found struct {
		kept
		at time.Time
	}
	var all []found
	err := filepath.WalkDir(c.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !e.Type().IsRegular() || !strings.HasSuffix(path, ending) {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		info, err := e.Info()
		if err != nil { // removed meanwhile
			return nil
		}
		all = append(all, found{kept{e.Name(), info.Size()}, info.ModTime()})
		return nil
	})
	if err != nil {
		return fmt.Errorf("folder of thumbnails: %w", err)
	}
	slices.SortFunc(all, func(a, b found) int { return b.at.Compare(a.at) })
	for _, f := range all {
		c.files[f.name] = c.used.PushBack(&f.kept)
		c.bytes += f.size
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shrink()
	return nil
}

// Source reads the bytes of a picture file. It reports whether they still are the content
// that the thumbnail is asked for by.
type Source func(ctx context.Context) (data []byte, current bool, err error)

// Get returns the thumbnail of a content, by its SHA-256, with its longer side at most so
// long; side is what SideFor returns. Where it is not there it is made of what read returns, once
// for all that ask for it at the same time. It is kept only where read says that it is of
// that content; current says so too.
func (c *Cache) Get(ctx context.Context, content []byte, side int, read Source) (jpeg []byte, current bool, err error) {
	if !slices.Contains(sides[:], side) {
		return nil, false, fmt.Errorf("%w: %d; there are %v", ErrSide, side, sides)
	}
	if c == nil || len(content) == 0 {
		data, current, err := read(ctx)
		if err != nil {
			return nil, false, err
		}
		made, err := Make(ctx, data, []int{side}, imaging.Limits{}, nil)
		return made[side], current && len(content) > 0, err
	}
	name := nameOf(content, side)
	if data := c.load(name); data != nil {
		return data, true, nil
	}
	type result struct {
		jpeg    []byte
		current bool
	}
	// The one who asked first may go away: it is made for all the same.
	done := c.flight.DoChan(name, func() (any, error) {
		if c.has(name) { // another one was just done with it
			if data := c.load(name); data != nil {
				return result{data, true}, nil
			}
		}
		made, current, err := c.make(context.WithoutCancel(ctx), content, []int{side}, read)
		return result{made[side], current}, err
	})
	select {
	case <-ctx.Done():
		return nil, false, context.Cause(ctx)
	case r := <-done:
		if r.Err != nil {
			return nil, false, r.Err
		}
		res := r.Val.(result)
		return res.jpeg, res.current, nil
	}
}

// Ensure makes those thumbnails of a content that are not there, in one go, and reports
// whether any was made.
func (c *Cache) Ensure(ctx context.Context, content []byte, wanted []int, read Source) (bool, error) {
	var missing []int
	for _, side := range wanted {
		if !c.has(nameOf(content, side)) {
			missing = append(missing, side)
		}
	}
	if len(missing) == 0 || len(content) == 0 {
		return false, nil
	}
	_, _, err := c.make(ctx, content, missing, read)
	return err == nil, err
}

// make makes thumbnails, with as many others as the options allow.
func (c *Cache) make(ctx context.Context, content []byte, wanted []int, read Source) (map[int][]byte, bool, error) {
	if err := c.workers.Acquire(ctx, 1); err != nil {
		return nil, false, err
	}
	defer c.workers.Release(1)
	data, current, err := read(ctx)
	if err != nil {
		return nil, false, err
	}
	made, err := Make(ctx, data, wanted, c.options.Limits, func(ctx context.Context, need int64) (func(), error) {
		need = min(need, c.options.Memory)
		return func() { c.memory.Release(need) }, c.memory.Acquire(ctx, need)
	})
	if err != nil {
		return nil, false, err
	}
	c.mu.Lock()
	c.made += int64(len(made))
	c.mu.Unlock()
	if current {
		for side, jpeg := range made {
			c.save(nameOf(content, side), jpeg)
		}
	}
	return made, current, nil
}

func nameOf(content []byte, side int) string {
	return hex.EncodeToString(content) + "-" + strconv.Itoa(side) + ending
}

func (c *Cache) path(name string) string { return filepath.Join(c.dir, name[:2], name) }

func (c *Cache) has(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.files[name] != nil
}

// load returns a thumbnail that is there and whole, else nil. One that another process
// wrote is found too.
func (c *Cache) load(name string) []byte {
	data, err := os.ReadFile(c.path(name))
	if err != nil {
		c.forget(name)
		return nil
	}
	if len(data) < headBytes || string(data[:4]) != string(head) ||
		binary.LittleEndian.Uint32(data[4:]) != crc32.Checksum(data[headBytes:], castagnoli) {
		os.Remove(c.path(name)) // it is rebuilt
		c.forget(name)
		return nil
	}
	c.touch(name, int64(len(data)))
	return data[headBytes:]
}

// touch notes that a file was used.
func (c *Cache) touch(name string, size int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hits++
	if e := c.files[name]; e != nil {
		c.used.MoveToFront(e)
	} else {
		c.files[name] = c.used.PushFront(&kept{name, size})
		c.bytes += size
		c.shrink()
	}
	path := c.path(name)
	if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > touchAfter {
		now := time.Now()
		os.Chtimes(path, now, now) // a time that cannot be written costs nothing but order
	}
}

func (c *Cache) forget(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.files[name]; e != nil {
		c.drop(e)
	}
}

// save keeps a thumbnail. One that cannot be kept is made again the next time.
func (c *Cache) save(name string, jpeg []byte) {
	data := make([]byte, headBytes, headBytes+len(jpeg))
	copy(data, head)
	binary.LittleEndian.PutUint32(data[4:], crc32.Checksum(jpeg, castagnoli))
	data = append(data, jpeg...)
	path := c.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return
	}
	if err := atomicfile.WriteCache(path, data); err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.files[name]; e != nil {
		c.drop(e)
	}
	c.files[name] = c.used.PushFront(&kept{name, int64(len(data))})
	c.bytes += int64(len(data))
	c.shrink()
}

// shrink removes the files that were used longest ago until the others fit. The newest
// stays in any case.
func (c *Cache) shrink() {
	for c.bytes > c.options.MaxBytes && c.used.Len() > 1 {
		e := c.used.Back()
		os.Remove(c.path(e.Value.(*kept).name))
		c.drop(e)
		c.removed++
	}
}

func (c *Cache) drop(e *list.Element) {
	k := c.used.Remove(e).(*kept)
	delete(c.files, k.name)
	c.bytes -= k.size
}

// Stats returns what the cache did.
func (c *Cache) Stats() Stats {
	if c == nil {
		return Stats{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return Stats{Files: int64(c.used.Len()), Bytes: c.bytes, Hits: c.hits, Made: c.made, Removed: c.removed}
}
