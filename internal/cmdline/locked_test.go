package cmdline

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/store"
)

func TestWhileLocked(t *testing.T) {
	locked := fmt.Errorf("open: %w", store.ErrLocked)
	asked := 0
	got, err := whileLocked(t.Context(), time.Hour, func() (int, error) {
		if asked++; asked < 3 {
			return 0, locked
		}
		return 7, nil
	})
	if got != 7 || err != nil || asked != 3 {
		t.Errorf("%d, %v, asked %d times", got, err, asked)
	}
	if _, err := whileLocked(t.Context(), 0, func() (int, error) { return 0, locked }); !errors.Is(err, store.ErrLocked) {
		t.Errorf("without patience: %v", err)
	}
	asked = 0
	broken := errors.New("broken")
	if _, err := whileLocked(t.Context(), time.Hour, func() (int, error) { asked++; return 0, broken }); !errors.Is(err, broken) || asked != 1 {
		t.Errorf("another error: %v, asked %d times", err, asked)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := whileLocked(ctx, time.Hour, func() (int, error) { cancel(); return 0, locked }); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}
