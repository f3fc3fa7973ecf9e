package app

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/ort"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/walk"
)

// Workload says which work an encoder is for.
type Workload int

// The kinds of work.
const (
	OneQuery  Workload = iota // one text or picture at a time, on all cores
	ManyFiles                 // many calls at once, each on its own threads: see EmbedChoice
)

// Open is an index together with the model that answers for it.
type Open struct {
	Store   store.Store
	Encoder clip.Encoder
	Engine  Engine // of large products, shared with the store; loaded when it is first used
}

// Close closes all of it.
func (o *Open) Close() error {
	return errors.Join(o.Store.Close(), o.Encoder.Close(), o.Engine.Close())
}

// OpenIndex opens an index, and the model that built it or will build it. Where the
// settings name no model, the index's own is taken, and for a new index see modelForNew. The
// store is opened once: the model is chosen while it is. An index to be built beside
// another, with Rebuild, is opened by OpenIndexJob alone.
func (e *Env) OpenIndex(ctx context.Context, cfg config.Config, access store.Mode, w Workload) (*Open, error) {
	if access == store.Rebuild {
		return nil, errors.New("an index is rebuilt by a job of its own")
	}
	var enc clip.Encoder
	var failed error // to open the model, which is reported as it is
	choose := func(inUse store.Model) (store.Model, error) {
		if enc, failed = e.OpenEncoder(ctx, e.adoptModel(cfg, inUse), w); failed != nil {
			return store.Model{}, failed
		}
		return modelOf(enc.Spec()), nil
	}
	engine := e.MatrixEngine(cfg)
	st, err := e.openStore(ctx, cfg, access, wanted{choose: choose, engine: engine})
	switch {
	case failed != nil:
		return nil, errors.Join(failed, engine.Close())
	case err != nil && enc != nil:
		return nil, errors.Join(err, enc.Close(), engine.Close())
	case err != nil:
		return nil, errors.Join(err, engine.Close())
	}
	return &Open{Store: st, Encoder: enc, Engine: engine}, nil
}

// OpenModel opens the model that the settings name, without an index: see AdoptModel.
func (e *Env) OpenModel(ctx context.Context, cfg config.Config, w Workload) (clip.Encoder, error) {
	cfg, err := e.AdoptModel(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return e.OpenEncoder(ctx, cfg, w)
}

// AdoptModel returns the settings with a model: where they name none, that of the index
// if there is one, and that of a new index if not.
func (e *Env) AdoptModel(ctx context.Context, cfg config.Config) (config.Config, error) {
	if cfg.Model != "" {
		return e.withModelDefaults(cfg), nil
	}
	st, err := e.OpenStore(ctx, cfg, store.ReadOnly, store.Model{})
	if errors.Is(err, store.ErrNoIndex) {
		return e.withModelDefaults(cfg), nil
	} else if err != nil {
		return cfg, err
	}
	return e.adoptModel(cfg, st.Model()), st.Close()
}

// adoptModel fills the settings about the model that were left open from the model
// of the index, the zero Model if there is none, and then with the defaults.
func (e *Env) adoptModel(cfg config.Config, m store.Model) config.Config {
	if cfg.Model == "" {
		cfg.Model = m.Name
		if cfg.Precision == "" {
			cfg.Precision = m.Precision
		}
	}
	if cfg.Pixels == "" {
		cfg.Pixels = m.Pixels
	}
	if cfg.Colour == "" && m != (store.Model{}) { // an index that says nothing ignores them
		cfg.Colour = cmp.Or(m.Colour, string(imaging.ColourIgnore))
	}
	return e.withModelDefaults(cfg)
}

func (e *Env) withModelDefaults(cfg config.Config) config.Config {
	if cfg.Model == "" {
		cfg.Model = e.modelForNew(cfg)
	}
	if cfg.Pixels == "" {
		cfg.Pixels = string(imaging.Fast)
	}
	if cfg.Colour == "" {
		cfg.Colour = string(imaging.ColourSRGB)
	}
	return cfg
}

// OpenEncoder opens the model that the settings name, without loading its weights.
func (e *Env) OpenEncoder(ctx context.Context, cfg config.Config, w Workload) (clip.Encoder, error) {
	cfg = e.withModelDefaults(cfg)
	if e.encoder != nil {
		return e.encoder(cfg, w)
	}
	m, err := e.FindModel(cfg, cfg.Model)
	if err != nil {
		return nil, err
	}
	b, err := clip.OpenBundle(m.Dir, clip.BundleOptions{
		Name: m.Name, Precision: cfg.Precision, Pixels: imaging.Mode(cfg.Pixels), Colour: imaging.Colour(cfg.Colour),
	})
	if err != nil {
		return nil, err
	}
	var cache *clip.DigestCache
	if dir := config.DefaultCache(e.Getenv); dir != "" {
		cache = clip.OpenDigestCache(filepath.Join(dir, "digests.json"), e.Log)
	}
	fingerprint, err := b.Fingerprint(ctx, cache)
	if err != nil {
		return nil, err
	}
	lib, err := ort.FindLibrary(cfg.OnnxRuntimeLib, e.Executable)
	if err != nil {
		return nil, err
	}
	if err := checkAddresses(addressLimit(), w); err != nil {
		return nil, err
	}
	o := ort.Options{Log: e.Log}
	if w == ManyFiles {
		o.ImageThreads, o.ManyImages = e.EmbedChoice(cfg, fingerprint).Threads, true
	}
	if dir := config.DefaultCache(e.Getenv); dir != "" {
		o.GraphCache = filepath.Join(dir, "graphs")
		o.TokenizerCache = filepath.Join(dir, "tokenizers")
	}
	enc, err := ort.NewEncoder(b, fingerprint, lib, o)
	if err != nil {
		return nil, err
	}
	return enc, nil
}

// Library is the ONNX Runtime library that models run with here.
func (e *Env) Library(cfg config.Config) (string, error) {
	return ort.FindLibrary(cfg.OnnxRuntimeLib, e.Executable)
}

// TextCache is the cache of query embeddings of this user, or nil where there is no
// folder for it.
func (e *Env) TextCache() *query.TextCache {
	dir := config.DefaultCache(e.Getenv)
	if dir == "" {
		return nil
	}
	return query.OpenTextCache(filepath.Join(dir, "texts.bin"), e.Log)
}

// modelOf is a model as a store records it.
func modelOf(s clip.Spec) store.Model {
	m := store.Model{
		Fingerprint: s.Fingerprint, Name: s.Name, Precision: s.Precision,
		Pixels: string(s.Preprocess.Mode), Dim: s.Dim,
	}
	if s.Preprocess.Colour != imaging.ColourIgnore {
		m.Colour = string(s.Preprocess.Colour)
	}
	return m
}

// IndexOptions turns the settings into those of the pipeline. How it embeds depends on
// the model as well: see EmbedChoice.
func IndexOptions(cfg config.Config) (index.Options, error) {
	if err := walk.ValidateGlobs(cfg.Index.Ignore); err != nil {
		return index.Options{}, fault.Usagef("a glob is a pattern such as *.tmp or cache/", "--ignore: %s", err)
	}
	raw := cfg.Index.RAW != config.RAWOff
	return index.Options{
		Collection: cfg.Collection,
		Twins:      cfg.Index.RAW == config.RAWTwin,
		SkipRAW:    !raw,
		Walk: walk.Options{
			KnownExtension: func(name string) bool {
				return imaging.KnownExtension(name) && (raw || !imaging.RAWName(name))
			},
			OtherKind: kindByName,
			Sniff:     func(name string, head []byte) (bool, string) { return sniff(name, head, raw) },
			Hidden:    cfg.Index.Hidden,
			SkipLinks: !cfg.Index.FollowLinks,
			Ignore:    cfg.Index.Ignore,
		},
		Limits:       Limits(cfg),
		Workers:      cfg.Index.Workers,
		DecodedBytes: cfg.Index.DecodedBytes,
	}, nil
}

// Limits are the bounds of one picture.
func Limits(cfg config.Config) imaging.Limits {
	return imaging.Limits{MaxPixels: cfg.Index.MaxPixels, MaxBytes: cfg.Index.MaxBytes, MaxMemory: cfg.Index.MaxMemory}
}
