package main

import (
	"bytes"
	"testing"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/index"
)

// What a run says of files that were gone before they were read, which no script can
// bring about at will, and of the rest that is only said where it happened.
func TestPrintReport(t *testing.T) {
	var out bytes.Buffer
	printReport(&cmdline.Program{Stdout: &out}, index.Report{Seen: 9, Unchanged: 2, Vanished: 3, FailedBefore: 4, Seconds: 1.5}, false)
	want := `9 pictures seen: 0 added, 0 updated, 2 unchanged, 0 moved, 0 pruned, 0 failed in 1.5s
3 were gone by the time they were to be read
4 failed in an earlier run and have not changed since; indexer retry tries them again
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
	out.Reset()
	printReport(&cmdline.Program{Stdout: &out}, index.Report{Seen: 2, Unchanged: 2}, false)
	if want := "2 pictures seen: 0 added, 0 updated, 2 unchanged, 0 moved, 0 pruned, 0 failed in 0s\n"; out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
}
