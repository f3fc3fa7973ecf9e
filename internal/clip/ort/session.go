package ort

import (
	"errors"
	"fmt"
	"sync/atomic"

	onnxruntime "github.com/yalue/onnxruntime_go"

	"github.com/sightline/sightline/internal/clip"
)

// live counts the C objects that exist. Nothing of ONNX Runtime's is freed by Go's
// collector, so the tests hold this at zero.
var live atomic.Int64

// session is a graph that has been loaded. Its run is safe for concurrent use.
type session struct {
	s *onnxruntime.DynamicAdvancedSession
}

// openSession loads the graph at path for the named inputs and outputs. Each run
// uses threads threads, its caller's among them.
func openSession(path string, inputs, outputs []string, threads int) (*session, error) {
	o, err := sessionOptions(threads)
	if err != nil {
		return nil, fmt.Errorf("loading %s: %w", path, err)
	}
	defer o.Destroy()
	s, err := onnxruntime.NewDynamicAdvancedSession(path, inputs, outputs, o)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", clip.ErrUnreadable, path, &graphError{cause: err})
	}
	live.Add(1)
	return &session{s: s}, nil
}

// sessionOptions are those of every session; the caller destroys them.
func sessionOptions(threads int) (*onnxruntime.SessionOptions, error) {
	o, err := onnxruntime.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		o.SetIntraOpNumThreads(threads),
		o.SetInterOpNumThreads(1),
		// Threads that wait must sleep: decoding shares the cores with the model.
		o.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"),
	)
	if err != nil {
		return nil, errors.Join(err, o.Destroy())
	}
	return o, nil
}

// run calls the graph. A call cannot be abandoned half-way: C would go on writing
// into memory that Go has given away.
func (s *session) run(inputs, outputs []tensor) error {
	in, out := make([]onnxruntime.Value, len(inputs)), make([]onnxruntime.Value, len(outputs))
	for i, t := range inputs {
		in[i] = t.Value
	}
	for i, t := range outputs {
		out[i] = t.Value
	}
	return s.s.Run(in, out)
}

func (s *session) close() error {
	live.Add(-1)
	return s.s.Destroy()
}
