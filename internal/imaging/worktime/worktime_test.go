package worktime

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestLimited works until it is stopped, which must happen, and not before the time.
func TestLimited(t *testing.T) {
	const limit = 20 * time.Millisecond
	ctx, stop := Limited(t.Context(), limit)
	defer stop()
	began := threadTime()
	for ctx.Err() == nil {
	}
	if worked := threadTime() - began; worked < limit*9/10 {
		t.Errorf("stopped after %v of work", worked)
	}
	if err := context.Cause(ctx); !errors.Is(err, Err) || err.Error() != "decoding takes too long: longer than 20ms" {
		t.Errorf("the cause is %v", err)
	}
}

// TestWaiting waits for longer than it may work, which is no work.
func TestWaiting(t *testing.T) {
	const limit = 200 * time.Millisecond
	ctx, stop := Limited(t.Context(), limit)
	defer stop()
	time.Sleep(2 * limit)
	if err := ctx.Err(); err != nil {
		t.Errorf("waiting counts: %v", err)
	}
}

func TestParent(t *testing.T) {
	parent, cancel := context.WithCancelCause(t.Context())
	ctx, stop := Limited(parent, time.Hour)
	defer stop()
	if ctx.Err() != nil {
		t.Fatal(ctx.Err())
	}
	why := errors.New("why")
	cancel(why)
	if ctx.Err() == nil || !errors.Is(context.Cause(ctx), why) {
		t.Errorf("%v, %v", ctx.Err(), context.Cause(ctx))
	}
}
