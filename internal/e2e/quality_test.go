package e2e

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/golden"
	"github.com/sightline/sightline/internal/measure/retrieval"
)

var update = flag.Bool("update", false, "write what was measured into the golden files")

// TestQuality measures the starter model over the demo photos through the programs
// themselves, and holds the figures against a golden file: a change that costs
// quality must be seen and wanted. After a wanted one run it with -update.
//
// The figures are those of the same model in Python with Pillow, to the decimal:
// recall@1 34.5, recall@5 54.6, recall@10 59.4.
func TestQuality(t *testing.T) {
	const photos, captions = "../../demo/photos", "../../demo/captions.tsv"
	file := "testdata/quality/starter-tuxpaint.json"
	if _, err := os.Stat(captions); err != nil {
		t.Fatalf("the demo photos are not there (make photos): %v", err)
	}
	if _, err := os.Stat(filepath.Join(photos, "skimage")); err == nil {
		file = "testdata/quality/starter-fallback.json" // where Debian's package cannot be had
	}
	for _, pixels := range []string{"fast", "exact"} {
		t.Run(pixels, func(t *testing.T) {
			db := t.TempDir()
			run(t, "indexer", "run", photos, "--db", db, "--pixels", pixels, "--progress", "none")
			var got retrieval.Result
			if err := json.Unmarshal(run(t, "search", "eval", "--captions", captions, "--db", db, "--json"), &got); err != nil {
				t.Fatal(err)
			}
			got.Intervals = retrieval.Intervals{} // bootstrap's own test is about those
			want := golden.JSON(t, file, *update, got)
			// Kernels differ a little from CPU to CPU, so a picture may change places.
			near := cmp.Comparer(func(a, b float64) bool { return a-b < 1 && b-a < 1 })
			if diff := cmp.Diff(want, got, near); diff != "" {
				t.Errorf("quality changed (-want +got):\n%s", diff)
			}
		})
	}
}

// run calls a program and returns its stdout.
func run(t *testing.T, program string, args ...string) []byte {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command(filepath.Join(programs, program), args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, &stderr)
	}
	return out
}
