package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/sightline/sightline/internal/clip/ort"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/measure/tune"
)

// tuningName is the file, in the cache folder, that keeps what indexer tune found.
const tuningName = "tuning.json"

// Cores is the number of cores that the process may use.
func Cores() int { return runtime.GOMAXPROCS(0) }

// EmbedChoice is how a model embeds many pictures: as the settings say, else as
// indexer tune found on this machine, else as is right for most. One setting puts what
// was found aside, since the three were measured together.
func (e *Env) EmbedChoice(cfg config.Config, fingerprint string) tune.Choice {
	c := tune.Default(Cores())
	own := cfg.Index
	if own.EmbedWorkers == 0 && own.EmbedThreads == 0 && own.BatchSize == 0 {
		if path, key, err := e.tuningEntry(cfg, fingerprint); err == nil {
			if found, ok := tune.Load(path, key); ok {
				return found
			}
		}
		return c
	}
	if own.EmbedThreads > 0 {
		c.Threads = own.EmbedThreads
		c.Workers = max(1, c.Workers/c.Threads)
	}
	if own.EmbedWorkers > 0 {
		c.Workers = own.EmbedWorkers
	}
	if own.BatchSize > 0 {
		c.BatchSize = own.BatchSize
	}
	return c
}

// CheckTuning returns an error where SaveEmbedChoice could not keep anything: it is
// asked before a measurement that would be for nothing.
func (e *Env) CheckTuning(cfg config.Config) error {
	path, _, err := e.tuningEntry(cfg, "")
	if err != nil {
		return err
	}
	if err := tune.Check(path); err != nil {
		return fmt.Errorf("what would be measured could not be kept: %w", err)
	}
	return nil
}

// Tuned is what was measured of a model.
type Tuned struct {
	Model       string
	Fingerprint string
	Rows        []tune.Measured
}

// Best is the choice that is to be used.
func (t Tuned) Best() tune.Choice {
	for _, r := range t.Rows {
		if r.Chosen {
			return r.Choice
		}
	}
	return tune.Choice{}
}

// TuneEmbedding measures how this machine embeds pictures fastest with the model that
// the settings name, each way twice for the time each.
func (e *Env) TuneEmbedding(ctx context.Context, cfg config.Config, each time.Duration) (Tuned, error) {
	cfg, err := e.AdoptModel(ctx, cfg)
	if err != nil {
		return Tuned{}, err
	}
	var t Tuned
	t.Rows, err = tune.Find(ctx, tune.Candidates(Cores()), each, func(threads int) (tune.Model, error) {
		cfg.Index.EmbedThreads = threads
		enc, err := e.OpenEncoder(ctx, cfg, ManyFiles)
		if err != nil {
			return nil, err
		}
		t.Model, t.Fingerprint = enc.Spec().Name, enc.Spec().Fingerprint
		return enc, nil
	})
	return t, err
}

// SaveEmbedChoice keeps what was measured for later runs and returns the file.
func (e *Env) SaveEmbedChoice(cfg config.Config, fingerprint string, c tune.Choice) (string, error) {
	path, key, err := e.tuningEntry(cfg, fingerprint)
	if err != nil {
		return "", err
	}
	if err := tune.Save(path, key, c); err != nil {
		return "", fmt.Errorf("keeping what was measured: %w", err)
	}
	return path, nil
}

// tuningEntry is the file of choices and the key of a model in it, which changes with
// the processor, the number of cores and the library.
func (e *Env) tuningEntry(cfg config.Config, fingerprint string) (path, key string, err error) {
	dir := config.DefaultCache(e.Getenv)
	if dir == "" {
		return "", "", &fault.Error{
			Err:    errors.New("there is no folder for caches: neither XDG_CACHE_HOME nor HOME is set"),
			Advice: "set one of them, or only measure with --dry-run", Kind: fault.Fatal,
		}
	}
	lib, err := ort.FindLibrary(cfg.OnnxRuntimeLib, e.Executable)
	if err != nil {
		return "", "", err
	}
	if lib, err = filepath.EvalSymlinks(lib); err != nil {
		return "", "", err
	}
	info, err := os.Stat(lib)
	if err != nil {
		return "", "", err
	}
	return filepath.Join(dir, tuningName), tune.Key(fingerprint, ort.Processor(), strconv.Itoa(Cores()),
		filepath.Base(lib), strconv.FormatInt(info.Size(), 10)), nil
}
