package ort

// Live is the number of C objects that exist.
func Live() int64 { return live.Load() }

// ErrClosed is what calls after Close return.
var ErrClosed = errClosed

// ErrEngineClosed is what an engine's calls after Close return.
var ErrEngineClosed = errEngineClosed
