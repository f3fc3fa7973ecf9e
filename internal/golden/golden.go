// Package golden keeps what tests measured, so that a change that costs quality is seen,
// and wanted.
package golden

import (
	"encoding/json"
	"os"
	"testing"
)

// JSON returns what a golden file holds. Where update is set, that is what the test got:
// it is written to the file first.
func JSON[T any](tb testing.TB, path string, update bool, got T) T {
	tb.Helper()
	if update {
		data, err := json.MarshalIndent(got, "", "  ")
		if err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	var want T
	if err := json.Unmarshal(data, &want); err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
	return want
}
