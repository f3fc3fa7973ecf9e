package store

import (
	"errors"
	"fmt"

	"github.com/sightline/sightline/internal/lazyregexp"
)

// Mode says what a store is opened for. Every store takes the same ones.
type Mode int

// The modes, in the order of what they allow.
const (
	// ReadOnly is for searching. The index must exist.
	ReadOnly Mode = iota
	// ReadWrite is for changing an index that exists.
	ReadWrite
	// Create is ReadWrite that makes the index if it is not there.
	Create
	// Rebuild is Create for an index that another model built: the new one is made
	// beside it, and stands in its place for everybody only after Promoter's Promote.
	Rebuild
)

// Writes reports whether the mode allows changes.
func (m Mode) Writes() bool { return m >= ReadWrite }

// Creates reports whether the mode makes an index that is not there, which takes a
// model to make it for.
func (m Mode) Creates() bool { return m >= Create }

var collectionName = lazyregexp.New(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$`)

// CheckOpen reports what no store can open: a collection whose name is not 1-64 of
// letters, digits, "_", "-" and ".", the first of them none of "-" and "."; or a mode
// that creates an index, without a model to create it for.
func CheckOpen(collection string, mode Mode, m Model) error {
	if err := checkName(collection); err != nil {
		return err
	}
	if mode.Creates() && (m.Fingerprint == "" || m.Dim < 1) {
		return errors.New("an index is created for a model, and none was given")
	}
	return nil
}

func checkName(collection string) error {
	if !collectionName().MatchString(collection) {
		return fmt.Errorf("collection name %q: only letters, digits, _, - and . are allowed, "+
			"not starting with - or ., at most 64", collection)
	}
	return nil
}
