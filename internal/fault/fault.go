// Package fault is the error that a person can do something about: what went wrong,
// what to do, and what it means for the command or the request that it ends.
//
// A library wraps an error in one where it knows the advice; whoever reports errors
// (the command line, a server) asks for kind and hint with errors.As. A library's
// sentinel errors stay what callers tell apart with errors.Is.
package fault

import (
	"errors"
	"fmt"
)

// Kind is what an error means for the work that it ends. The command line makes an
// exit code of it.
type Kind int

// The kinds of errors.
const (
	Unknown     Kind = iota // what the cause says, else Fatal
	Fatal                   // the work could not be done
	Usage                   // the arguments or the settings are wrong
	Partial                 // the work is done, but some files failed
	Unreachable             // the store cannot be reached
	Model                   // the index was built by another model
	Locked                  // another process is writing the index
	Interrupted             // cut short on request; what was reported is durable
)

// ErrInterrupted ends work that a person cut short.
var ErrInterrupted = errors.New("interrupted")

// Error is an error together with its kind and with advice.
type Error struct {
	Err    error
	Advice string // one sentence: what to do; "" if the message says it all
	Kind   Kind
}

// Error is the message, without the advice.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Hint is the advice.
func (e *Error) Hint() string { return e.Advice }

// Advise returns an error with a hint, whose kind is that of what it wraps.
func Advise(hint, format string, args ...any) error {
	return &Error{Err: fmt.Errorf(format, args...), Advice: hint}
}

// Fatalf returns an error that ends the work, with a hint.
func Fatalf(hint, format string, args ...any) error {
	return &Error{Err: fmt.Errorf(format, args...), Advice: hint, Kind: Fatal}
}

// Usagef returns an error about how a program was called, with a hint.
func Usagef(hint, format string, args ...any) error {
	return &Error{Err: fmt.Errorf(format, args...), Advice: hint, Kind: Usage}
}

// Partialf returns the error of work that finished but could not do to some files what
// the verb says: "indexed".
func Partialf(failed int64, verb, hint string) error {
	noun := "files"
	if failed == 1 {
		noun = "file"
	}
	return &Error{Err: fmt.Errorf("%d %s could not be %s", failed, noun, verb), Advice: hint, Kind: Partial}
}
