package hub

import "errors"

// Errors that callers tell apart with errors.Is. What is returned wraps them with
// the model, the file and the reason, and often carries a hint (see fault.Error).
var (
	ErrNotFound    = errors.New("not found on the hub")
	ErrAccess      = errors.New("the hub refuses access")
	ErrNoPrecision = errors.New("no such variant")
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
