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
	printReport(&cmdline.Program{Stdout: &out}, index.Report{Seen: 9, Unchanged: 2, Vanished: 3, FailedBefore: 4, Seconds: 1.5}, nil, false)
	want := `9 pictures seen: 2 unchanged in 1.5s
3 were gone by the time they were to be read
4 failed in an earlier run and have not changed since; indexer retry tries them again
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
	out.Reset()
	printReport(&cmdline.Program{Stdout: &out}, index.Report{Seen: 2, Unchanged: 2}, nil, false)
	if want := "2 pictures seen: 2 unchanged in 0.00s\n"; out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
	out.Reset()
	printReport(&cmdline.Program{Stdout: &out}, index.Report{Seen: 90, Added: 80, Pruned: 1, Failed: 10, Embedded: 80, Seconds: 20.2}, nil, false)
	if want := "90 pictures seen: 80 added, 1 taken out of the index, 10 failed in 20s, 4 a second\n"; out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
	out.Reset()
	printReport(&cmdline.Program{Stdout: &out}, index.Report{Pruned: 2}, []string{"a", "b\x1b[2J"}, false)
	if want := "no pictures in a, b\\x1b[2J: is a disk not mounted, or another folder meant?\n0 pictures seen: 2 taken out of the index in 0.00s\n"; out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
}
