// Package hostile holds no code, only a test: more than a thousand broken and malicious
// files, made by code from the sound files of the formats' tests, each of which must end as a
// picture or as an error, in bounded time and memory. make chaos reads all of them, make test
// every ninth.
package hostile

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/imaging/metadata"
)

const (
	maxSeconds = 5       // of processor time, for one file
	maxMemory  = 1200000 // KiB that the process ever had
)

// decode reads a file as a run does, and returns the processor time that it took.
func decode(t *testing.T, data []byte) (*imaging.RGB, time.Duration, error) {
	t.Helper()
	before := processorTime()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	img, _, err := imaging.DecodeContext(ctx, data, imaging.Options{Mode: imaging.Fast, ShortSide: 64})
	metadata.Read(data)
	return img, processorTime() - before, err
}

func TestHostileFiles(t *testing.T) {
	all := corpus(t)
	if len(all) < 1000 {
		t.Fatalf("the corpus has %d files", len(all))
	}
	step := 9 // no multiple of the number of mutations
	if os.Getenv("SIGHTLINE_CHAOS") != "" {
		step = 1
	}
	refused, shown := 0, 0
	var slowest time.Duration
	for i := 0; i < len(all); i += step {
		f := all[i]
		img, took, err := decode(t, f.data)
		if took > maxSeconds*time.Second { // the first file of a format compiles its decoder
			img, took, err = decode(t, f.data)
		}
		slowest = max(slowest, took)
		switch {
		case err == nil:
			if shown++; img == nil || len(img.Pix) < 3 {
				t.Errorf("%s: neither a picture nor an error", f.name)
			}
		case errors.Is(err, imaging.ErrUnknownFormat), errors.Is(err, imaging.ErrTooLarge), errors.Is(err, imaging.ErrUnsupported), errors.Is(err, imaging.ErrCorrupt):
			refused++
			if strings.Contains(err.Error(), "goroutine") || len(err.Error()) > 500 {
				t.Errorf("%s: the reason is %.600q", f.name, err)
			}
		default:
			t.Errorf("%s: an error of no kind: %v", f.name, err)
		}
		if took > maxSeconds*time.Second {
			t.Errorf("%s (%d bytes): %v of processor time", f.name, len(f.data), took)
		}
	}
	t.Logf("%d files of %d: %d refused, %d shown; slowest %v, memory %d MiB", refused+shown, len(all), refused, shown, slowest.Round(time.Millisecond), peakMemory(t)>>10)
	if err := imaging.Unfenced(); err != nil {
		t.Errorf("JPEGs were decoded without a fence: %v", err)
	}
	if peak := peakMemory(t); peak > maxMemory {
		t.Errorf("the process had %d KiB of memory", peak)
	}
}

// peakMemory is the most memory that the process ever had, in KiB; 0 where that is not known.
func peakMemory(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	return 0
}
