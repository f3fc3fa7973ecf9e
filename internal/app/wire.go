package app

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/ort"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/walk"
)

// Access says what a store is opened for.
type Access int

// The kinds of access.
const (
	Read   Access = iota // searching; the index must exist
	Write                // changing an index that exists
	Create               // changing it, and making it if it is not there
)

// OpenStore opens the store that the settings name. A model that is not zero must
// be the one that built the index.
func (p *Program) OpenStore(ctx context.Context, cfg config.Config, access Access, m store.Model) (store.Store, error) {
	mode := map[Access]local.Mode{Read: local.ReadOnly, Write: local.ReadWrite, Create: local.Create}[access]
	engine := ort.NewEngine(func() (string, error) { return ort.FindLibrary(cfg.OnnxRuntimeLib, p.Executable) }, p.Log)
	st, err := local.Open(ctx, local.Options{
		Dir: cfg.DB, Collection: cfg.Collection, Model: m, Mode: mode, Log: p.Log,
		Engine: engine, Codes: engine, Exact: cfg.StoreExact,
	})
	if err != nil {
		return nil, err // not st: a nil *local.Store is not a nil store.Store
	}
	return st, nil
}

// Tuning says which work an encoder is for.
type Tuning int

// The kinds of work.
const (
	OneQuery  Tuning = iota // one text or picture at a time, on all cores
	ManyFiles               // many calls at once, each on one core
)

// Open is an index together with the model that answers for it.
type Open struct {
	Store   store.Store
	Encoder clip.Encoder
}

// Close closes both.
func (o *Open) Close() error { return errors.Join(o.Store.Close(), o.Encoder.Close()) }

// OpenIndex opens a model and the index that it built, or will build. Where the
// settings name no model, the index's own is taken, and starter for a new index.
func (p *Program) OpenIndex(ctx context.Context, cfg config.Config, access Access, t Tuning) (*Open, error) {
	cfg, err := p.adoptModel(ctx, cfg, access)
	if err != nil {
		return nil, err
	}
	enc, err := p.OpenEncoder(ctx, cfg, t)
	if err != nil {
		return nil, err
	}
	st, err := p.OpenStore(ctx, cfg, access, modelOf(enc.Spec()))
	if err != nil {
		return nil, errors.Join(err, enc.Close())
	}
	return &Open{Store: st, Encoder: enc}, nil
}

// adoptModel fills the settings about the model that were left open from what the
// index says of itself.
func (p *Program) adoptModel(ctx context.Context, cfg config.Config, access Access) (config.Config, error) {
	st, err := p.OpenStore(ctx, cfg, Read, store.Model{})
	if errors.Is(err, store.ErrNoIndex) && access == Create {
		return withModelDefaults(cfg), nil
	} else if err != nil {
		return cfg, err
	}
	defer st.Close()
	d, err := st.Describe(ctx)
	if err != nil {
		return cfg, err
	}
	if cfg.Model == "" {
		cfg.Model = d.Model.Name
		if cfg.Precision == "" {
			cfg.Precision = d.Model.Precision
		}
	}
	if cfg.Pixels == "" {
		cfg.Pixels = d.Model.Pixels
	}
	return withModelDefaults(cfg), nil
}

func withModelDefaults(cfg config.Config) config.Config {
	if cfg.Model == "" {
		cfg.Model = StarterModel
	}
	if cfg.Pixels == "" {
		cfg.Pixels = string(imaging.Fast)
	}
	return cfg
}

// OpenEncoder opens the model that the settings name, without loading its weights.
func (p *Program) OpenEncoder(ctx context.Context, cfg config.Config, t Tuning) (clip.Encoder, error) {
	cfg = withModelDefaults(cfg)
	m, err := p.FindModel(cfg, cfg.Model)
	if err != nil {
		return nil, err
	}
	b, err := clip.OpenBundle(m.Dir, clip.BundleOptions{Name: m.Name, Precision: cfg.Precision, Pixels: imaging.Mode(cfg.Pixels)})
	if err != nil {
		return nil, err
	}
	var cache *clip.DigestCache
	if dir := config.DefaultCache(p.Getenv); dir != "" {
		cache = clip.OpenDigestCache(filepath.Join(dir, "digests.json"), p.Log)
	}
	fingerprint, err := b.Fingerprint(ctx, cache)
	if err != nil {
		return nil, err
	}
	lib, err := ort.FindLibrary(cfg.OnnxRuntimeLib, p.Executable)
	if err != nil {
		return nil, err
	}
	o := ort.Options{Log: p.Log}
	if t == ManyFiles {
		o.ImageThreads = 1
	}
	if dir := config.DefaultCache(p.Getenv); dir != "" {
		o.GraphCache = filepath.Join(dir, "graphs")
	}
	enc, err := ort.NewEncoder(b, fingerprint, lib, o)
	if err != nil {
		return nil, err
	}
	return enc, nil
}

// modelOf is a model as a store records it.
func modelOf(s clip.Spec) store.Model {
	return store.Model{
		Fingerprint: s.Fingerprint, Name: s.Name, Precision: s.Precision,
		Pixels: string(s.Preprocess.Mode), Dim: s.Dim,
	}
}

// IndexOptions turns the settings into those of the pipeline.
func IndexOptions(cfg config.Config) (index.Options, error) {
	if err := walk.ValidateGlobs(cfg.Index.Ignore); err != nil {
		return index.Options{}, Usagef("a glob is a pattern such as *.tmp or cache/", "--ignore: %s", err)
	}
	return index.Options{
		Collection: cfg.Collection,
		Walk: walk.Options{
			KnownExtension: imaging.KnownExtension,
			Sniff:          func(head []byte) bool { return imaging.Sniff(head) != imaging.FormatUnknown },
			Hidden:         cfg.Index.Hidden,
			SkipLinks:      !cfg.Index.FollowLinks,
			Ignore:         cfg.Index.Ignore,
		},
		Limits:       Limits(cfg),
		Workers:      cfg.Index.Workers,
		EmbedWorkers: cfg.Index.EmbedWorkers,
		BatchSize:    cfg.Index.BatchSize,
		DecodedBytes: cfg.Index.DecodedBytes,
	}, nil
}

// Limits are the bounds of one picture.
func Limits(cfg config.Config) imaging.Limits {
	return imaging.Limits{MaxPixels: cfg.Index.MaxPixels, MaxBytes: cfg.Index.MaxBytes}
}
