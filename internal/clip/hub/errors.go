package hub

import (
	"errors"
	"fmt"
)

// Errors that callers tell apart with errors.Is. What is returned wraps them with
// the model, the file and the reason, and often carries a hint (see Error).
var (
	ErrNotFound    = errors.New("not found on the hub")
	ErrAccess      = errors.New("the hub refuses access")
	ErrNoVariant   = errors.New("no such variant")
	ErrUnusable    = errors.New("not a usable model bundle")
	ErrOtherCommit = errors.New("the bundle holds another commit")
	ErrChecksum    = errors.New("the bytes that arrived are not the file")
	ErrNoSpace     = errors.New("not enough disk space")
	ErrBusy        = errors.New("another process is fetching this model")
	ErrOffline     = errors.New("offline mode is on")
	ErrUnsafePath  = errors.New("unsafe file name")
	ErrNoManifest  = errors.New("there is no " + ManifestName)
	ErrManifest    = errors.New("the manifest is damaged")
)

// Error is a failure that the user can do something about.
type Error struct {
	Err    error
	Advice string // one sentence: what to try
}

// Error says what went wrong, without the advice.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Hint says what to try. Commands print it on a line of its own.
func (e *Error) Hint() string { return e.Advice }

// advise wraps an error made from format with a hint.
func advise(hint, format string, args ...any) error {
	return &Error{Err: fmt.Errorf(format, args...), Advice: hint}
}
