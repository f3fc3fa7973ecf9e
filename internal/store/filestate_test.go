package store_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/store"
)

func TestPathKey(t *testing.T) {
	for _, path := range []string{"/a.jpg", "", "/" + strings.Repeat("long/", 200), "/\xff"} {
		if got, want := store.PathKey("c", path), store.FileKey(store.ID("c", path)); got != want {
			t.Errorf("%q: %x, want %x", path, got, want)
		}
	}
	if got, want := store.ID("c", "/a.jpg"), fmt.Sprintf("%x", sha256.Sum256([]byte("c\x00/a.jpg")))[:40]; got != want {
		t.Errorf("ID is %s, want %s", got, want)
	}
}
