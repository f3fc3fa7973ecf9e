package config_test

import (
	"bytes"
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
	e := map[string]string{"SIGHTLINE_COLLECTION": "from-env", "SIGHTLINE_INDEX_WORKERS": "5", "SIGHTLINE_INDEX_IGNORE": "*.tmp\nSmith, John/\n"}
	got, err := config.Load(config.Sources{File: file, Getenv: env(e), Flags: map[string]any{"index.workers": 7}})
	if err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	want.Model, want.Collection, want.Index.Workers, want.Index.BatchSize = "from-file", "from-env", 7, 4
	want.Index.Ignore = []string{"*.tmp", "Smith, John/"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Each key must be reachable from the environment, also those without a default.
func TestEveryKeyFromTheEnvironment(t *testing.T) {
	values := map[string]string{
		"store": "local", "store_exact": "true", "db": "/x", "collection": "c", "model": "m", "precision": "fp16", "pixels": "exact", "colour": "ignore", "models": "/m",
		"onnxruntime_lib": "/l", "index.workers": "2", "index.embed_workers": "2", "index.embed_threads": "2", "index.batch_size": "2",
		"index.decoded_bytes": "2000000", "index.max_pixels": "2", "index.max_bytes": "2", "index.max_memory": "2000000", "index.raw": "off", "index.hidden": "true",
		"index.follow_links": "false", "index.ignore": "a", "log.level": "debug",
		"milvus.address": "h:1", "milvus.username": "u", "milvus.password": "p", "milvus.password_file": "/p",
		"milvus.token": "t", "milvus.token_file": "/t", "milvus.database": "d", "milvus.tls.enabled": "true",
		"milvus.tls.ca": "/ca", "milvus.tls.cert": "/c", "milvus.tls.key": "/k", "milvus.tls.server_name": "n",
		"fetch_urls": "true", "default_model": "other", "viewer": "feh",
		"milvus.index.type": "FLAT", "milvus.index.m": "8", "milvus.index.ef_construction": "8", "milvus.index.nlist": "8",
		"milvus.search.ef": "8", "milvus.search.nprobe": "8", "milvus.search.search_list": "8", "milvus.recall": "0.9",
		"milvus.consistency": "strong", "milvus.dial_timeout": "1s", "milvus.call_timeout": "1s", "milvus.retry_for": "1s",
		"milvus.batch_bytes": "1048576", "milvus.load_timeout": "1m", "milvus.shards": "4", "milvus.replicas": "2",
		"milvus.resource_groups": "hot", "milvus.mmap": "true",
	}
	// Some settings make sense only with others.
	needs := map[string]map[string]string{
		"milvus.username":        {"milvus.password": "p"},
		"milvus.password":        {"milvus.username": "u"},
		"milvus.password_file":   {"milvus.username": "u"},
		"milvus.tls.ca":          {"milvus.tls.enabled": "true"},
		"milvus.tls.cert":        {"milvus.tls.enabled": "true", "milvus.tls.key": "/k"},
		"milvus.tls.key":         {"milvus.tls.enabled": "true", "milvus.tls.cert": "/c"},
		"milvus.tls.server_name": {"milvus.tls.enabled": "true"},
	}
	for _, key := range config.Keys() {
		value, ok := values[key]
		if !ok {
			t.Errorf("this test knows no value for %s", key)
			continue
		}
		set := map[string]string{config.EnvName(key): value}
		for k, v := range needs[key] {
			set[config.EnvName(k)] = v
		}
		got, err := config.Load(config.Sources{Getenv: env(set)})
		if err != nil {
			t.Errorf("%s: %v", key, err)
		} else if key != "store" && cmp.Equal(got, without(t, set, key)) {
			t.Errorf("%s from the environment is lost", key)
		}
	}
}

// without loads the environment less one key, whether or not the rest is valid.
func without(t *testing.T, set map[string]string, key string) config.Config {
	t.Helper()
	rest := maps.Clone(set)
	delete(rest, config.EnvName(key))
	got, err := config.Load(config.Sources{Getenv: env(rest)})
	if err != nil && !errors.Is(err, config.ErrInvalid) {
		t.Fatal(err)
	}
	return got
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
		{name: "too small", file: "index:\n  batch_size: -1\n", want: "index.batch_size is -1"},
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

func TestStoreKinds(t *testing.T) {
	sources := func(kinds ...string) config.Sources {
		return config.Sources{Getenv: func(string) string { return "" }, Flags: map[string]any{"store": "cloud"}, StoreKinds: kinds}
	}
	for _, kinds := range [][]string{nil, {"local", "cloud"}} {
		if c, err := config.Load(sources(kinds...)); err != nil || c.Store != "cloud" {
			t.Errorf("kinds %v: store %q, %v", kinds, c.Store, err)
		}
	}
	const want = `store is "cloud"; it can be local, milvus`
	if _, err := config.Load(sources("local", "milvus")); !errors.Is(err, config.ErrInvalid) || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}

// A file without end is refused, and a pipe is read.
func TestConfigFileIsSmall(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large.yaml")
	if err := os.WriteFile(large, bytes.Repeat([]byte("# much\n"), (2<<20)/7), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{large, "/dev/zero", dir} {
		_, err := config.Load(config.Sources{File: path, Getenv: env(nil)})
		if !errors.Is(err, config.ErrInvalid) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// A section without a setting, as the commented example has, hides no defaults, also not
// where a flag or a variable sets one of its settings.
func TestEmptySections(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	for _, content := range []string{"index:\nmilvus:\nlog:\n", "index:\n  workers:\n", "index: ~\n", "# nothing\n", ""} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		for name, s := range map[string]config.Sources{
			"a flag":     {Flags: map[string]any{"index.hidden": true, "milvus.address": "h:1"}, Getenv: env(nil)},
			"a variable": {Getenv: env(map[string]string{"SIGHTLINE_INDEX_HIDDEN": "true", "SIGHTLINE_MILVUS_ADDRESS": "h:1"})},
		} {
			want, err := config.Load(s)
			if err != nil {
				t.Fatal(err)
			}
			s.File = path
			got, err := config.Load(s)
			if err != nil {
				t.Errorf("%q and %s: %v", content, name, err)
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%q and %s (-without +with the file):\n%s", content, name, diff)
			}
		}
	}
}
