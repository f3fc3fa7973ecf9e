package doctor

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/hub"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/vec"
)

// The goldens are a part of those that scripts/reference/embeddings.py made of the starter
// model with ONNX Runtime, Pillow and tokenizers in Python.
//
//go:embed data/*
var data embed.FS

// golden is what a model makes of a few texts and pictures elsewhere.
type golden struct {
	Model    string `json:"model"`
	Pictures []struct {
		File      string    `json:"file"`
		Embedding []float32 `json:"embedding"`
	} `json:"pictures"`
	Texts []struct {
		Text      string    `json:"text"`
		Tokens    int       `json:"tokens"` // without special ones
		Embedding []float32 `json:"embedding"`
	} `json:"texts"`
}

// How near embeddings must be to the goldens, as a cosine. int8 differs a little from one
// processor to the next; below the second bound answers differ.
const (
	exactly = 0.999
	nearly  = 0.98
)

// pixelSum is the SHA-256 of pictures' pixels after decoding and resizing, which are the
// same on every machine.
const (
	pixelWidth  = 64
	pixelHeight = 40
	pixelSum    = "4b55aecf5817f803b542422edbf4199c85c8d52753cde31dcdbfec2707712988"
)

// model checks the model that answers here: its files, and what it makes of the goldens.
func (s Subject) model(ctx context.Context) []Check {
	cfg, err := s.Env.AdoptModel(ctx, s.Config)
	if kind, _ := app.Explain(err); err != nil && kind == fault.Unreachable {
		return nil // which is the index's fault, and told there
	} else if err != nil {
		return []Check{broken("model", err)}
	}
	found, err := s.Env.FindModel(cfg, cfg.Model)
	if err != nil {
		return []Check{broken("model", err)}
	}
	checks := []Check{files(ctx, found), pixels()}
	enc, err := s.Env.OpenEncoder(ctx, cfg, app.OneQuery)
	if err != nil {
		return append(checks, broken("embeddings", err))
	}
	defer enc.Close()
	if cfg.Model != app.StarterModel {
		return append(checks, runs(ctx, enc))
	}
	g, err := readGolden()
	if err != nil {
		return append(checks, broken("embeddings", err))
	}
	return append(checks, tokens(enc, g), embeddings(ctx, enc, g))
}

func files(ctx context.Context, m app.FoundModel) Check {
	verified, err := app.VerifyModels(ctx, []app.FoundModel{m}, nil)
	if err != nil {
		return broken("model", err)
	}
	v := verified[0]
	c := Check{Name: "model", State: OK, Finding: v.Name + " is whole"}
	for _, p := range v.Problems {
		switch {
		case !p.Harmless():
			return Check{Name: "model", State: Fault, Finding: v.Name + ": " + p.String(), Advice: "bring it again: indexer model fetch " + v.Name}
		case p.Path == hub.ManifestName:
			c = Check{Name: "model", State: Warning, Finding: v.Name + " was not fetched by sightline, and its files cannot be checked"}
		}
	}
	return c
}

func readGolden() (golden, error) {
	var g golden
	text, err := data.ReadFile("data/starter.json")
	if err != nil {
		return g, fmt.Errorf("the goldens: %w", err)
	}
	if err := json.Unmarshal(text, &g); err != nil {
		return g, fmt.Errorf("the goldens: %w", err)
	}
	return g, nil
}

func tokens(enc clip.Encoder, g golden) Check {
	reader, ok := enc.(clip.TextReader)
	if !ok {
		return Check{Name: "tokens", State: Warning, Finding: "the model does not say how it reads texts"}
	}
	for _, t := range g.Texts {
		r, err := reader.ReadText(t.Text)
		if err != nil {
			return broken("tokens", err)
		}
		if r.Tokens != t.Tokens {
			return Check{Name: "tokens", State: Fault, Finding: fmt.Sprintf("%q has %d tokens here, and %d by Hugging Face's tokenizers", t.Text, r.Tokens, t.Tokens),
				Advice: "bring the program and its model again: the two do not belong together"}
		}
	}
	return Check{Name: "tokens", State: OK, Finding: fmt.Sprintf("%d texts are taken apart as by Hugging Face's tokenizers", len(g.Texts))}
}

// pixels checks that a picture is decoded and resized to the bit.
func pixels() Check {
	file, err := data.ReadFile("data/01-97x61-rgb.png")
	if err != nil {
		return broken("pixels", err)
	}
	img, _, err := imaging.Decode(file, imaging.Options{Mode: imaging.Exact, Limits: imaging.Limits{}.WithDefaults()})
	if err != nil {
		return broken("pixels", err)
	}
	small := imaging.Resize(img, pixelWidth, pixelHeight, imaging.Bicubic)
	sum := sha256.Sum256(bytes.Join([][]byte{img.Pix[:3*img.Width*img.Height], small.Pix[:3*pixelWidth*pixelHeight]}, nil))
	if got := hex.EncodeToString(sum[:]); got != pixelSum {
		return Check{Name: "pixels", State: Fault, Finding: "a picture is not decoded and resized as Pillow does it",
			Advice: "please report it, with what indexer doctor --report prints"}
	}
	return Check{Name: "pixels", State: OK, Finding: "pictures are decoded and resized as Pillow does it, to the bit"}
}

// embeddings compares what the model makes of the goldens here with what it made elsewhere.
func embeddings(ctx context.Context, enc clip.Encoder, g golden) Check {
	least := float32(1)
	texts := make([]string, len(g.Texts))
	for i, t := range g.Texts {
		texts[i] = t.Text
	}
	v, err := enc.EncodeTexts(ctx, texts)
	if err != nil {
		return broken("embeddings", err)
	}
	for i, t := range g.Texts {
		least = min(least, cosine(v.Row(i), t.Embedding))
	}
	pre := enc.Spec().Preprocess
	batch, prepare := clip.NewBatch(len(g.Pictures), pre), clip.NewPreparer(pre)
	for i, p := range g.Pictures {
		file, err := data.ReadFile("data/" + p.File)
		if err != nil {
			return broken("embeddings", err)
		}
		img, _, err := imaging.Decode(file, imaging.Options{Mode: pre.Mode, Colour: pre.Colour, ShortSide: pre.ShortSide(), Limits: imaging.Limits{}.WithDefaults()})
		if err != nil {
			return broken("embeddings", err)
		}
		if err := prepare.Into(img, batch.Slot(i)); err != nil {
			return broken("embeddings", err)
		}
	}
	batch.SetLen(len(g.Pictures))
	if v, err = enc.EncodeImages(ctx, batch); err != nil {
		return broken("embeddings", err)
	}
	for i, p := range g.Pictures {
		least = min(least, cosine(v.Row(i), p.Embedding))
	}
	c := Check{Name: "embeddings", State: OK, Finding: fmt.Sprintf("%d texts and %d pictures are embedded as by ONNX Runtime in Python (cosine of at least %.5f)", len(g.Texts), len(g.Pictures), least)}
	switch {
	case !(least >= nearly):
		c.State, c.Advice = Fault, "another ONNX Runtime may do better: --onnxruntime-lib FILE; please report it, with what indexer doctor --report prints"
	case least < exactly:
		c.State, c.Advice = Warning, "answers may differ a little from those of other machines"
	}
	return c
}

// runs checks a model that there are no goldens of: that it runs, and gives sound vectors.
func runs(ctx context.Context, enc clip.Encoder) Check {
	v, err := enc.EncodeTexts(ctx, []string{"a photo of a cat", "a photo of a dog"})
	if err != nil {
		return broken("embeddings", err)
	}
	batch := clip.NewBatch(1, enc.Spec().Preprocess)
	batch.SetLen(1)
	img, err := enc.EncodeImages(ctx, batch)
	if err != nil {
		return broken("embeddings", err)
	}
	if !vec.IsUnit(v.Row(0)) || !vec.IsUnit(img.Row(0)) || cosine(v.Row(0), v.Row(1)) > 0.999999 {
		return Check{Name: "embeddings", State: Fault, Finding: enc.Spec().Name + " gives vectors that cannot be used", Advice: "indexer model verify " + enc.Spec().Name}
	}
	return Check{Name: "embeddings", State: OK, Finding: enc.Spec().Name + " embeds texts and pictures; there are no goldens to compare it with"}
}

func cosine(a, b []float32) float32 {
	if len(a) != len(b) {
		return float32(math.NaN())
	}
	var dot, aa, bb float64
	for i := range a {
		dot += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	return float32(dot / math.Sqrt(aa*bb))
}
