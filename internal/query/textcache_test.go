package query

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/vec"
)

// counting counts the texts that an encoder embeds, under another fingerprint.
type counting struct {
	clip.Encoder
	fingerprint string
	texts       int
}

func (c *counting) Spec() clip.Spec {
	s := c.Encoder.Spec()
	s.Fingerprint = c.fingerprint
	return s
}

func (c *counting) EncodeTexts(ctx context.Context, texts []string) (vec.Matrix, error) {
	c.texts += len(texts)
	return c.Encoder.EncodeTexts(ctx, texts)
}

func TestTextCache(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new folder", "texts.bin")
	enc := &counting{Encoder: cliptest.New(8), fingerprint: "a"}
	ask := func(text string) []float32 {
		t.Helper()
		// Each time another process, as far as the cache can tell.
		m, err := OpenTextCache(file, slog.New(slog.DiscardHandler)).embed(t.Context(), enc, text)
		if err != nil {
			t.Fatal(err)
		}
		want, err := enc.Encoder.EncodeTexts(t.Context(), []string{text})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, m); diff != "" {
			t.Errorf("%q (-encoder +cache):\n%s", text, diff)
		}
		return m.Data
	}
	calls := func(want int, what string) {
		t.Helper()
		if enc.texts != want {
			t.Errorf("%s: the encoder was asked %d times, want %d", what, enc.texts, want)
		}
	}
	ask("a dog")
	ask("a dog")
	calls(1, "the same text again")
	ask("a cat")
	ask("a dog")
	calls(2, "after another text")
	enc.fingerprint = "b"
	ask("a dog")
	calls(3, "another model")

	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(whole, []byte("dog")) {
		t.Error("the file says what was asked")
	}
	for n, damaged := range [][]byte{{}, whole[:len(whole)-5], append(bytes.Clone(whole), 1), append([]byte("X"), whole[1:]...)} {
		if err := os.WriteFile(file, damaged, 0o644); err != nil {
			t.Fatal(err)
		}
		enc.texts = 0
		ask("a dog")
		ask("a dog")
		calls(1, fmt.Sprint("damaged file ", n))
	}
}

// The file holds the latest texts, and those that are asked again and again.
func TestTextCacheStaysSmall(t *testing.T) {
	file := filepath.Join(t.TempDir(), "texts.bin")
	c := OpenTextCache(file, slog.New(slog.DiscardHandler))
	enc := &counting{Encoder: cliptest.New(8), fingerprint: "a"}
	for i := range textsKept + textsOld {
		for _, text := range []string{strconv.Itoa(i), "asked again and again"} {
			if _, err := c.embed(t.Context(), enc, text); err != nil {
				t.Fatal(err)
			}
		}
	}
	if want := textsKept + textsOld + 1; enc.texts != want {
		t.Errorf("the encoder was asked %d times, want %d", enc.texts, want)
	}
	if n := len(c.read()); n != textsKept {
		t.Errorf("%d entries, want %d", n, textsKept)
	}
}

// Several processes write at once: every read sees a whole file.
func TestTextCacheShared(t *testing.T) {
	file := filepath.Join(t.TempDir(), "texts.bin")
	var log bytes.Buffer
	var wg sync.WaitGroup
	for p := range 4 {
		c := OpenTextCache(file, slog.New(slog.NewTextHandler(&log, nil)))
		enc := &counting{Encoder: cliptest.New(8), fingerprint: "a"}
		wg.Go(func() {
			for i := range 50 {
				if _, err := c.embed(t.Context(), enc, fmt.Sprint(p, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if log.Len() > 0 {
		t.Errorf("something was wrong with the file:\n%s", &log)
	}
	entries := OpenTextCache(file, slog.New(slog.DiscardHandler)).read()
	if len(entries) < 50 {
		t.Errorf("%d entries are left of 200", len(entries))
	}
	left, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(left) != 1 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
}

func TestNoTextCache(t *testing.T) {
	var none *TextCache
	enc := &counting{Encoder: cliptest.New(8), fingerprint: "a"}
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*TextCache{none, OpenTextCache(filepath.Join(blocked, "texts.bin"), slog.New(slog.DiscardHandler))} {
		if m, err := c.embed(t.Context(), enc, "a dog"); err != nil || m.Rows != 1 {
			t.Errorf("%v, %v", m.Rows, err)
		}
	}
}

// TestKeepTexts remembers the last texts of this process, and no others.
func TestKeepTexts(t *testing.T) {
	enc := &counting{Encoder: cliptest.New(8), fingerprint: "a"}
	c := KeepTexts(2)
	for i, text := range []string{"a dog", "a dog", "a cat", "a dog", "a bird", "a cat", "a dog"} {
		got, err := c.embed(t.Context(), enc, text)
		if err != nil {
			t.Fatal(err)
		}
		want, err := enc.Encoder.EncodeTexts(t.Context(), []string{text})
		if err != nil || cmp.Diff(want, got) != "" {
			t.Errorf("%d: %q is embedded as something else (%v)", i, text, err)
		}
		got.Row(0)[0] = 7 // the caller's own
	}
	if enc.texts != 4 {
		t.Errorf("the encoder was asked %d times, want 4", enc.texts)
	}
}
