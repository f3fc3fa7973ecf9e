package preview

import (
	"bytes"
	"encoding/base64"
	"errors"
	"flag"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi/sixel"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestDetect(t *testing.T) {
	tests := []struct {
		env  string // NAME=value, separated by spaces
		want Protocol
	}{
		{"", None},
		{"TERM=xterm-256color", None},
		{"TERM=xterm-kitty", Kitty},
		{"TERM=xterm-256color KITTY_WINDOW_ID=1", Kitty},
		{"TERM=xterm-ghostty", Kitty},
		{"TERM=xterm-256color TERM_PROGRAM=ghostty", Kitty},
		{"TERM=xterm-256color KONSOLE_VERSION=230805", Kitty},
		{"TERM=xterm-256color KONSOLE_VERSION=211203", None},
		{"TERM=xterm-256color TERM_PROGRAM=iTerm.app", ITerm2},
		{"TERM=xterm-256color LC_TERMINAL=iTerm2", ITerm2},
		{"TERM=xterm-256color TERM_PROGRAM=WezTerm", ITerm2},
		{"TERM=wezterm", ITerm2},
		{"TERM=xterm TERM_PROGRAM=mintty", ITerm2},
		{"TERM=foot", Sixel},
		{"TERM=foot-extra", Sixel},
		{"TERM=mlterm-256color", Sixel},
		{"TERM=xterm-sixel", Sixel},
		{"TERM=xterm-256color XTERM_VERSION=XTerm(390)", Sixel},
		{"TERM=xterm-256color TERM_PROGRAM=vscode", None},
		{"TERM=xterm-256color TERM_PROGRAM=Apple_Terminal", None},
		{"TERM=linux", None},
		{"TERM=dumb KITTY_WINDOW_ID=1", None},
		// Multiplexers, with what leaks from the outer terminal.
		{"TERM=tmux-256color TERM_PROGRAM=tmux KITTY_WINDOW_ID=1", None},
		{"TERM=screen-256color LC_TERMINAL=iTerm2", None},
		{"TERM=xterm-kitty TMUX=/tmp/tmux-0/default,1,0", None},
		{"TERM=xterm-256color STY=1.pts KITTY_WINDOW_ID=1", None},
		// One terminal started from another.
		{"TERM=foot KITTY_WINDOW_ID=1", Sixel},
		{"TERM=xterm-kitty LC_TERMINAL=iTerm2", Kitty},
		{"TERM=xterm-256color TERM_PROGRAM=vscode KITTY_WINDOW_ID=1", None},
	}
	for _, tt := range tests {
		vars := map[string]string{}
		for _, v := range strings.Fields(tt.env) {
			name, value, _ := strings.Cut(v, "=")
			vars[name] = value
		}
		if got := Detect(func(name string) string { return vars[name] }); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.env, got, tt.want)
		}
	}
}

// gradient makes a picture in which every pixel differs from its neighbours. It
// does not start at (0, 0), as parts of pictures do not.
func gradient(width, height int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(3, 5, 3+width, 5+height))
	for y := range height {
		for x := range width {
			img.Set(3+x, 5+y, color.NRGBA{uint8(255 * x / width), uint8(255 * y / height), uint8(17 * (x + y)), 255})
		}
	}
	return img
}

func drawn(t *testing.T, p Protocol, img image.Image, columns int) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, p, img, columns); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// samePixels compares got, which starts at (0, 0), with want.
func samePixels(t *testing.T, want, got image.Image) {
	t.Helper()
	wb, gb := want.Bounds(), got.Bounds()
	if wb.Size() != gb.Size() {
		t.Fatalf("size %v, want %v", gb.Size(), wb.Size())
	}
	for y := range wb.Dy() {
		for x := range wb.Dx() {
			w := color.NRGBAModel.Convert(want.At(wb.Min.X+x, wb.Min.Y+y))
			g := color.NRGBAModel.Convert(got.At(gb.Min.X+x, gb.Min.Y+y))
			if w != g {
				t.Fatalf("pixel (%d, %d) is %v, want %v", x, y, g, w)
			}
		}
	}
}

func unpack(t *testing.T, b64 string) image.Image {
	t.Helper()
	file, err := base64.StdEncoding.DecodeString(b64)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

var kittyChunk = regexp.MustCompile("\x1b_G([^;\x1b]*);([^\x1b]*)\x1b\\\\")

// kittyPicture puts the chunks of kitty's protocol together, as a terminal does.
func kittyPicture(t *testing.T, out string) (options string, img image.Image) {
	t.Helper()
	var payload strings.Builder
	chunks := kittyChunk.FindAllStringSubmatch(out, -1)
	if rest := kittyChunk.ReplaceAllString(out, ""); rest != "\n" {
		t.Fatalf("besides the chunks there is %q", rest)
	}
	for i, c := range chunks {
		if len(c[2]) > 4096 {
			t.Errorf("chunk %d has %d bytes, more than the protocol allows", i, len(c[2]))
		}
		if more := strings.Contains(c[1], "m=1"); more != (i < len(chunks)-1) {
			t.Errorf("chunk %d of %d has options %q", i, len(chunks), c[1])
		}
		payload.WriteString(c[2])
	}
	return chunks[0][1], unpack(t, payload.String())
}

func TestKitty(t *testing.T) {
	img := gradient(200, 120)
	random := rand.New(rand.NewPCG(1, 2)) // incompressible, so that it takes several chunks
	for i := range img.Pix {
		if i%4 != 3 {
			img.Pix[i] = uint8(random.Uint32())
		}
	}
	options, got := kittyPicture(t, drawn(t, Kitty, img, 40))
	samePixels(t, img, got)
	if want := "f=100,q=2,c=20,a=T,m=1"; options != want {
		t.Errorf("options %q, want %q", options, want)
	}
}

var itermFile = regexp.MustCompile("^\x1b]1337;File=([^:]*):([^\x07]*)\x07\n$")

func TestITerm2(t *testing.T) {
	img := gradient(200, 120)
	m := itermFile.FindStringSubmatch(drawn(t, ITerm2, img, 40))
	if m == nil {
		t.Fatal("not an inline file")
	}
	samePixels(t, img, unpack(t, m[2]))
	size := base64.StdEncoding.DecodedLen(len(m[2])) - strings.Count(m[2], "=")
	if want := "size=" + strconv.Itoa(size) + ";width=20;height=auto;inline=1"; m[1] != want {
		t.Errorf("options %q, want %q", m[1], want)
	}
}

func TestSixel(t *testing.T) {
	// Few colours, all of them multiples of a per cent: sixel states them so.
	img := image.NewNRGBA(image.Rect(2, 1, 2+30, 1+20))
	palette := []color.NRGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 255, 255}, {0, 0, 0, 255}}
	for y := range 20 {
		for x := range 30 {
			img.Set(2+x, 1+y, palette[(x/5+y/3)%len(palette)])
		}
	}
	out := drawn(t, Sixel, img, 40)
	body, ok := strings.CutPrefix(out, "\x1bP0;1q")
	body, ok2 := strings.CutSuffix(body, "\x1b\\\n")
	if !ok || !ok2 {
		t.Fatalf("not a sixel sequence: %.20q", out)
	}
	if !strings.HasPrefix(body, `"1;1;30;20#0;2;`) {
		t.Errorf("raster and palette start with %.20q", body)
	}
	if n := len(regexp.MustCompile(`#\d+;2;\d+;\d+;\d+`).FindAllString(body, -1)); n != len(palette) {
		t.Errorf("%d colours, want %d", n, len(palette))
	}
	var d sixel.Decoder
	got, err := d.Decode(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	samePixels(t, img, got)
}

func TestSixelPhotograph(t *testing.T) {
	out := drawn(t, Sixel, gradient(300, 200), 40)
	colours := regexp.MustCompile(`#\d+;2;(\d+);(\d+);(\d+)`).FindAllString(out, -1)
	if len(colours) < 100 || len(colours) > 256 {
		t.Errorf("%d colours, want many and at most 256", len(colours))
	}
}

func TestFit(t *testing.T) {
	tests := []struct {
		width, height, columns int
		want                   image.Point
	}{
		{4000, 3000, 40, image.Pt(400, 300)},
		{3000, 4000, 40, image.Pt(300, 400)},
		{200, 100, 40, image.Pt(200, 100)}, // not enlarged
		{10_000, 1, 40, image.Pt(400, 1)},
		{1, 10_000, 40, image.Pt(1, 400)},
		{400, 400, 1, image.Pt(10, 10)},
	}
	for _, tt := range tests {
		img := image.NewGray(image.Rect(0, 0, tt.width, tt.height))
		_, got := kittyPicture(t, drawn(t, Kitty, img, tt.columns))
		if got.Bounds().Size() != tt.want {
			t.Errorf("%dx%d in %d columns: %v, want %v", tt.width, tt.height, tt.columns, got.Bounds().Size(), tt.want)
		}
	}
}

// TestFitAverages shrinks a checkerboard: sampling single pixels would leave it
// black and white.
func TestFitAverages(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 1000, 1000))
	for i := range img.Pix {
		if (i+i/1000)%2 == 0 {
			img.Pix[i] = 255
		}
	}
	small := fit(img, 100)
	for y := 5; y < 95; y++ {
		for x := 5; x < 95; x++ {
			if v := small.NRGBAAt(x, y).R; v < 110 || v > 145 {
				t.Fatalf("(%d, %d) is %d, want middle grey", x, y, v)
			}
		}
	}
}

var (
	pngData = regexp.MustCompile(`iVBORw[A-Za-z0-9+/=]+`)
	pngSize = regexp.MustCompile(`size=\d+`)
)

// TestGolden keeps the exact bytes for a tiny picture. It has one colour, since the
// sixel encoder numbers several in no fixed order. PNG data is taken out: it changes
// with the compressor of the Go release, and is decoded elsewhere.
func TestGolden(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 12, 8))
	for i := range img.Pix {
		img.Pix[i] = []uint8{255, 0, 51, 255}[i%4]
	}
	for _, p := range []Protocol{Kitty, ITerm2, Sixel} {
		got := pngData.ReplaceAllString(drawn(t, p, img, 10), "(PNG)")
		got = pngSize.ReplaceAllString(got, "size=(n)")
		file := filepath.Join("testdata", string(p)+".golden")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", p, diff)
		}
	}
}

type brokenPipe struct{}

var errBroken = errors.New("broken pipe")

func (brokenPipe) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteErrors(t *testing.T) {
	img := gradient(4, 4)
	if err := Write(&bytes.Buffer{}, None, img, 40); !errors.Is(err, ErrNoProtocol) {
		t.Errorf("None: %v", err)
	}
	if err := Write(brokenPipe{}, Kitty, img, 40); !errors.Is(err, errBroken) {
		t.Errorf("a broken pipe: %v", err)
	}
	for _, err := range []error{
		Write(&bytes.Buffer{}, Kitty, img, 0),
		Write(&bytes.Buffer{}, Sixel, image.NewGray(image.Rect(0, 0, 0, 5)), 40),
	} {
		if err == nil {
			t.Error("no error where nothing can be drawn")
		}
	}
}
