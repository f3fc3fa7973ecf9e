//go:build cgo && !nolibjpeg

package imaging

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/imaging/fence"
)

// TestFencedIsHere compares pixels, whole and in parts, sound and damaged.
func TestFencedIsHere(t *testing.T) {
	workers := jpegWorkers()
	files := map[string][]byte{}
	for _, name := range []string{"420.jpg", "422.jpg", "444.jpg", "grey.jpg", "cmyk.jpg", "restarts.jpg", "progressive-420.jpg", "quality30.jpg"} {
		files[name] = readSource(t, name)
		files[name+", cut"] = files[name][:len(files[name])*9/10]
		files[name+", cut to pieces"] = files[name][:len(files[name])/9]
	}
	rng := rand.New(rand.NewPCG(5, 6))
	for _, size := range []image.Point{{2000, 1500}, {9000, 700}, {1, 9000}} { // 9, 19 MB: in parts
		var file bytes.Buffer
		img := image.NewRGBA(image.Rectangle{Max: size})
		for y := range size.Y {
			for x := range size.X {
				img.SetRGBA(x, y, color.RGBA{uint8(x / 8), uint8(y / 8), uint8(x * y / 64), 255})
			}
		}
		if err := jpeg.Encode(&file, img, &jpeg.Options{Quality: 70 + rng.IntN(20)}); err != nil {
			t.Fatal(err)
		}
		files[size.String()] = file.Bytes()
	}
	for name, data := range files {
		h, err := jpegHeader(data)
		if err != nil {
			continue // cut before its size
		}
		for _, scale := range []int{1, 2, 8} {
			here := NewRGB((h.width+scale-1)/scale, (h.height+scale-1)/scale)
			fenced := NewRGB(here.Width, here.Height)
			j := jobFor(here, scale)
			want := decodeHere(j, here.Pix, data)
			got, err := decodeFenced(t.Context(), workers, j, fenced.Pix, data)
			if err != nil || got != want {
				t.Errorf("%s, 1/%d: %v\n got %+v\nwant %+v", name, scale, err, got, want)
			}
			if want.code == 0 && want.report.lost == 0 && want.report.base_gone == 0 && !bytes.Equal(here.Pix, fenced.Pix) {
				t.Errorf("%s, 1/%d: other pixels", name, scale)
			}
		}
	}
	if err := Unfenced(); err != nil {
		t.Errorf("nothing was fenced: %v", err)
	}
}

// shim is a library in front of libjpeg that does to a decoder what a faulty one might do, where a
// comment of the file says so.
const shim = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <jpeglib.h>

static char breach[200];

static void tell(j_common_ptr jpeg, char *message)
{
	(void)jpeg;
	snprintf(message, JMSG_LENGTH_MAX, "breached:%s", breach);
}

static void attempt(const char *name, int worked)
{
	if (worked)
		strcat(strcat(breach, " "), name);
}

int jpeg_read_header(j_decompress_ptr jpeg, boolean strict)
{
	const JOCTET *in = jpeg->src->next_input_byte;
	if (jpeg->src->bytes_in_buffer > 16 && in[2] == 0xff && in[3] == 0xfe) {
		const char *comment = (const char *)in + 6;
		if (!strncmp(comment, "CRASH", 5))
			*(volatile int *)8 = 1;
		if (!strncmp(comment, "CLIMB", 5))
			for (;;)
				;
		if (!strncmp(comment, "BREAK", 5)) {
			attempt("open", open("/etc/passwd", O_RDONLY) >= 0);
			attempt("create", open("/tmp/sightline-breach", O_CREAT | O_WRONLY, 0600) >= 0);
			attempt("socket", socket(AF_INET, SOCK_STREAM, 0) >= 0);
			attempt("fork", fork() >= 0);
			attempt("signal", kill(getppid(), 0) == 0);
			attempt("execute", mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
			attempt("cut", ftruncate(4, 0) == 0);
			attempt("run", execl("/bin/true", "true", NULL) == 0);
			jpeg->err->format_message = tell;
			jpeg->err->error_exit((j_common_ptr)jpeg);
		}
	}
	return ((int (*)(j_decompress_ptr, boolean))dlsym(RTLD_NEXT, "jpeg_read_header"))(jpeg, strict);
}
`

// withShim builds the shim for the workers that are started from now on.
func withShim(t *testing.T) {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("there is no C compiler")
	}
	dir := t.TempDir()
	source, library := filepath.Join(dir, "shim.c"), filepath.Join(dir, "shim.so")
	if err := os.WriteFile(source, []byte(shim), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), cc, "-shared", "-fPIC", "-o", library, source, "-ldl").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Setenv("LD_PRELOAD", library)
}

// commented is a JPEG that begins with a comment.
func commented(t *testing.T, comment string) []byte {
	t.Helper()
	return slices.Concat([]byte{0xff, 0xd8, 0xff, 0xfe, 0, byte(2 + len(comment))}, []byte(comment), readSource(t, "420.jpg")[2:])
}

// TestCrashInLibjpeg has the decoder crash, and go round in circles, inside C: the file is reported, and
// others are decoded.
func TestCrashInLibjpeg(t *testing.T) {
	withShim(t)
	workers := newJPEGWorkers(time.Minute, time.Second)
	defer workers.Close()
	h, err := jpegHeader(readSource(t, "420.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	dst := NewRGB(h.width, h.height)
	for _, c := range []struct{ comment, how string }{
		{"CRASH me", "crashed on this file (segmentation fault)"},
		{"CLIMB for ever", "was not done with this file after 1s of processor time"},
		{"a comment", ""},
	} {
		r, err := decodeFenced(t.Context(), workers, jobFor(dst, 1), dst.Pix, commented(t, c.comment))
		f, failed := errors.AsType[*fence.Failure](err)
		if failed != (c.how != "") || failed && f.How != c.how || err == nil && r.code != 0 {
			t.Errorf("%s: %v, %+v", c.comment, err, r)
		}
	}
}

// TestWalls has the decoder reach for what is not its business.
func TestWalls(t *testing.T) {
	withShim(t)
	workers := newJPEGWorkers(time.Minute, time.Minute)
	defer workers.Close()
	walls, err := workers.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if walls&fence.NoPrivileges == 0 || walls&fence.Limits == 0 {
		t.Errorf("the walls are %v", walls)
	}
	if walls&fence.Seccomp == 0 {
		t.Skipf("this system has no filters of system calls; the walls are %v", walls)
	}
	dst := NewRGB(8, 8)
	r, err := decodeFenced(t.Context(), workers, jobFor(dst, 1), dst.Pix, commented(t, "BREAK out"))
	if message := messageOf(r); err != nil || message != "breached:" {
		t.Errorf("%v, %q", err, message)
	}
}

// TestManyScansAtOnce has a picture whose components come one after the other, so that libjpeg
// keeps all of it: nobody writes large ones, and this one would take 2.4 GB.
func TestManyScansAtOnce(t *testing.T) {
	data := readSource(t, "444.jpg")
	frame, scan := bytes.Index(data, []byte{0xff, 0xc0}), bytes.Index(data, []byte{0xff, 0xda})
	if frame < 0 || scan < 0 {
		t.Fatal("no baseline picture")
	}
	const side = 20000
	binary.BigEndian.PutUint16(data[frame+5:], side)
	binary.BigEndian.PutUint16(data[frame+7:], side)
	component := data[scan+5]
	large := slices.Concat(data[:scan], []byte{0xff, 0xda, 0, 8, 1, component, 0, 0, 63, 0}, make([]byte, side*side/512), []byte{0xff, 0xd9})
	if _, _, err := Decode(large, Options{Mode: Fast, ShortSide: 224}); !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "coefficients") {
		t.Errorf("%v", err)
	}
}

// TestCrashedFile is how the file's own reason reads.
func TestCrashedFile(t *testing.T) {
	err := ofKind(&fence.Failure{How: "crashed on this file (segmentation fault)"})
	if !errors.Is(err, ErrCorrupt) || !strings.HasSuffix(err.Error(), "the decoder crashed on this file (segmentation fault)") {
		t.Error(err)
	}
}
