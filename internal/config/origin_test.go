package config_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sightline/sightline"
	"github.com/sightline/sightline/internal/config"
)

// Errors name the place, and speak no Go.
func TestWordsOfErrors(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"a number", "milvus:\n  batch_bytes: \"abc\"\n", `line 2: milvus.batch_bytes: "abc" is not a whole number`},
		{"half a number", "index:\n\n  workers: 1.5\n", `line 3: index.workers: "1.5" is not a whole number`},
		{"a truth value", "store_exact: maybe\n", `line 1: store_exact: "maybe" is not true or false`},
		{"a number for one", "store_exact: 7\n", `line 1: store_exact: "7" is not true or false`},
		{"a share", "milvus: {recall: high}\n", `line 1: milvus.recall: "high" is not a number`},
		{"a duration", "milvus:\n  call_timeout: soon\n", `line 2: milvus.call_timeout: "soon" is not a duration like 30s or 2m`},
		{"a list for one", "db: [a, b]\n", "line 1: db takes one value, and there is a list"},
		{"a section for one", "db:\n  path: x\n", "line 1: db takes one value, and there is a section"},
		{"one for a section", "index: 4\n", "line 1: index is a section, with settings of its own below it"},
		{"a list of lists", "index:\n  ignore:\n  - [a]\n", "line 3: index.ignore takes texts, and one of them is not"},
		{"in the wrong section", "workers: 4\n", "line 1: there is no setting workers; did you mean index.workers?"},
		{"mistyped", "collecton: x\n", "line 1: there is no setting collecton; did you mean collection?"},
		{"swapped", "mdoel: x\n", "did you mean model?"},
		{"the word of another program", "milvus:\n  port: 19530\n", "line 2: there is no setting milvus.port; did you mean milvus.address (host:port)?"},
		{"a number beyond any", "index:\n  workers: 99999999999999999999999\n", "line 2: index.workers: 99999999999999999999999 is too large"},
		{"no YAML", "index:\n  workers: 3\ndb: a: b\n", "line 3: a value with a colon before a blank must stand in quotes"},
		{"given twice", "db: a\ndb: b\n", `line 2: "db" stands on line 1 already`},
		{"many", "a1: x\na2: x\na3: x\na4: x\na5: x\na6: x\na7: x\n", "there is no setting a5\nand 2 more"},
		{"unlike any", "xyzzy: x\n", "line 1: there is no setting xyzzy"},
		{"out of range", "index:\n  batch_size: -1\n", "line 2: index.batch_size is -1; it must be at least 0"},
		{"a list alone", "- a\n", "line 1: there must be settings"},
		{"a number as password", "milvus:\n  password: 0123\n", "line 2: milvus.password is not a text; put it between quotes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, c.file)
			_, err := config.Load(config.Sources{File: path, Getenv: env(nil)})
			if !errors.Is(err, config.ErrInvalid) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Fatalf("error %v, want one about %q", err, c.want)
			}
			for _, word := range []string{"strconv", "mapstructure", "int64", "decoding", "unmarshal", "expected type"} {
				if strings.Contains(err.Error(), word) {
					t.Errorf("%v speaks Go", err)
				}
			}
		})
	}
	_, err := config.Load(config.Sources{Getenv: env(map[string]string{"SIGHTLINE_INDEX_WORKERS": "many"})})
	if err == nil || err.Error() != `SIGHTLINE_INDEX_WORKERS: index.workers: "many" is not a whole number` {
		t.Errorf("from the environment: %v", err)
	}
}

// What the decoder reads as a whole number, whatever its form, stays one.
func TestFormsOfNumbers(t *testing.T) {
	for _, text := range []string{"4", "0x4", "4.0", `"4"`, "4e0", "0_4"} {
		c, err := config.Load(config.Sources{File: write(t, "index: {workers: "+text+"}\n"), Getenv: env(nil)})
		if err != nil || c.Index.Workers != 4 {
			t.Errorf("%s: %d, %v", text, c.Index.Workers, err)
		}
	}
}

func TestExplain(t *testing.T) {
	path := write(t, "collection: a\nindex:\n  workers: 3\n  batch_size: 4\nmilvus: {username: u, password: hunter2, recall: 7}\n")
	e := map[string]string{"SIGHTLINE_INDEX_WORKERS": "5"}
	settings, err := config.Explain(config.Sources{File: path, Getenv: env(e), Flags: map[string]any{"index.batch_size": 9}})
	if err == nil || !strings.Contains(err.Error(), "line 5: milvus.recall") {
		t.Errorf("error %v", err)
	}
	if len(settings) != len(config.Keys()) {
		t.Errorf("%d settings, want %d", len(settings), len(config.Keys()))
	}
	got := make(map[string]string)
	for _, s := range settings {
		got[s.Key] = fmt.Sprintf("%v %s", s.Value, s.Origin)
	}
	for key, want := range map[string]string{
		"collection": "a " + path + " line 1", "index.workers": "5 SIGHTLINE_INDEX_WORKERS", "index.batch_size": "9 flag",
		"store": "local default", "milvus.password": "[secret] " + path + " line 5",
	} {
		if got[key] != want {
			t.Errorf("%s: %q, want %q", key, got[key], want)
		}
	}
}

// The file that config init writes changes nothing, and each setting of it alone can be
// uncommented.
func TestCommented(t *testing.T) {
	text := config.Commented(sightline.ExampleConfig())
	path := write(t, string(text))
	settings, err := config.Explain(config.Sources{File: path, Getenv: env(nil)})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range settings {
		if s.Origin.Kind != config.FromDefault {
			t.Errorf("%s comes from the %s", s.Key, s.Origin)
		}
	}
	lines, n := strings.Split(string(text), "\n"), 0
	for i, line := range lines {
		bare := strings.TrimLeft(line, " ")
		if !strings.HasPrefix(bare, "#") || strings.HasPrefix(bare, "# ") || bare == "#" {
			continue
		}
		n++
		one := append([]string(nil), lines...)
		one[i] = strings.Replace(line, "#", "", 1)
		if _, err := config.Load(config.Sources{File: write(t, strings.Join(one, "\n")), Getenv: env(nil)}); err != nil {
			t.Errorf("line %d, %q: %v", i+1, one[i], err)
		}
	}
	if n != len(config.Keys()) {
		t.Errorf("%d settings are commented out, want %d", n, len(config.Keys()))
	}
}

// FuzzLoad shows that no file is an accident.
func FuzzLoad(f *testing.F) {
	for _, s := range []string{"a: &a {b: *a}\n", "index: {workers: &x 3, batch_size: *x}\n", "? [a]\n: b\n", "<<: {db: x}\n", "milvus: ~\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		_, err := config.Load(config.Sources{File: write(t, s), Getenv: env(nil)})
		if err != nil && !errors.Is(err, config.ErrInvalid) {
			t.Errorf("%v is not ErrInvalid", err)
		}
	})
}
