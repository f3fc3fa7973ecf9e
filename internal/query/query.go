// Package query turns what a person asks for (a text, a picture, a picture that
// is already in the index) into embeddings, and asks the store. The command line
// and the web use the same code.
package query

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"sync"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/query/duplicates"
	"github.com/sightline/sightline/internal/query/saved"
	"github.com/sightline/sightline/internal/spelling"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/walk"
	"github.com/sightline/sightline/internal/webfetch"
	"github.com/sightline/sightline/internal/zeroshot"
)

// Params is what a question asks for besides its subject.
type Params struct {
	K        int     // hits wanted, at least 1
	Offset   int     // hits passed over, for the pages after the first
	MinScore float32 // cosine; -1 for no bound
	Filter   store.Filter
	Exact    bool // search without misses, where the store's index is approximate
	Cutoff   Cutoff
	Unfolded bool // pictures of the same content are hits of their own
	Explain  bool // Answer.Matches says what each term does to each hit
	// Pair makes one hit of a RAW file and its twin: see Pair.
	Pair bool
}

// Errors that callers tell apart with errors.Is.
var (
	ErrEmpty   = errors.New("the query is empty")
	ErrPicture = errors.New("the picture cannot be used")
	// ErrAddress says that a picture on the web was named, and none are fetched.
	ErrAddress = errors.New("pictures on the web are not fetched")
)

// Service answers questions over one index with one model. It is safe for
// concurrent use.
type Service struct {
	store      store.Store
	encoder    clip.Encoder
	collection string
	limits     imaging.Limits
	texts      *TextCache                                    // nil for none
	saved      func(context.Context) (*saved.Labels, error)  // nil for none
	looks      func([]byte) (*duplicates.Look, bool)         // nil for none
	fetch      func(context.Context, string) ([]byte, error) // nil: addresses are not fetched

	onlyIndexed bool // see OnlyIndexed

	prepare func(context.Context) (Judge, error) // nil for the model's own calibration
	judging sync.Mutex                           // one preparation at a time
	judged  Judge                                // prepared
}

// Judge says how probable it is that a text is true of pictures: zeroshot.TextJudge.
type Judge interface {
	// Probabilities takes the unit embedding of the text and unit rows by the same model.
	Probabilities(ctx context.Context, text []float32, vectors vec.Matrix) ([]float32, error)
}

// New returns a Service. The caller keeps ownership of the store and the encoder;
// encoder may be nil if every question is a PictureLike.
func New(st store.Store, e clip.Encoder, collection string, limits imaging.Limits) *Service {
	return &Service{store: st, encoder: e, collection: collection, limits: limits}
}

// RememberTexts makes the service look for the embeddings of texts in c, and keep new
// ones there. It returns the service.
func (s *Service) RememberTexts(c *TextCache) *Service {
	s.texts = c
	return s
}

// JudgeBy makes the service take its Judge from prepare, which is called when a question
// first needs it. It returns the service.
func (s *Service) JudgeBy(prepare func(context.Context) (Judge, error)) *Service {
	s.prepare = prepare
	return s
}

// SavedLabels makes the service take saved labels from those that open returns, which is
// called when a question first names one. It returns the service.
func (s *Service) SavedLabels(open func(context.Context) (*saved.Labels, error)) *Service {
	s.saved = open
	return s
}

// OnlyIndexed makes the service read no file that a question names: pictures are those of
// the index alone. It is for questions of people who may not read this machine's files. It
// returns the service.
func (s *Service) OnlyIndexed() *Service {
	s.onlyIndexed = true
	return s
}

// FetchBy lets questions name pictures on the web, which fetch brings. It returns the
// service. Without it they are ErrAddress: to ask somebody else's server is for people to
// allow.
func (s *Service) FetchBy(fetch func(ctx context.Context, address string) ([]byte, error)) *Service {
	s.fetch = fetch
	return s
}

// KnowLooks makes the service fold pictures that are nearly the same, of which look knows
// by the hash of their content what they show. It returns the service.
func (s *Service) KnowLooks(look func(content []byte) (*duplicates.Look, bool)) *Service {
	s.looks = look
	return s
}

// judge returns the Judge, prepared once.
func (s *Service) judge(ctx context.Context) (Judge, error) {
	s.judging.Lock()
	defer s.judging.Unlock()
	if s.judged != nil {
		return s.judged, nil
	}
	prepare := s.prepare
	if prepare == nil {
		prepare = func(ctx context.Context) (Judge, error) {
			return zeroshot.PrepareTexts(ctx, s.encoder, zeroshot.Options{})
		}
	}
	j, err := prepare(ctx)
	if err != nil {
		return nil, fmt.Errorf("preparing to judge the hits: %w", err)
	}
	s.judged = j
	return j, nil
}

// EmbedImage returns the embedding of a picture file, or of one on the web, as a matrix of
// one row.
func (s *Service) EmbedImage(ctx context.Context, file string) (vec.Matrix, error) {
	if webfetch.Is(file) {
		return s.embedAddress(ctx, file)
	}
	limits := s.limits.WithDefaults()
	if s.onlyIndexed {
		return vec.Matrix{}, fmt.Errorf("%w: %s is not in the index, and no other file is read here", ErrPicture, file)
	}
	st, err := os.Stat(file)
	if err != nil {
		return vec.Matrix{}, fmt.Errorf("%w: %w", ErrPicture, err)
	}
	if st.IsDir() {
		return vec.Matrix{}, fmt.Errorf("%w: %s is a folder", ErrPicture, file)
	}
	if !st.Mode().IsRegular() {
		return vec.Matrix{}, fmt.Errorf("%w: %s is not a regular file", ErrPicture, file)
	}
	if st.Size() > limits.MaxBytes {
		return vec.Matrix{}, fmt.Errorf("%w: %s has %d bytes, at most %d are read", ErrPicture, file, st.Size(), limits.MaxBytes)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return vec.Matrix{}, fmt.Errorf("%w: %w", ErrPicture, err)
	}
	return s.embedBytes(ctx, file, data)
}

// embedAddress fetches a picture and embeds it.
func (s *Service) embedAddress(ctx context.Context, address string) (vec.Matrix, error) {
	if s.fetch == nil {
		return vec.Matrix{}, fmt.Errorf("%w: %s", ErrAddress, address)
	}
	data, err := s.fetch(ctx, address)
	if err != nil {
		return vec.Matrix{}, fmt.Errorf("%w: %s: %w", ErrPicture, address, err)
	}
	return s.embedBytes(ctx, address, data)
}

// embedBytes embeds a picture that has been read; file names it in errors.
func (s *Service) embedBytes(ctx context.Context, file string, data []byte) (vec.Matrix, error) {
	limits := s.limits.WithDefaults()
	if int64(len(data)) > limits.MaxBytes {
		return vec.Matrix{}, fmt.Errorf("%w: %s has %d bytes, at most %d are read", ErrPicture, file, len(data), limits.MaxBytes)
	}
	batch, err := s.prepareOne(ctx, data, limits)
	if err != nil {
		return vec.Matrix{}, fmt.Errorf("%w: %s: %w", ErrPicture, file, err)
	}
	v, err := s.encoder.EncodeImages(ctx, batch)
	if err != nil {
		return vec.Matrix{}, fmt.Errorf("embedding %s: %w", file, err)
	}
	return v, nil
}

// EmbedPicture returns the embedding of the bytes of a picture file as a matrix of one
// row. The limits may be narrower than those of the index. The error is ErrPicture where
// the bytes are at fault.
func (s *Service) EmbedPicture(ctx context.Context, data []byte, limits imaging.Limits) (vec.Matrix, error) {
	batch, err := s.prepareOne(ctx, data, limits)
	if err != nil {
		return vec.Matrix{}, fmt.Errorf("%w: %w", ErrPicture, err)
	}
	v, err := s.encoder.EncodeImages(ctx, batch)
	if err != nil {
		return vec.Matrix{}, fmt.Errorf("embedding the picture: %w", err)
	}
	return v, nil
}

// prepareOne decodes the bytes of a picture into a batch of its own.
func (s *Service) prepareOne(ctx context.Context, data []byte, limits imaging.Limits) (*clip.Batch, error) {
	pre := s.encoder.Spec().Preprocess
	img, _, err := imaging.DecodeContext(ctx, data, imaging.Options{Mode: pre.Mode, Colour: pre.Colour, ShortSide: pre.ShortSide(), Limits: limits})
	if err != nil {
		return nil, err
	}
	batch := clip.NewBatch(1, pre)
	if err := clip.NewPreparer(pre).Into(img, batch.Slot(0)); err != nil {
		return nil, err
	}
	batch.SetLen(1)
	return batch, nil
}

// Find returns the record, vector included, of an id or a path.
func (s *Service) Find(ctx context.Context, idOrPath string) (store.Record, error) {
	ids := []string{idOrPath}
	if s.onlyIndexed {
		ids = append(ids, store.ID(s.collection, path.Clean(idOrPath)))
	} else if abs, err := filepath.Abs(AtHome(idOrPath)); err == nil {
		abs = path.Clean(filepath.ToSlash(abs))
		ids = append(ids, store.ID(s.collection, abs))
		if real := walk.Resolve(abs); real != abs { // collections are indexed by their own paths
			ids = append(ids, store.ID(s.collection, real))
		}
	}
	recs, err := s.store.Get(ctx, ids)
	if err != nil {
		return store.Record{}, fmt.Errorf("looking up %s: %w", idOrPath, err)
	}
	if len(recs) == 0 {
		err := fmt.Errorf("%w: %s", store.ErrNotFound, idOrPath)
		if near := s.mistyped(idOrPath); len(near) > 0 {
			return store.Record{}, fault.Advise("did you mean "+spelling.Or(near)+"?", "%w", err)
		}
		return store.Record{}, err
	}
	if recs[0].Vector == nil {
		return store.Record{}, fmt.Errorf("%w: the embedding of %s is lost until the next indexer run", store.ErrDamaged, idOrPath)
	}
	return recs[0], nil
}

// mistyped returns the files that a path may mean which leads to none. Of a Service that
// knows its index alone, as that of a server, nobody learns which files there are.
func (s *Service) mistyped(path string) []string {
	if s.onlyIndexed {
		return nil
	}
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	return NearFiles(path)
}

// nearest returns the k nearest hits of a vector.
func (s *Service) nearest(ctx context.Context, v vec.Matrix, k int, p Params) ([]store.Hit, error) {
	search := s.store.Search
	if p.Exact {
		search = func(ctx context.Context, q store.Query) ([][]store.Hit, error) {
			return store.SearchExact(ctx, s.store, q)
		}
	}
	hits, err := search(ctx, store.Query{Vectors: v, K: k, MinScore: p.MinScore, Filter: p.Filter})
	if err != nil {
		return nil, fmt.Errorf("searching: %w", err)
	}
	return hits[0], nil
}

// FindAll returns the ids of pictures of an index, each given by its id or its path. The
// error names the first that is not there: store.ErrNotFound. space is store.IDSpace.
func FindAll(ctx context.Context, st store.Store, space string, pictures []string) ([]string, error) {
	s := New(st, nil, space, imaging.Limits{})
	ids := make([]string, len(pictures))
	for i, p := range pictures {
		r, err := s.Find(ctx, p)
		if err != nil {
			return nil, err
		}
		ids[i] = r.ID
	}
	return ids, nil
}
