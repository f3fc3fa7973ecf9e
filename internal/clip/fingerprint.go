package clip

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/sightline/sightline/internal/imaging"
)

// fingerprintVersion is raised when the code changes what it makes of the same
// files: the resize, the tokenizers, the padding. Every index must then be built
// anew, so raise it for nothing less than a visible change of embeddings.
const fingerprintVersion = 1

// Policies of imaging that change pixels and are not in any file of a bundle.
const (
	orientationPolicy = "exif-applied"
	alphaPolicy       = "composited-on-white"
)

// Fingerprint names the model: 64 hex digits that are equal for two bundles
// exactly when their embeddings are interchangeable. It covers the content of the
// graphs, their weights and the tokenizer, the preprocessing with every number in
// it, and the sizes; not the name, the folder, or the logit scale, which change no
// embedding.
//
// The files are hashed in parallel. cache remembers their digests from one start
// of the program to the next; with a nil cache they are hashed each time.
func (b *Bundle) Fingerprint(ctx context.Context, cache *DigestCache) (string, error) {
	paths := append([]string{b.VisionPath, b.TextPath, b.TokenizerPath}, b.External...)
	digests := make([]string, len(paths))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, path := range paths {
		g.Go(func() (err error) {
			digests[i], err = cache.Digest(ctx, path)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return "", fmt.Errorf("fingerprint of model %s: %w", b.Name, err)
	}
	cache.save()

	var external []string
	for i, path := range b.External {
		external = append(external, filepath.Base(path)+"="+digests[3+i])
	}
	slices.Sort(external)
	sum := sha256.Sum256([]byte(b.canonical(digests[0], digests[1], digests[2], slices.Compact(external))))
	return hex.EncodeToString(sum[:]), nil
}

// canonical is the text that the fingerprint is the SHA-256 of: one fact per line.
func (b *Bundle) canonical(vision, text, tokenizer string, external []string) string {
	var s strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&s, format+"\n", args...) }
	p := b.Preprocess
	line("sightline model %d", fingerprintVersion)
	line("vision %s", vision)
	line("text %s", text)
	line("tokenizer %s", tokenizer)
	for _, e := range external {
		line("external %s", e)
	}
	line("size %dx%d crop %dx%d fit %s filter %s", p.Size.Width, p.Size.Height, p.Crop.Width, p.Crop.Height, p.Fit, p.Filter)
	line("mean %s std %s", exactly(p.Mean), exactly(p.Std))
	line("pixels %s orientation %s alpha %s", p.Mode, orientationPolicy, alphaPolicy)
	// Embeddings from before there was a choice ignored the colour space, and are as
	// good as those that ignore it now: that policy has no line of its own.
	if p.Colour != "" && p.Colour != imaging.ColourIgnore {
		line("colour %s", p.Colour)
	}
	line("context %d dim %d", b.Context, b.Dim)
	line("outputs %s %s", b.Vision.Embeds, b.Text.Embeds)
	if b.Padding.Fixed > 0 { // otherwise the model doesn't see the padding
		line("padding %d %d", b.Padding.Fixed, b.Padding.ID)
	}
	return s.String()
}

// exactly writes floats so that two are equal exactly when their texts are.
func exactly(v [3]float32) string {
	var parts [3]string
	for i, f := range v {
		parts[i] = strconv.FormatFloat(float64(f), 'g', -1, 32)
	}
	return strings.Join(parts[:], ",")
}
