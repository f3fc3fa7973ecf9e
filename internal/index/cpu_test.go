package index

import (
	"runtime"
	"testing"
	"time"
)

func TestSpanCountsWorkAndNotWaiting(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("threads have a clock of their own on Linux only")
	}
	times := beginTimes()
	work := begin(&times.decode)
	for start := threadTime(); threadTime()-start < 20*time.Millisecond; {
	}
	work.end()
	wait := begin(&times.store)
	time.Sleep(100 * time.Millisecond)
	wait.end()
	other := threadTime()
	for threadTime()-other < 20*time.Millisecond {
	}

	s := times.stages(false)
	if s.Decode < 20*time.Millisecond || s.Decode > 90*time.Millisecond {
		t.Errorf("20 ms of work were counted as %v", s.Decode)
	}
	if s.Store > 50*time.Millisecond {
		t.Errorf("sleeping was counted as %v of work", s.Store)
	}
	if s.Other < 15*time.Millisecond {
		t.Errorf("20 ms outside of all stages were counted as %v", s.Other)
	}
	if s.Embed != 0 {
		t.Errorf("a stage without work has %v", s.Embed)
	}
	if shared := times.stages(true); shared.Embed < 15*time.Millisecond || shared.Other != 0 {
		t.Errorf("what nobody counted belongs to the model, not %v to it and %v to others", shared.Embed, shared.Other)
	}
}
