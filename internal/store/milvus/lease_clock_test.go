package milvus

import (
	"testing"
	"time"
)

// A lease of a clock that is a little ahead counts; one of a clock that was years ahead keeps
// nobody out for years.
func TestLeaseOfAnotherClock(t *testing.T) {
	for ahead, want := range map[time.Duration]bool{
		0: true, time.Hour: true, -time.Hour: false, 48 * time.Hour: false, 30 * 365 * 24 * time.Hour: false,
	} {
		l := lease{At: time.Now().Add(ahead).UnixNano()}
		if got := l.fresh(DefaultLeaseEvery); got != want {
			t.Errorf("%v ahead: fresh is %v", ahead, got)
		}
	}
}
