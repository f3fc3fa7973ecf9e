// Package ort runs a model's graphs with ONNX Runtime.
//
// It is the only package that calls into the C library. It finds the library (Runtime),
// owns every C object that is made, implements clip.Encoder (Encoder), and multiplies the
// matrices of a search (Engine). Only the composition root imports it; everything else
// sees the contracts of clip and vec.
//
// # Calls
//
// A call into C is never abandoned: C would go on writing into memory that Go has given
// away. So a context is looked at before each call, and Close waits for those in flight.
//
// Many calls of one thread each are faster than one call of many threads. An index run
// makes as many at once as there are cores; a query has one call with all cores. Texts of
// equal token count share a call, so nothing is padded, and equal texts are embedded once.
// A graph that quantises its activations as it runs gets one picture or text per call,
// because that scale is taken over the whole call (onnx.Header.DynamicQuant).
//
// # Graphs
//
// A tower is loaded when it is first needed, from a cache of graphs as ONNX Runtime has
// optimised them (graphcache.go). An image tower that takes its embedding from its first
// token is trimmed to what that token needs, if the trimmed graph gives the same embedding
// of noise (trim.go). Graphs that scale their activations over all tokens stay whole, since
// their results would change.
package ort

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	onnxruntime "github.com/yalue/onnxruntime_go"
)

// Version is the ONNX Runtime release that the set-up script installs and that
// the tests run on. Any later 1.x works too; an older one is refused by the
// library itself.
const Version = "1.32.0"

// ErrNoLibrary says that the ONNX Runtime shared library was not found or could
// not be loaded. The message says where it was looked for.
var ErrNoLibrary = errors.New("ONNX Runtime cannot be used")

// process guards the library: the C environment exists once in a process, however
// many encoders there are. This is the one piece of state that cannot live in a
// value, because the binding keeps it in package variables of its own.
var process struct {
	sync.Mutex
	users int
	path  string
}

// Runtime is a reference to the loaded library. Every session holds one.
type Runtime struct{ once sync.Once }

// Open loads the library at path, or joins the one that is already loaded: a
// process can only have one, so a second path is an error.
func Open(path string) (*Runtime, error) {
	process.Lock()
	defer process.Unlock()
	if process.users > 0 {
		if path != process.path {
			return nil, fmt.Errorf("%w: %s is wanted but %s is loaded already", ErrNoLibrary, path, process.path)
		}
		process.users++
		return &Runtime{}, nil
	}
	// ONNX Runtime from 1.29 on keeps a device id under the user's cache folder and
	// reports to its makers over the network, unless this is set when it is loaded:
	// switching it off later, by its API, is too late for both. Pictures are private,
	// and starting that machinery takes longer than a search.
	if err := os.Setenv("ORT_DISABLE_TELEMETRY", "1"); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoLibrary, err)
	}
	onnxruntime.SetSharedLibraryPath(path)
	if err := onnxruntime.InitializeEnvironment(onnxruntime.WithLogLevelError()); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoLibrary, &libraryError{path, err})
	}
	process.users, process.path = 1, path
	return &Runtime{}, nil
}

// Close drops the reference; the last one unloads the library. It may be repeated.
func (r *Runtime) Close() error {
	var err error
	r.once.Do(func() {
		process.Lock()
		defer process.Unlock()
		process.users--
		if process.users == 0 {
			err = onnxruntime.DestroyEnvironment()
		}
	})
	return err
}

// LibraryName is the file name of the pinned library on this system.
func LibraryName() string {
	if runtime.GOOS == "darwin" {
		return "libonnxruntime." + Version + ".dylib"
	}
	return "libonnxruntime.so." + Version
}

// FindLibrary returns the path of the shared library: explicit if it is given,
// else the first that exists of lib/ beside the folder of the executable (where
// the set-up script puts it and where a package would) and the usual system
// folders. The current folder is never searched, since whoever can write there
// could choose the code that runs.
func FindLibrary(explicit, executable string) (string, error) {
	if explicit != "" {
		// The system's loader looks for a name without a slash in folders of its own.
		path, err := filepath.Abs(explicit)
		if err != nil {
			return "", fmt.Errorf("%w: %w", ErrNoLibrary, err)
		}
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("%w: %w", ErrNoLibrary, err)
		}
		return path, nil
	}
	var dirs []string
	if executable != "" {
		if real, err := filepath.EvalSymlinks(executable); err == nil {
			executable = real
		}
		bin := filepath.Dir(executable)
		dirs = append(dirs, filepath.Join(bin, "..", "lib"), filepath.Join(bin, "..", "lib", "sightline"), bin)
	}
	dirs = append(dirs, "/usr/local/lib", "/usr/lib", "/opt/homebrew/lib")
	names := []string{LibraryName(), "libonnxruntime.so", "libonnxruntime.dylib"}
	for _, dir := range dirs {
		for _, name := range names {
			path := filepath.Join(dir, name)
			if _, err := os.Stat(path); err == nil {
				return path, nil
			} else if !errors.Is(err, fs.ErrNotExist) {
				return "", fmt.Errorf("%w: %w", ErrNoLibrary, err)
			}
		}
	}
	return "", fmt.Errorf("%w: no %s in %s", ErrNoLibrary, LibraryName(), strings.Join(dirs, ", "))
}
