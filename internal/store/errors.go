package store

import (
	"errors"
	"fmt"
)

// Errors that callers tell apart with errors.Is; stores wrap them with what was
// found and where.
var (
	ErrNotFound    = errors.New("not in the index")
	ErrNoIndex     = errors.New("there is no index here yet")
	ErrLocked      = errors.New("the index is being written by another process")
	ErrUnavailable = errors.New("the store cannot be reached")
	ErrClosed      = errors.New("the store is closed")
	ErrReadOnly    = errors.New("the store was opened for reading")
	ErrNewerFormat = errors.New("the index was written by a newer version of sightline")
	ErrOlderFormat = errors.New("the index was written by an older version of sightline")
	ErrDamaged     = errors.New("the index is damaged")
	ErrIO          = errors.New("the disk could not be read or written") // what is there may be sound
	ErrNoSpace     = errors.New("there is no room left for the index")
)

// ModelMismatchError says that a store holds the embeddings of one model and was
// asked to work with another. Nothing has been changed.
type ModelMismatchError struct {
	Have Model // in the store
	Want Model // asked for
}

// Error names both models.
func (e *ModelMismatchError) Error() string {
	if e.Have.Dim != e.Want.Dim {
		return fmt.Sprintf("the index was built by model %s (%d dimensions), not %s (%d dimensions)",
			e.Have.Label(), e.Have.Dim, e.Want.Label(), e.Want.Dim)
	}
	have, want := e.Have.Label(), e.Want.Label()
	if e.Have.Pixels != e.Want.Pixels {
		have, want = have+" on "+e.Have.Pixels+" pixels", want+" on "+e.Want.Pixels+" pixels"
	}
	if e.Have.Colour != e.Want.Colour {
		have, want = have+colours(e.Have), want+colours(e.Want)
	}
	return fmt.Sprintf("the index was built by model %s, not %s", have, want)
}

// RecordError says that a store cannot keep one record as it is: it is not well formed, or
// goes beyond what the kind of store has room for. The call that returns it may be
// repeated without that record; what of the call was written already may be written again.
type RecordError struct {
	ID   string // of the record
	Path string
	Err  error // why, without the path
}

// Error names the picture and says why.
func (e *RecordError) Error() string { return fmt.Sprintf("%.200q: %s", e.Path, e.Err) }

// Unwrap returns the cause.
func (e *RecordError) Unwrap() error { return e.Err }

// colours says what a model makes of colour spaces.
func colours(m Model) string {
	if m.Colour == "" {
		return " that ignores colour spaces"
	}
	return " with colours in " + m.Colour
}
