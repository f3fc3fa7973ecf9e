package ort

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

func TestGate(t *testing.T) {
	var g gate
	shut, broken := errors.New("shut"), errors.New("broken")
	ended, end := context.WithCancelCause(t.Context())
	end(broken)
	if _, err := g.enter(ended, shut); !errors.Is(err, broken) {
		t.Errorf("under a context that has ended: %v", err)
	}
	var inside, frees atomic.Int64
	var calls sync.WaitGroup
	entered := make(chan struct{}, 8)
	for range cap(entered) {
		calls.Go(func() {
			for first := true; ; first = false {
				leave, err := g.enter(t.Context(), shut)
				if err != nil {
					if !errors.Is(err, shut) {
						t.Errorf("entering: %v", err)
					}
					return
				}
				inside.Add(1)
				if first {
					entered <- struct{}{}
				}
				inside.Add(-1)
				leave()
			}
		})
	}
	for range cap(entered) {
		<-entered
	}
	free := func() error {
		frees.Add(1)
		if n := inside.Load(); n != 0 {
			t.Errorf("freed under %d calls", n)
		}
		return broken
	}
	if err := g.close(free); !errors.Is(err, broken) {
		t.Errorf("close: %v", err)
	}
	if err := g.close(free); err != nil || frees.Load() != 1 {
		t.Errorf("closed again: %v, freed %d times", err, frees.Load())
	}
	calls.Wait()
}
