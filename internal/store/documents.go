package store

import (
	"context"
	"fmt"

	"github.com/sightline/sightline/internal/lazyregexp"
)

// Documents is an optional interface of stores that keep small documents with an index:
// what belongs to it and is no record, such as which tagging runs there were. They go
// where the index goes: to every machine that opens it, into a copy, and from the old
// model to the new one in a rebuild. What is true of one model only says so in its content.
//
// Documents are apart from the records. Any store that is open may write them, one that
// was opened with ReadOnly too: each write replaces one document as a whole, so that
// writers need no lock, and of two the later one wins. Who changes what is in a document
// takes care that nobody else does.
type Documents interface {
	// PutDocument adds a document, or replaces the one of this name: a reader finds the old
	// data or the new, also after a crash. It is durable when the call returns. What
	// CheckDocument refuses is an error.
	PutDocument(ctx context.Context, name string, data []byte) error
	// Document returns the data of a document, which may be empty. One that is not there
	// gives ErrNotFound.
	Document(ctx context.Context, name string) ([]byte, error)
	// DeleteDocument removes a document. An unknown name is ignored.
	DeleteDocument(ctx context.Context, name string) error
	// DocumentNames lists the names that begin with prefix, sorted. The prefix "" is that
	// of all.
	DocumentNames(ctx context.Context, prefix string) ([]string, error)
}

// The bounds of a document: bytes of its data, and of its name.
const (
	MaxDocument     = 64 << 20
	MaxDocumentName = 100
)

var documentName = lazyregexp.New(`^[a-z0-9][a-z0-9.-]*(/[a-z0-9][a-z0-9.-]*)*$`)

// CheckDocumentName reports a name that no document has: one is made of parts of
// lower-case ASCII letters, digits, dots and dashes, with slashes between them. Each part
// begins with a letter or a digit. The name has at most MaxDocumentName bytes.
func CheckDocumentName(name string) error {
	if len(name) > MaxDocumentName || !documentName().MatchString(name) {
		return fmt.Errorf("document name %.120q: parts of lower-case letters, digits, dots and dashes are allowed, "+
			"with slashes between them, at most %d bytes", name, MaxDocumentName)
	}
	return nil
}

// CheckDocument reports a document that no store keeps, by its name or its size.
func CheckDocument(name string, data []byte) error {
	if err := CheckDocumentName(name); err != nil {
		return err
	}
	if len(data) > MaxDocument {
		return fmt.Errorf("document %s has %d bytes, at most %d are kept", name, len(data), MaxDocument)
	}
	return nil
}
