package tune_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/measure/tune"
)

// closing is a model that counts how often it was closed.
type closing struct {
	model
	closed *int
}

func (c *closing) Close() error { *c.closed++; return nil }

// A model is opened once for all choices with its threads, and closed; what comes out
// is in the order of the choices, and one of it is chosen.
func TestFind(t *testing.T) {
	choices := []tune.Choice{{4, 1, 8}, {4, 1, 16}, {2, 2, 8}, {1, 4, 8}, {1, 4, 16}}
	var opened []int
	closed := 0
	rows, err := tune.Find(t.Context(), choices, time.Millisecond, func(threads int) (tune.Model, error) {
		opened = append(opened, threads)
		// Calls on four threads are by far the fastest.
		return &closing{model: model{perPicture: 3 * time.Millisecond / time.Duration(threads*threads*threads)}, closed: &closed}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{1, 2, 4}, opened); diff != "" || closed != len(opened) {
		t.Errorf("closed %d; opened (-want +got):\n%s", closed, diff)
	}
	chosen := 0
	for i, r := range rows {
		if r.Choice != choices[i] || r.Rate <= 0 {
			t.Errorf("row %d: %+v", i, r)
		}
		if r.Chosen {
			chosen++
			if r.Threads != 4 {
				t.Errorf("%+v is chosen among %+v", r, rows)
			}
		}
	}
	if len(rows) != len(choices) || chosen != 1 {
		t.Errorf("%d rows, %d of them chosen", len(rows), chosen)
	}
}

func TestFindFails(t *testing.T) {
	broken := errors.New("broken")
	choices := tune.Candidates(2)
	if _, err := tune.Find(t.Context(), choices, time.Millisecond, func(int) (tune.Model, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("a model that does not open: %v", err)
	}
	closed := 0
	_, err := tune.Find(t.Context(), choices, time.Millisecond, func(int) (tune.Model, error) {
		return &closing{model: model{err: broken}, closed: &closed}, nil
	})
	if !errors.Is(err, broken) || closed != 1 {
		t.Errorf("a model that fails: %v, closed %d times", err, closed)
	}
	if rows, err := tune.Find(t.Context(), nil, time.Millisecond, nil); err != nil || len(rows) != 0 {
		t.Errorf("without choices: %+v, %v", rows, err)
	}
}
