package config_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/config"
)

// env makes a getenv of a map.
func env(m map[string]string) func(string) string { return func(k string) string { return m[k] } }

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// The documented file must say what the defaults are, and name every key.
func TestDocumentedFile(t *testing.T) {
	got, err := config.Load(config.Sources{File: "../../config.yaml", Getenv: env(nil)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.Default(), got); diff != "" {
		t.Errorf("config.yaml is not the defaults (-want +got):\n%s", diff)
	}
	text, err := os.ReadFile("../../config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range config.Keys() {
		leaf := key[strings.LastIndexByte(key, '.')+1:]
		if !strings.Contains(string(text), leaf+":") {
			t.Errorf("config.yaml does not explain %s", key)
		}
	}
}

func TestPrecedence(t *testing.T) {
	file := write(t, "model: from-file\ncollection: from-file\nindex:\n  workers: 3\n  batch_size: 4\n")
	e := map[string]string{"SIGHTLINE_COLLECTION": "from-env", "SIGHTLINE_INDEX_WORKERS": "5", "SIGHTLINE_INDEX_IGNORE": "*.tmp,cache/"}
	got, err := config.Load(config.Sources{File: file, Getenv: env(e), Flags: map[string]any{"index.workers": 7}})
	if err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	want.Model, want.Collection, want.Index.Workers, want.Index.BatchSize = "from-file", "from-env", 7, 4
	want.Index.Ignore = []string{"*.tmp", "cache/"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Each key must be reachable from the environment, also those without a default.
func TestEveryKeyFromTheEnvironment(t *testing.T) {
	values := map[string]string{
		"store": "local", "store_exact": "true", "db": "/x", "collection": "c", "model": "m", "precision": "fp16", "pixels": "exact", "models": "/m",
		"onnxruntime_lib": "/l", "index.workers": "2", "index.embed_workers": "2", "index.batch_size": "2",
		"index.decoded_bytes": "2000000", "index.max_pixels": "2", "index.max_bytes": "2", "index.hidden": "true",
		"index.follow_links": "false", "index.ignore": "a", "log.level": "debug",
	}
	for _, key := range config.Keys() {
		value, ok := values[key]
		if !ok {
			t.Errorf("this test knows no value for %s", key)
			continue
		}
		got, err := config.Load(config.Sources{Getenv: env(map[string]string{config.EnvName(key): value})})
		if err != nil {
			t.Errorf("%s: %v", key, err)
		} else if key != "store" && cmp.Equal(got, config.Default()) {
			t.Errorf("%s from the environment is lost", key)
		}
	}
}

func TestWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name, file string
		env        map[string]string
		want       string
	}{
		{name: "a mistyped key", file: "modle: x\n", want: "modle"},
		{name: "a mistyped key below", file: "index:\n  worker: 2\n", want: "worker"},
		{name: "not YAML", file: "a: [\n", want: "yaml"},
		{name: "not a number", file: "index:\n  workers: many\n", want: "workers"},
		{name: "not a number in the environment", env: map[string]string{"SIGHTLINE_INDEX_WORKERS": "many"}, want: "workers"},
		{name: "an unknown precision", file: "precision: fp64\n", want: `precision is "fp64"; it can be fp32, fp16, int8`},
		{name: "too small", file: "index:\n  batch_size: 0\n", want: "index.batch_size is 0"},
		{name: "two at once", file: "pixels: blurred\nlog:\n  level: loud\n", want: "log.level"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := config.Sources{Getenv: env(c.env)}
			if c.file != "" {
				s.File = write(t, c.file)
			}
			_, err := config.Load(s)
			if !errors.Is(err, config.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one about %q", err, c.want)
			}
		})
	}
	if _, err := config.Load(config.Sources{File: "no/such.yaml", Getenv: env(nil)}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a named file that is not there: %v", err)
	}
}

func TestDefaultFile(t *testing.T) {
	home := t.TempDir()
	dir := filepath.Join(home, ".config", "sightline")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte("model: mine\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	e := map[string]string{"HOME": home}
	if got, err := config.Load(config.Sources{Getenv: env(e)}); err != nil || got.Model != "mine" {
		t.Errorf("model %q, %v", got.Model, err)
	}
	elsewhere := maps.Clone(e)
	elsewhere["XDG_CONFIG_HOME"] = t.TempDir()
	if got, err := config.Load(config.Sources{Getenv: env(elsewhere)}); err != nil || got.Model != "" {
		t.Errorf("model %q, %v", got.Model, err)
	}
	if got := config.DefaultDB(env(e)); got != filepath.Join(home, ".local/share/sightline") {
		t.Errorf("default db %q", got)
	}
	if got := config.DefaultDB(env(nil)); got != "" {
		t.Errorf("default db without a home %q", got)
	}
}
