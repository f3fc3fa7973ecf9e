package chaos

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
)

// library is a folder of small pictures that changes from day to day, always in the same
// way.
type library struct {
	t        *testing.T
	dir      string
	rng      *rand.Rand
	pictures []string // their paths
	made     int      // pictures so far: no two have equal content
	tagged   bool     // people and tag runs give tags
	toTag    []string // of the pictures of a day, those that a person tags
}

// perFolder is how many pictures a folder has at first.
const perFolder = 200

func newLibrary(t *testing.T, dir string, pictures int) *library {
	t.Helper()
	l := &library{t: t, dir: dir, rng: rand.New(rand.NewPCG(1, 2)), tagged: true}
	for range pictures {
		l.add()
	}
	return l
}

// add makes a picture in a folder of its time.
func (l *library) add() {
	path := filepath.Join(l.dir, strconv.Itoa(l.made/perFolder), fmt.Sprintf("img_%07d.png", l.made))
	l.paint(path)
	l.pictures = append(l.pictures, path)
}

// paint writes a picture that no other is equal to.
func (l *library) paint(path string) {
	l.t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 8, 8))
	for i := range 64 {
		n := l.made
		if i > 8 {
			n *= i // neighbours in time look different
		}
		img.SetNRGBA(i%8, i/8, color.NRGBA{uint8(n), uint8(n >> 8), uint8(n >> 16), 255})
	}
	l.made++
	var b bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.NoCompression}
	err := enc.Encode(&b, img)
	if err == nil {
		if err = os.MkdirAll(filepath.Dir(path), 0o755); err == nil {
			err = os.WriteFile(path, b.Bytes(), 0o644)
		}
	}
	if err != nil {
		l.t.Fatal(err)
	}
}

// day changes a share of the library, as many pictures being added as deleted, and returns
// how many changed.
func (l *library) day(share float64) int {
	l.t.Helper()
	n := max(5, int(share*float64(len(l.pictures))))
	l.toTag = nil
	for i := range n {
		at := l.rng.IntN(len(l.pictures))
		path := l.pictures[at]
		var err error
		switch i % 5 {
		case 0:
			l.add()
		case 1:
			err = os.Remove(path)
			last := len(l.pictures) - 1
			l.pictures[at] = l.pictures[last]
			l.pictures = l.pictures[:last]
		case 2:
			l.paint(path)
		case 3:
			to := filepath.Join(filepath.Dir(path), "moved_"+strconv.Itoa(l.made)+"_"+filepath.Base(path)[max(0, len(filepath.Base(path))-11):])
			l.made++
			err = os.Rename(path, to)
			l.pictures[at] = to
		case 4:
			l.toTag = append(l.toTag, path)
		}
		if err != nil {
			l.t.Fatal(err)
		}
	}
	return n
}

// tag gives the pictures that a person tags today a tag, if they are still there.
func (l *library) tag(s *local.Store) error {
	if len(l.toTag) == 0 || !l.tagged {
		return nil
	}
	var ids []string
	for _, path := range l.toTag {
		ids = append(ids, store.ID("default", path))
	}
	known, err := s.Stats(l.t.Context(), ids)
	if err != nil {
		return err
	}
	tags := make(map[string][]store.Tag, len(ids))
	for i, id := range ids {
		if _, ok := known[id]; ok {
			tags[id] = []store.Tag{{Label: "day " + strconv.Itoa(i%50), Source: "user"}}
		}
	}
	return s.SetTags(l.t.Context(), "user", tags)
}

// sizes are the bytes of the files of an index.
type sizes struct{ catalogue, vectors, codes, caches, documents, other int64 }

const sizesHeader = "catalogue | vectors | codes | caches | documents | other (KB)"

func (s sizes) sum() int64 {
	return s.catalogue + s.vectors + s.codes + s.caches + s.documents + s.other
}

func (s sizes) String() string {
	return fmt.Sprintf("%d | %d | %d | %d | %d | %d", s.catalogue>>10, s.vectors>>10, s.codes>>10, s.caches>>10, s.documents>>10, s.other>>10)
}

// sizesOf adds up the files of an index, without what tests put beside it.
func sizesOf(t *testing.T, db string) sizes {
	t.Helper()
	var s sizes
	err := filepath.WalkDir(db, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		n := info.Size()
		name := e.Name()
		switch {
		case strings.HasPrefix(name, "catalogue.db"):
			s.catalogue += n
		case strings.HasPrefix(name, "vectors-"):
			s.vectors += n
		case strings.HasPrefix(name, "codes"):
			s.codes += n
		case filepath.Base(filepath.Dir(path)) == "documents" || filepath.Base(filepath.Dir(path)) == "runs":
			s.documents += n
		case strings.HasSuffix(name, ".bin"):
			s.caches += n
		default:
			s.other += n
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// liveShare is how many rows of the vector file belong to records.
func liveShare(t *testing.T, db string, records int) float64 {
	t.Helper()
	return float64(records) * dim * 4 / float64(max(1, sizesOf(t, db).vectors))
}

// residentMB is the memory that this process has, in MB; 0 where the system does not tell.
func residentMB() int {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b))
	pages, err := strconv.Atoi(fields[1])
	if err != nil {
		return 0
	}
	return pages * os.Getpagesize() >> 20
}

// The sizes of an index are told apart by the files' names.
func TestSizes(t *testing.T) {
	db := t.TempDir()
	for i, name := range []string{"default/catalogue.db", "default/catalogue.db-wal", "default/vectors-3.f32", "default/codes-3.u8", "default/codes.sum", "default/tags.bin", "default/documents/a", "runs/b.done", "default/model.json"} {
		write(t, filepath.Join(db, name), make([]byte, 1<<i))
	}
	if got, want := sizesOf(t, db), (sizes{3, 4, 8 + 16, 32, 64 + 128, 256}); got != want {
		t.Errorf("%+v, want %+v:\n%s", got, want, cmp.Diff(got.String(), want.String()))
	}
}
