package ort

import (
	"context"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/tokenizer"
)

// mostTokens bounds how many tokens of a text are counted.
const mostTokens = 4096

// ReadText implements clip.TextReader. It loads the tokenizer alone.
func (e *Encoder) ReadText(text string) (clip.TextReading, error) {
	end, err := e.calls.enter(context.Background(), errClosed)
	if err != nil {
		return clip.TextReading{}, err
	}
	defer end()
	tower, err := e.text()
	if err != nil {
		return clip.TextReading{}, err
	}
	special := len(tower.tokenizer.Encode("", e.spec.Context))
	ids := tower.tokenizer.Encode(text, special+mostTokens)
	r := clip.TextReading{Tokens: len(ids) - special, Room: e.spec.Context - special}
	if unknown, ok := tokenizer.UnknownToken(tower.tokenizer); ok {
		for _, id := range ids {
			if id == unknown {
				r.Unknown++
			}
		}
	}
	return r, nil
}
