package recall_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/measure/recall"
)

func TestReadQueriesFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "queries.txt")
	if err := os.WriteFile(name, []byte("\ufeffa dog\n# a remark\n\na cat\na dog\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := recall.ReadQueriesFile(name)
	if diff := cmp.Diff([]string{"a dog", "a cat"}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if err := os.WriteFile(name, []byte("# a remark\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{name, name + "x", filepath.Dir(name)} {
		if _, err := recall.ReadQueriesFile(bad); !errors.Is(err, recall.ErrQueries) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// Many texts are embedded in blocks, and each row is that of its text.
func TestEmbedQueries(t *testing.T) {
	var texts []string
	for i := range 150 {
		texts = append(texts, fmt.Sprint("text ", i))
	}
	largest, broken := 0, errors.New("broken")
	enc := cliptest.New(16)
	enc.OnTexts = func(_ context.Context, _ int, texts []string) error {
		largest = max(largest, len(texts))
		if texts[0] == "fail" {
			return broken
		}
		return nil
	}
	got, err := recall.EmbedQueries(t.Context(), enc, texts)
	if err != nil || got.Rows != len(texts) || largest > 64 {
		t.Fatalf("%d rows in blocks of up to %d, %v", got.Rows, largest, err)
	}
	for _, i := range []int{0, 63, 64, 149} {
		want, err := enc.EncodeTexts(t.Context(), texts[i:i+1])
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Row(0), got.Row(i)); diff != "" {
			t.Errorf("text %d (-want +got):\n%s", i, diff)
		}
	}
	if _, err := recall.EmbedQueries(t.Context(), enc, []string{"fail"}); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

// kept is an index that remembers what was kept with it.
type kept struct {
	index
	hits   int
	value  int
	recall float64
	err    error
}

func (k *kept) SetSearchParameter(_ context.Context, hits, value int, recall float64) error {
	k.hits, k.value, k.recall = hits, value, recall
	return k.err
}

func TestKeep(t *testing.T) {
	k := &kept{}
	r := recall.Result{K: 10, Parameter: "ef", Queries: 100, Pictures: 50_000, Best: recall.Trial{Value: 40, Recall: 0.97}}
	if err := recall.Keep(t.Context(), k, r); err != nil || k.value != 40 || k.hits != 10 || k.recall != 0.97 {
		t.Errorf("kept %d, %g, %v", k.value, k.recall, err)
	}
	few := r
	few.Pictures = 333
	if err := recall.Keep(t.Context(), &kept{}, few); !errors.Is(err, recall.ErrTooFew) || !strings.Contains(err.Error(), "333 pictures") {
		t.Errorf("of few pictures: %v", err)
	}
	few = r
	few.Queries = 3
	if err := recall.Keep(t.Context(), &kept{}, few); !errors.Is(err, recall.ErrTooFew) || !strings.Contains(err.Error(), "3 queries") {
		t.Errorf("of few queries: %v", err)
	}
	k.err = errors.New("broken")
	if err := recall.Keep(t.Context(), k, r); !errors.Is(err, k.err) {
		t.Errorf("error %v", err)
	}
	if err := recall.Keep(t.Context(), exactStore{}, r); !errors.Is(err, recall.ErrNothingToTune) {
		t.Errorf("an exact store: %v", err)
	}
}
