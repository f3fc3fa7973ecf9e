package store

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
