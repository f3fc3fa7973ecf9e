package ort

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	onnxruntime "github.com/yalue/onnxruntime_go"
	"golang.org/x/sys/cpu"

	"github.com/sightline/sightline/internal/vec"
)

// graphCache keeps graphs as ONNX Runtime has optimised them, with the weights in a
// file beside the graph that is mapped instead of read: a 254 MB text tower then
// opens in a tenth of the time. An entry belongs to one model, library version and
// CPU. It is a folder
//
//	KEY/graph.onnx  KEY/weights.bin  KEY/files.json  KEY/checked.json
//
// that is made under another name, synced, and renamed: processes that make the same
// entry at once do not disturb each other. Its files are compared with their digests when
// they were touched since that was last done, and once a day; see graphcheck.go. Whatever
// goes wrong with the cache, the graph is opened from the model itself.
type graphCache struct {
	dir     string
	log     *slog.Logger
	weights weightLayout
	// probe embeds something that both of two graphs must agree on. With it a graph is
	// trimmed to what its output needs.
	probe func(*session) (vec.Matrix, error)
}

// weightLayout says how a session holds the weights of an optimised graph.
type weightLayout int

const (
	// mappedWeights stay in the mapped file: quick to open, right for one query.
	mappedWeights weightLayout = iota
	// packedWeights are copied and laid out for the processor: right for many calls.
	packedWeights
)

const (
	graphName   = "graph.onnx"
	weightsName = "weights.bin"
	filesName   = "files.json"   // size and digest of the others
	checkedName = "checked.json" // when they were compared with it
	trimmedName = "trimmed.onnx" // until its embedding has been compared

	// graphsKept is how many entries stay; each is as large as its tower.
	graphsKept = 6
	// staleAfter is the age from which an unfinished entry is what a crash left behind.
	staleAfter = time.Hour
)

// open returns a session for the graph at path, from the cache if it can. identity
// tells the model's files apart from all others.
func (c *graphCache) open(path, identity string, inputs, outputs []string, threads int) (*session, error) {
	if c.dir == "" {
		return openSession(path, inputs, outputs, threads)
	}
	entry := filepath.Join(c.dir, graphKey(identity, filepath.Base(path)))
	s, err := c.openEntry(entry, inputs, outputs, threads)
	if err == nil {
		return s, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		c.log.Info("an optimised graph is rebuilt", "folder", entry, "reason", err)
	}
	if err = c.make(entry, path, inputs, outputs, threads); err == nil {
		s, err = c.openEntry(entry, inputs, outputs, threads)
	}
	if err != nil {
		c.log.Info("working without an optimised graph", "graph", path, "reason", err)
		return openSession(path, inputs, outputs, threads)
	}
	return s, nil
}

// graphKey names the entry of a graph. The layout is part of it, for later versions.
func graphKey(identity, graph string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{"4", identity, graph, onnxruntime.GetVersion(), Processor()}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// Processor describes the kind of processor: what ONNX Runtime makes of a graph, and how
// fast it is, holds for this kind only.
func Processor() string {
	return fmt.Sprint(runtime.GOOS, runtime.GOARCH, cpu.X86, cpu.ARM64)
}

// openEntry opens an entry whose files are those that were made.
func (c *graphCache) openEntry(entry string, inputs, outputs []string, threads int) (*session, error) {
	if err := checkEntry(entry, time.Now()); err != nil {
		return nil, err
	}
	s, err := openOptimised(filepath.Join(entry, graphName), inputs, outputs, threads, c.weights)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	_ = os.Chtimes(entry, now, now) // what was used last is kept longest; not worth an error
	return s, nil
}

// openOptimised opens a graph as it is.
func openOptimised(path string, inputs, outputs []string, threads int, weights weightLayout) (*session, error) {
	o, err := sessionOptions(threads)
	if err != nil {
		return nil, err
	}
	defer o.Destroy()
	err = o.SetGraphOptimizationLevel(onnxruntime.GraphOptimizationLevelDisableAll)
	if weights == mappedWeights {
		// Packing copies all weights, which costs more than one query gains by it.
		err = errors.Join(err, o.AddSessionConfigEntry("session.disable_prepacking", "1"))
	}
	if err != nil {
		return nil, err
	}
	s, err := onnxruntime.NewDynamicAdvancedSession(path, inputs, outputs, o)
	if err != nil {
		return nil, err
	}
	live.Add(1)
	return &session{s: s}, nil
}

// make optimises a graph into an entry.
func (c *graphCache) make(entry, path string, inputs, outputs []string, threads int) (err error) {
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(c.dir, "unfinished-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	if err := writeOptimised(tmp, path, threads); err != nil {
		return err
	}
	if c.probe != nil {
		if err := c.trim(tmp, inputs, outputs, threads); err != nil {
			c.log.Info("the graph is used untrimmed", "graph", path, "reason", err)
		}
	}
	if err := describeEntry(tmp); err != nil {
		return err
	}
	if err := os.Rename(tmp, entry); err != nil {
		// Another process was faster, or the entry is damaged. Processes that have the old
		// files mapped keep them.
		if err := os.RemoveAll(entry); err != nil {
			return err
		}
		if err := os.Rename(tmp, entry); err != nil {
			return err
		}
	}
	return c.clean(entry)
}

// writeOptimised lets ONNX Runtime write a graph after its own optimisation.
func writeOptimised(dir, path string, threads int) error {
	o, err := sessionOptions(threads)
	if err != nil {
		return err
	}
	defer o.Destroy()
	err = errors.Join(
		o.SetGraphOptimizationLevel(onnxruntime.GraphOptimizationLevelEnableAll),
		o.AddSessionConfigEntry("session.disable_prepacking", "1"), // it will never run
		o.SetOptimizedModelFilePath(filepath.Join(dir, graphName)),
		o.AddSessionConfigEntry("session.optimized_model_external_initializers_file_name", weightsName),
		o.AddSessionConfigEntry("session.optimized_model_external_initializers_min_size_in_bytes", "1024"),
	)
	if err != nil {
		return err
	}
	// The names do not matter: the session is never run.
	s, err := onnxruntime.NewDynamicAdvancedSession(path, nil, nil, o)
	if err != nil {
		return err
	}
	return s.Destroy()
}

// clean removes the entries that were not used for longest, and what crashes left.
func (c *graphCache) clean(keep string) error {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return err
	}
	type old struct {
		path string
		used time.Time
	}
	var others []old
	for _, e := range entries {
		path := filepath.Join(c.dir, e.Name())
		info, err := e.Info()
		switch {
		case err != nil || path == keep:
		case strings.HasPrefix(e.Name(), "unfinished-"):
			if time.Since(info.ModTime()) > staleAfter {
				err = os.RemoveAll(path)
			}
		default:
			others = append(others, old{path, info.ModTime()})
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	slices.SortFunc(others, func(a, b old) int { return cmp.Compare(b.used.UnixNano(), a.used.UnixNano()) })
	for _, o := range others[min(len(others), graphsKept-1):] {
		if err := os.RemoveAll(o.path); err != nil {
			return err
		}
	}
	return nil
}
