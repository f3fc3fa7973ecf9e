package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sightline/sightline/internal/config"
)

func TestRemember(t *testing.T) {
	for _, c := range []struct{ before, value, after string }{
		{"", "a/b", "default_model: a/b\n"},
		{"store: local\n", "x", "store: local\ndefault_model: x\n"},
		{"store: local", "x", "store: local\ndefault_model: x\n"},
		{"# why\n#default_model: \"\"\nstore: local\n", "x", "# why\ndefault_model: x\nstore: local\n"},
		{"# default_model: old\ndefault_model: mine\nindex:\n  workers: 3\n", "x", "# default_model: old\ndefault_model: x\nindex:\n  workers: 3\n"},
		{"default_model: mine\n", "a: b", "default_model: 'a: b'\n"},
		{"default_model: mine\nstore: local\n", "", "store: local\n"},
	} {
		path := filepath.Join(t.TempDir(), "new", "config.yaml")
		if c.before != "" {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(c.before), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := config.Remember(path, "default_model", c.value); err != nil {
			t.Errorf("%q: %v", c.before, err)
			continue
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != c.after {
			t.Errorf("%q: %q, %v; want %q", c.before, got, err, c.after)
		}
		cfg, err := config.Load(config.Sources{File: path, Getenv: func(string) string { return "" }})
		if err != nil || cfg.DefaultModel != c.value {
			t.Errorf("%q: read back as %q, %v", c.before, cfg.DefaultModel, err)
		}
	}
	for _, text := range []string{
		"a: [\n", "\"default_model\": a\n", "{store: local}\n", "store: local\n...\n", "Default_Model: a\n", "default_model: |\n  a\n  b\n", "default_model: >-\n  a\n",
	} {
		path := filepath.Join(t.TempDir(), "config.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := config.Remember(path, "default_model", "x"); err == nil {
			t.Errorf("%q was added to", text)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("%q became %q, %v", text, got, err)
		}
	}
}
