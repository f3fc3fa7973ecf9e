package ort

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/vec"
)

// A trimmed graph is used only where it gives the embedding that the whole one gives.
func TestTrimIsProbed(t *testing.T) {
	lib := os.Getenv("SIGHTLINE_ONNXRUNTIME_LIB")
	if lib == "" {
		lib = filepath.Join("..", "..", "..", "lib", LibraryName())
	}
	rt, err := Open(lib)
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	graph := filepath.Join(cliptest.TinyBundle(t), "onnx", "vision_model.onnx")

	for _, test := range []struct {
		name    string
		second  []float32 // what the trimmed graph's probe gives; the whole one's is 1, 0
		trimmed bool
	}{
		{"equal", []float32{1, 0}, true},
		{"another", []float32{0.9, 0.43}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var log bytes.Buffer
			probes := 0
			c := &graphCache{dir: t.TempDir(), log: slog.New(slog.NewTextHandler(&log, nil))}
			c.probe = func(*session) (vec.Matrix, error) {
				probes++
				if probes == 1 {
					return vec.FromRows([]float32{1, 0})
				}
				return vec.FromRows(test.second)
			}
			s, err := c.open(graph, test.name, []string{"pixel_values"}, []string{"image_embeds"}, 1)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.close(); err != nil {
				t.Error(err)
			}
			entry := filepath.Join(c.dir, graphKey(test.name, filepath.Base(graph)))
			made, err := os.ReadFile(filepath.Join(entry, graphName))
			if err != nil {
				t.Fatal(err)
			}
			if got := bytes.Contains(made, []byte("first_token")); got != test.trimmed {
				t.Errorf("trimmed: %v", got)
			}
			if got := strings.Contains(log.String(), "another embedding"); got == test.trimmed {
				t.Errorf("log: %s", log.String())
			}
			if _, err := os.Stat(filepath.Join(entry, trimmedName)); !os.IsNotExist(err) {
				t.Errorf("the graph on trial is still there: %v", err)
			}
		})
	}
}
