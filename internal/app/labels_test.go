package app_test

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/zeroshot"
)

func TestClassifier(t *testing.T) {
	cache := t.TempDir()
	env := app.Env{Log: slog.New(slog.DiscardHandler), Getenv: func(name string) string {
		return map[string]string{"XDG_CACHE_HOME": cache}[name]
	}}
	list, err := label.Parse("red,green")
	if err != nil {
		t.Fatal(err)
	}
	for _, texts := range []bool{true, false} { // the second time they come out of the cache
		enc := cliptest.New(32)
		c, err := env.Classifier(t.Context(), enc, list, app.Labelling{Calibration: "cosine:2,0.5"})
		if err != nil {
			t.Fatal(err)
		}
		if (enc.Texts() > 0) != texts || c.Provenance().Calibration != "cosine{200 0.5}" {
			t.Errorf("%d texts were embedded, calibration %s", enc.Texts(), c.Provenance().Calibration)
		}
	}
	if _, err := env.Classifier(t.Context(), cliptest.New(32), list, app.Labelling{Calibration: "magic"}); !errors.Is(err, zeroshot.ErrCalibration) {
		t.Errorf("error %v", err)
	}
}
