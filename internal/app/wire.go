package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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

// Tuning says which work an encoder is for.
type Tuning int

// The kinds of work.
const (
	OneQuery  Tuning = iota // one text or picture at a time, on all cores
	ManyFiles               // many calls at once, each on its own threads: see EmbedChoice
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
func (e *Env) OpenIndex(ctx context.Context, cfg config.Config, mode store.Mode, t Tuning) (*Open, error) {
	st, err := e.OpenStore(ctx, cfg, store.ReadOnly, store.Model{})
	switch {
	case errors.Is(err, store.ErrNoIndex) && mode.Creates():
		cfg = withModelDefaults(cfg)
	case err != nil:
		return nil, err
	default:
		cfg = adoptModel(cfg, st.Model())
	}
	enc, err := e.OpenEncoder(ctx, cfg, t)
	if err == nil && !mode.Writes() {
		// Opened once only: a connection to a server takes a while.
		if err = mustBe(st.Model(), modelOf(enc.Spec())); err == nil {
			return &Open{Store: st, Encoder: enc}, nil
		}
		err = errors.Join(fmt.Errorf("open index %s: %w", cfg.Collection, err), enc.Close())
	}
	if st != nil {
		err = errors.Join(err, st.Close())
	}
	if err != nil {
		return nil, err
	}
	st, err = e.OpenStore(ctx, cfg, mode, modelOf(enc.Spec()))
	if err != nil {
		return nil, errors.Join(err, enc.Close())
	}
	return &Open{Store: st, Encoder: enc}, nil
}

// OpenModel opens the model that the settings name, without an index. Where they
// name none, that of the index is taken if there is one, and starter if not.
func (e *Env) OpenModel(ctx context.Context, cfg config.Config, t Tuning) (clip.Encoder, error) {
	if cfg.Model == "" {
		st, err := e.OpenStore(ctx, cfg, store.ReadOnly, store.Model{})
		if err == nil {
			cfg = adoptModel(cfg, st.Model())
			err = st.Close()
		}
		if err != nil && !errors.Is(err, store.ErrNoIndex) {
			return nil, err
		}
	}
	return e.OpenEncoder(ctx, cfg, t)
}

// mustBe refuses to work on an index with another model than its own.
func mustBe(have, want store.Model) error {
	if have.Fingerprint != want.Fingerprint {
		return &store.ModelMismatchError{Have: have, Want: want}
	}
	return nil
}

// adoptModel fills the settings about the model that were left open from the model
// of the index.
func adoptModel(cfg config.Config, m store.Model) config.Config {
	if cfg.Model == "" {
		cfg.Model = m.Name
		if cfg.Precision == "" {
			cfg.Precision = m.Precision
		}
	}
	if cfg.Pixels == "" {
		cfg.Pixels = m.Pixels
	}
	if cfg.Colour == "" {
		cfg.Colour = cmp.Or(m.Colour, string(imaging.ColourIgnore))
	}
	return withModelDefaults(cfg)
}

func withModelDefaults(cfg config.Config) config.Config {
	if cfg.Model == "" {
		cfg.Model = StarterModel
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
func (e *Env) OpenEncoder(ctx context.Context, cfg config.Config, t Tuning) (clip.Encoder, error) {
	cfg = withModelDefaults(cfg)
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
	o := ort.Options{Log: e.Log}
	if t == ManyFiles {
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
	raw := cfg.Index.RAW != "off"
	return index.Options{
		Collection: cfg.Collection,
		Twins:      cfg.Index.RAW == "twin",
		Walk: walk.Options{
			KnownExtension: func(name string) bool {
				return imaging.KnownExtension(name) && (raw || !imaging.RAWName(name))
			},
			Sniff: func(head []byte) bool {
				format := imaging.Sniff(head)
				return format != imaging.FormatUnknown && (raw || !format.IsRAW())
			},
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
	return imaging.Limits{MaxPixels: cfg.Index.MaxPixels, MaxBytes: cfg.Index.MaxBytes}
}
