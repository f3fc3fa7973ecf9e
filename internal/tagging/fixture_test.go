package tagging_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/tagging"
)

// TestReadsRunsOfB0a3b30 reads a run that commit b0a3b30 kept beside an index.
func TestReadsRunsOfB0a3b30(t *testing.T) {
	dir := filepath.Join("..", "store", "local", "testdata", "format-1-b0a3b30", "c", "runs")
	got, err := tagging.OpenRegistry(dir).Runs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []tagging.Run{{
		ID:        "abcdef012345",
		Plan:      tagging.Plan{Collection: "c", Direction: tagging.PerImage, Count: 5, MinProbability: 0.25},
		ModelName: "test", LabelsFrom: "--labels", LabelCount: 2, Templates: []string{"{}"},
		Started: time.Unix(1e9, 0).UTC(), Finished: time.Unix(1e9, 1).UTC(), Pictures: 3, Tagged: 2, Tags: 3,
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
