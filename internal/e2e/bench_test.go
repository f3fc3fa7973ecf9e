package e2e

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/clip/ort"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/vec"
)

// What the measurements of this package begin with. None runs unless environment
// variables say where it may put gigabytes, or what it may read.

// needEnv returns the values of environment variables. Unless all are set it skips the
// test, and says what that saves.
func needEnv(tb testing.TB, cost string, names ...string) []string {
	tb.Helper()
	values := make([]string, len(names))
	for i, name := range names {
		if values[i] = os.Getenv(name); values[i] == "" {
			tb.Skipf("%s must be set: this takes %s", strings.Join(names, " and "), cost)
		}
	}
	return values
}

func fromEnv(b *testing.B, name string, otherwise int) int {
	b.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatalf("%s: %v", name, err)
	}
	return n
}

func benchLibrary(b *testing.B) string {
	b.Helper()
	library, err := ort.FindLibrary(os.Getenv("SIGHTLINE_ONNXRUNTIME_LIB"), filepath.Join(programs, "search"))
	if err != nil {
		b.Fatal(err)
	}
	return library
}

// benchEngine is ONNX Runtime as the engine of matrix products.
func benchEngine(b *testing.B) *ort.Engine {
	b.Helper()
	library := benchLibrary(b)
	engine := ort.NewEngine(func() (string, error) { return library, nil }, slog.New(slog.DiscardHandler))
	b.Cleanup(func() { engine.Close() })
	return engine
}

func openLocal(b *testing.B, o local.Options) *local.Store {
	b.Helper()
	s, err := local.Open(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

// fill adds the records from one number up to another to a store.
func fill(b *testing.B, st store.Store, rng *rand.Rand, from, to int, centres vec.Matrix) {
	b.Helper()
	const chunk = 4000
	for ; from < to; from += chunk {
		records := make([]store.Record, min(chunk, to-from))
		for i := range records {
			records[i] = manyRecord(rng, from+i, centres)
		}
		if err := st.Upsert(b.Context(), records); err != nil {
			b.Fatal(err)
		}
	}
}

func manyRecord(rng *rand.Rand, n int, centres vec.Matrix) store.Record {
	path := fmt.Sprintf("/photos/%04d/holiday/IMG_%07d.jpg", n/1000, n)
	hash := make([]byte, 32)
	binary.LittleEndian.PutUint64(hash, uint64(n)*0x9e3779b97f4a7c15)
	v := make([]float32, centres.Cols)
	randomDirection(rng, v)
	towards(rng, v, centres)
	return store.Record{
		ID: store.ID("bench", path), Path: path, Root: "/photos", Size: 123456, ModTime: time.Unix(1.6e9+int64(n), 7),
		ContentHash: hash, Width: 4000, Height: 3000, Format: "jpeg", Vector: v,
	}
}

func randomDirection(rng *rand.Rand, v []float32) {
	for j := range v {
		v[j] = float32(rng.NormFloat64())
	}
	if err := vec.Normalize(v); err != nil {
		panic(err)
	}
}

// towards moves a random direction near one of the centres.
func towards(rng *rand.Rand, v []float32, centres vec.Matrix) {
	c := centres.Row(rng.IntN(centres.Rows))
	for j := range v {
		v[j] += c[j]
	}
	if err := vec.Normalize(v); err != nil {
		panic(err)
	}
}
