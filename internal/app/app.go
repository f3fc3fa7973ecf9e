// Package app is the composition root: it opens the store and the model that the
// settings name, and explains errors. It is the only package that knows the concrete
// stores and ONNX Runtime. The command line and servers stand on it alike, so it knows
// neither flags nor terminals.
package app

import (
	"log/slog"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/store"
)

// Env is what opening a store or a model takes besides the settings.
type Env struct {
	Getenv     func(string) string
	Executable string       // path of the running binary; "" where it is not known
	Log        *slog.Logger // may be replaced between calls

	opened  func(store.Store) store.Store                       // tests see here each store that is opened; nil for none
	encoder func(config.Config, Workload) (clip.Encoder, error) // tests open a model without weights; nil for OpenEncoder
}
