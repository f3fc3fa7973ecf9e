package ort

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sightline/sightline/internal/clip/onnx"
	"github.com/sightline/sightline/internal/vec"
)

// sameEmbedding is the least cosine of what a graph and its trimmed self make of the same
// input. They differ in the order of additions at most; a wrong one would be far below.
const sameEmbedding = 0.999999

// trim replaces the graph in dir by one that computes no more than its output needs, if
// there is one and it gives the same embedding.
func (c *graphCache) trim(dir string, inputs, outputs []string, threads int) (err error) {
	plain, trial := filepath.Join(dir, graphName), filepath.Join(dir, trimmedName)
	model, err := os.ReadFile(plain)
	if err != nil {
		return err
	}
	trimmed, ok, err := onnx.Trim(model, outputs[0])
	if err != nil || !ok {
		return err
	}
	if err := os.WriteFile(trial, trimmed, 0o644); err != nil {
		return err
	}
	defer func() {
		if rmErr := os.Remove(trial); !errors.Is(rmErr, os.ErrNotExist) {
			err = errors.Join(err, rmErr)
		}
	}()
	embed := func(path string) (m vec.Matrix, err error) {
		s, err := openOptimised(path, inputs, outputs, threads, mappedWeights)
		if err != nil {
			return vec.Matrix{}, err
		}
		defer func() { err = errors.Join(err, s.close()) }()
		return c.probe(s)
	}
	want, err := embed(plain)
	if err != nil {
		return err
	}
	got, err := embed(trial)
	if err != nil {
		return fmt.Errorf("trimmed: %w", err)
	}
	for i := range want.Rows {
		if cos := vec.Dot(got.Row(i), want.Row(i)); !(cos >= sameEmbedding) { // NaN is not
			return fmt.Errorf("trimmed, it gives another embedding: cosine %.6f", cos)
		}
	}
	return os.Rename(trial, plain)
}
