package sidecar

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A sidecar that nobody may write stays, also for root, and also where it would go.
func TestReadOnlySidecar(t *testing.T) {
	picture := filepath.Join(t.TempDir(), "p.jpg")
	write(t, picture, "")
	sea := []Keyword{{Label: "sea"}}
	c, err := Update(picture, "aaaa", sea)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(c.Path, 0o444); err != nil {
		t.Fatal(err)
	}
	if _, err := Update(picture, "aaaa", sea); err != nil {
		t.Errorf("what stays as it is: %v", err)
	}
	for name, want := range map[string][]Keyword{"another label": {{Label: "sky"}}, "taken back": nil} {
		if _, err := Update(picture, "aaaa", want); !errors.Is(err, ErrReadOnly) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Plan(picture, "aaaa", want); !errors.Is(err, ErrReadOnly) {
			t.Errorf("%s, planned: %v", name, err)
		}
	}
	if now, err := os.ReadFile(c.Path); err != nil || string(now) != string(c.After) {
		t.Errorf("it is %q now, %v", now, err)
	}
	if err := os.Chmod(c.Path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Update(picture, "aaaa", nil); err != nil || exists(c.Path) {
		t.Errorf("mended: %v", err)
	}
}
