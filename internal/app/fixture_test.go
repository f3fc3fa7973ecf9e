package app

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/store/milvus"
)

// counted is what became of the stores and models that an Env opened.
type counted struct {
	opens, scans, closes int
	models               []config.Config // the settings that each model was opened with
	modelsOpen           int
	failModel            error
}

// countedLocal and countedMilvus count, and still have every optional interface.
type (
	countedLocal struct {
		*local.Store
		n *counted
	}
	countedMilvus struct {
		*milvus.Store
		n *counted
	}
	countedEncoder struct {
		clip.Encoder
		n *counted
	}
)

func (c countedLocal) Scan(ctx context.Context, f store.Filter, fields store.Fields) iter.Seq2[store.Record, error] {
	c.n.scans++
	return c.Store.Scan(ctx, f, fields)
}

func (c countedMilvus) Scan(ctx context.Context, f store.Filter, fields store.Fields) iter.Seq2[store.Record, error] {
	c.n.scans++
	return c.Store.Scan(ctx, f, fields)
}

func (c countedLocal) Close() error  { c.n.closes++; return c.Store.Close() }
func (c countedMilvus) Close() error { c.n.closes++; return c.Store.Close() }

func (e countedEncoder) Close() error { e.n.modelsOpen--; return e.Encoder.Close() }

// newEnv returns an Env whose stores are counted, and whose models are fakes that
// differ by the name, the precision and the pixels of the settings.
func newEnv(t *testing.T) (*Env, *counted) {
	t.Helper()
	n := &counted{}
	home := t.TempDir()
	e := &Env{
		Getenv: func(name string) string { return map[string]string{"HOME": home}[name] },
		Log:    slog.New(slog.DiscardHandler),
		opened: func(st store.Store) store.Store {
			n.opens++
			switch st := st.(type) {
			case *local.Store:
				return countedLocal{st, n}
			case *milvus.Store:
				return countedMilvus{st, n}
			}
			t.Fatalf("a store of type %T was opened", st)
			return nil
		},
		encoder: func(cfg config.Config, _ Workload) (clip.Encoder, error) {
			n.models = append(n.models, cfg)
			if n.failModel != nil {
				return nil, n.failModel
			}
			n.modelsOpen++
			return countedEncoder{cliptest.New(16).WithSpec(func(s *clip.Spec) {
				s.Name, s.Precision = cfg.Model, cfg.Precision
				s.Fingerprint = cfg.Model + cfg.Precision + cfg.Pixels
				s.Preprocess.Mode = imaging.Mode(cfg.Pixels)
			}), n}, nil
		},
	}
	t.Cleanup(func() {
		if n.opens != n.closes || n.modelsOpen != 0 {
			t.Errorf("%d stores were opened and %d closed; %d models are still open", n.opens, n.closes, n.modelsOpen)
		}
	})
	return e, n
}

// settings are those of an index in a new folder.
func settings(t *testing.T) config.Config {
	t.Helper()
	cfg := config.Default()
	cfg.DB = filepath.Join(t.TempDir(), "db")
	return cfg
}

// photos makes a folder of n pictures of different colours, no two of them nearly the same.
func photos(t *testing.T, n int) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		img := image.NewNRGBA(image.Rect(0, 0, 16, 16))
		for p := range 256 {
			img.SetNRGBA(p%16, p/16, color.NRGBA{uint8(37 * i), uint8(255 - 21*i), uint8(p * (2*i + 1)), 255})
		}
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, string(rune('a'+i))+".png"), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// indexed runs a job and returns its outcome.
func indexed(t *testing.T, e *Env, cfg config.Config, r IndexRequest) IndexOutcome {
	t.Helper()
	j, err := e.OpenIndexJob(t.Context(), cfg, r)
	if err != nil {
		t.Fatal(err)
	}
	out, err := j.Run(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}
