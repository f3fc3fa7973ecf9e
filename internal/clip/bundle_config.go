package clip

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sightline/sightline/internal/clip/onnx"
)

// modelConfig is the part of config.json that matters here. A value that the file
// leaves out has the default of its class, for the hub writes only what differs.
type modelConfig struct {
	ModelType     string `json:"model_type"`
	ProjectionDim int    `json:"projection_dim"`
	Text          struct {
		MaxPositions int    `json:"max_position_embeddings"`
		PadID        *int64 `json:"pad_token_id"`
	} `json:"text_config"`
	absent bool
}

func (c modelConfig) sigmoid() bool { return strings.HasPrefix(c.ModelType, "siglip") }

// causal says that a token sees only those before it, so that padding after the
// end of a text changes nothing even without an attention mask.
func (c modelConfig) causal() bool { return c.ModelType == "clip" }

// defaultContext is max_position_embeddings where config.json leaves it out: the
// defaults of CLIPTextConfig and SiglipTextConfig in transformers.
func (c modelConfig) defaultContext() int {
	switch {
	case c.ModelType == "clip":
		return 77
	case c.sigmoid():
		return 64
	}
	return 0
}

func readModelConfig(dir string) (modelConfig, error) {
	var c modelConfig
	err := readJSON(filepath.Join(dir, "config.json"), &c)
	if errors.Is(err, fs.ErrNotExist) {
		return modelConfig{absent: true}, nil
	}
	return c, err
}

// maxContext bounds what counts as a context length: tokenizer_config.json writes
// "no limit" as a number near 1e30.
const maxContext = 1 << 16

// tokenizerFacts is what the bundle needs of tokenizer.json; the tokenizer itself
// reads the rest.
type tokenizerFacts struct {
	truncation *struct {
		MaxLength int `json:"max_length"`
	}
	padding *struct {
		PadID int64 `json:"pad_id"`
	}
	added []struct {
		ID      int64  `json:"id"`
		Content string `json:"content"`
	}
}

func (f tokenizerFacts) idOf(token string) (int64, bool) {
	for _, t := range f.added {
		if t.Content == token && token != "" {
			return t.ID, true
		}
	}
	return 0, false
}

// readTokenizerFacts stops as soon as it has what it needs, which stands before
// the vocabulary: reading all of it would cost a search 30 ms at each start.
func readTokenizerFacts(path string) (tokenizerFacts, error) {
	var facts tokenizerFacts
	f, err := os.Open(path)
	if err != nil {
		return facts, fmt.Errorf("open tokenizer: %w", err)
	}
	defer f.Close()
	wanted := map[string]any{"truncation": &facts.truncation, "padding": &facts.padding, "added_tokens": &facts.added}
	dec := json.NewDecoder(f)
	if _, err := dec.Token(); err != nil {
		return facts, fmt.Errorf("%w: %s: %w", ErrUnreadable, path, cutShort(err))
	}
	for dec.More() && len(wanted) > 0 {
		key, err := dec.Token()
		if err != nil {
			return facts, fmt.Errorf("%w: %s: %w", ErrUnreadable, path, cutShort(err))
		}
		name, ok := key.(string)
		if !ok {
			return facts, fmt.Errorf("%w: %s: not a JSON object", ErrUnreadable, path)
		}
		into, ok := wanted[name]
		if !ok {
			into = new(json.RawMessage)
		}
		if err := dec.Decode(into); err != nil {
			return facts, fmt.Errorf("%w: %s: %s: %w", ErrUnreadable, path, name, cutShort(err))
		}
		delete(wanted, name)
	}
	return facts, nil
}

type tokenizerConfig struct {
	ModelMaxLength float64         `json:"model_max_length"`
	PadToken       json.RawMessage `json:"pad_token"` // a string, or an object with "content"
}

func (c tokenizerConfig) padToken() string {
	var s string
	if json.Unmarshal(c.PadToken, &s) == nil {
		return s
	}
	var object struct {
		Content string `json:"content"`
	}
	if json.Unmarshal(c.PadToken, &object) == nil {
		return object.Content
	}
	return ""
}

// readText settles the context length and the padding.
func (b *Bundle) readText(cfg modelConfig) error {
	facts, err := readTokenizerFacts(b.TokenizerPath)
	if err != nil {
		return err
	}
	var tc tokenizerConfig
	if err := readJSON(filepath.Join(b.Dir, "tokenizer_config.json"), &tc); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if b.Context, err = b.contextLength(cfg, facts, tc); err != nil {
		return err
	}
	b.Padding.ID = b.padID(cfg, facts, tc)
	switch {
	case b.Text.Sequence != onnx.Dynamic:
		b.Padding.Fixed = int(b.Text.Sequence)
	case b.Text.Mask == "" && !cfg.causal():
		// Nothing hides the padding, so it has to be what it was in training.
		b.Padding.Fixed = b.Context
	}
	return nil
}

func (b *Bundle) contextLength(cfg modelConfig, facts tokenizerFacts, tc tokenizerConfig) (int, error) {
	context := cfg.Text.MaxPositions
	if t := facts.truncation; t != nil && t.MaxLength > 0 && (context == 0 || t.MaxLength < context) {
		context = t.MaxLength
	}
	if context == 0 && tc.ModelMaxLength >= 1 && tc.ModelMaxLength <= maxContext {
		context = int(tc.ModelMaxLength)
	}
	if context == 0 && cfg.defaultContext() > 0 {
		context = cfg.defaultContext()
		b.assume("no file states the context length: %d, as every %s model has by default", context, cfg.ModelType)
	}
	fixed := b.Text.Sequence
	switch {
	case fixed != onnx.Dynamic && (context == 0 || int64(context) > fixed):
		context = int(fixed)
	case context == 0:
		return 0, fmt.Errorf("the context length is nowhere in %s: neither max_position_embeddings in config.json, nor truncation in tokenizer.json, nor model_max_length in tokenizer_config.json", b.Dir)
	}
	// Two special tokens and at least one of the text.
	if context < 3 || context > maxContext {
		return 0, fmt.Errorf("%s: impossible context length %d", b.Dir, context)
	}
	return context, nil
}

func (b *Bundle) padID(cfg modelConfig, facts tokenizerFacts, tc tokenizerConfig) int64 {
	if facts.padding != nil {
		return facts.padding.PadID
	}
	if id, ok := facts.idOf(tc.padToken()); ok {
		return id
	}
	if id, ok := facts.idOf("[PAD]"); ok {
		return id
	}
	if cfg.Text.PadID != nil {
		return *cfg.Text.PadID
	}
	b.assume("no file names the padding token: 0")
	return 0
}

// readJSON reads the file at path into v. The error wraps fs.ErrNotExist where
// there is no such file.
func readJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("open model bundle: %w", err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrUnreadable, path, err)
	}
	return nil
}

// readStrictJSON is readJSON for files of our own format: a key that v does not
// have is an error, because a misspelt one would be ignored in silence.
func readStrictJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("open model bundle: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrUnreadable, path, cutShort(err))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: %s: more than one JSON value", ErrUnreadable, path)
	}
	return nil
}

// cutShort is the error of a decoder that came to the end of a file in the middle of a
// value, which it calls no more than EOF.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
