package zeroshot

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/vec"
)

func TestPrepareAverages(t *testing.T) {
	enc := cliptest.New(testDim)
	list := mustList(t, label.Label{Name: "red"}, label.Label{Name: "blue", Prompts: []string{"my {}", "the sky"}})
	c, err := Prepare(t.Context(), enc, list, Options{Templates: []string{"a {}", "the {}"}})
	if err != nil {
		t.Fatal(err)
	}
	for l, texts := range [][]string{{"a red", "the red"}, {"my blue", "the sky"}} {
		m, err := enc.EncodeTexts(t.Context(), texts)
		if err != nil {
			t.Fatal(err)
		}
		want := make([]float32, testDim)
		for i := range want {
			want[i] = m.Row(0)[i] + m.Row(1)[i]
		}
		if err := vec.Normalize(want); err != nil {
			t.Fatal(err)
		}
		for i, got := range c.Labels().Row(l) {
			if math.Abs(float64(got-want[i])) > 1e-6 {
				t.Fatalf("label %d, value %d is %v, want %v", l, i, got, want[i])
			}
		}
	}
}

func TestPrepareCaches(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "below", "cache")
	list := mixedList(t)
	run := func(list *label.List, o Options) (texts int, c *Classifier) {
		enc := cliptest.New(testDim)
		o.Cache = OpenCache(dir)
		c, err := Prepare(t.Context(), enc, list, o)
		if err != nil {
			t.Fatal(err)
		}
		return enc.Texts(), c
	}
	first, c := run(list, Options{})
	again, d := run(list, Options{})
	if first == 0 || again != 0 {
		t.Errorf("%d texts at first, %d from the cache", first, again)
	}
	if diff := cmp.Diff(c.matrix, d.matrix); diff != "" {
		t.Errorf("the cache returns something else:\n%s", diff)
	}
	if n, _ := run(list, Options{Templates: []string{"my {}"}}); n != len(list.Labels) {
		t.Errorf("%d texts with another template; the background prompts alone should come from the cache", n)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 3 {
		t.Fatalf("files %v: %v", files, err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)/2] ^= 1
		if err := os.WriteFile(f, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	n, d := run(list, Options{})
	if n != first {
		t.Errorf("%d texts after the cache was damaged, want %d", n, first)
	}
	if diff := cmp.Diff(c.matrix, d.matrix); diff != "" {
		t.Errorf("a damaged cache was believed:\n%s", diff)
	}
}

// A cache that cannot be written costs time and nothing else.
func TestPrepareWithoutCache(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	enc := cliptest.New(testDim)
	if _, err := Prepare(t.Context(), enc, mixedList(t), Options{Cache: OpenCache(filepath.Join(file, "cache"))}); err != nil || enc.Texts() == 0 {
		t.Errorf("%d texts were embedded, %v", enc.Texts(), err)
	}
}

func TestPrepareFails(t *testing.T) {
	broken := errors.New("the model is on fire")
	enc := cliptest.New(testDim)
	enc.OnTexts = func(context.Context, int, []string) error { return broken }
	if _, err := Prepare(t.Context(), enc, mixedList(t), Options{}); !errors.Is(err, broken) {
		t.Errorf("a failing encoder: %v", err)
	}
	if _, err := Prepare(t.Context(), cliptest.New(testDim), mixedList(t), Options{Templates: []string{"a photo"}}); !errors.Is(err, ErrTemplate) {
		t.Errorf("a template without a place for the label: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Prepare(ctx, cliptest.New(testDim), mixedList(t), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestProvenance(t *testing.T) {
	base := prepare(t, mixedList(t), Options{}).Provenance()
	if again := prepare(t, mixedList(t), Options{}).Provenance(); again != base {
		t.Errorf("%+v and %+v", base, again)
	}
	for name, other := range map[string]*Classifier{
		"list":        prepare(t, mixedList(t).Exclusive(), Options{}),
		"templates":   prepare(t, mixedList(t), Options{Templates: []string{"my {}"}}),
		"bank":        prepare(t, mixedList(t), Options{Background: []string{"a thing"}}),
		"calibration": prepare(t, mixedList(t), Options{Calibration: Cosine{Gain: 1}}),
	} {
		if other.Provenance() == base {
			t.Errorf("another %s has the same provenance", name)
		}
	}
}

// A background prompt that is the label itself must not stand against it.
func TestOwnSynonymIsLeftOut(t *testing.T) {
	list := mustList(t, label.Label{Name: "red"})
	score := func(bank ...string) float32 {
		c := prepare(t, list, Options{Templates: []string{"a photo of {}"}, Background: bank})
		scores, err := c.Score(t.Context(), c.Labels())
		if err != nil {
			t.Fatal(err)
		}
		return scores[0][0].Probability
	}
	without, with := score("green", "blue"), score("green", "blue", "red")
	if without < 0.9 || math.Abs(float64(without-with)) > 0.01 {
		t.Errorf("probability %v without the label among the background prompts, %v with it", without, with)
	}
}

func TestNewCalibration(t *testing.T) {
	measured := clip.Spec{Name: "any", LogitScale: 20, Calibration: clip.Calibration{Breadth: 1, Gain: 0.8, Offset: -0.5}}
	softmax, sigmoid := clip.Spec{LogitScale: 100}, clip.Spec{LogitScale: 112, LogitBias: -16, Sigmoid: true}
	for _, test := range []struct {
		name string
		spec clip.Spec
		want Calibration
	}{
		{"", softmax, BackgroundSoftmax{Scale: 100, Gain: 1, Prior: defaultPrior}},
		{"", measured, BackgroundSoftmax{Scale: 20, Breadth: 1, Gain: 0.8, Offset: -0.5, Prior: defaultPrior}},
		{"auto", sigmoid, Sigmoid{Scale: 112, Bias: -16}},
		{"bank", sigmoid, BackgroundSoftmax{Scale: 112, Gain: 1, Prior: defaultPrior}},
		{"contrast", softmax, Contrast{Gain: 100}},
		{"cosine", softmax, Cosine{Gain: 100}},
		{"sigmoid", softmax, Sigmoid{Scale: 100}},
	} {
		got, err := NewCalibration(test.name, test.spec)
		if err != nil || got != test.want {
			t.Errorf("%q: %v, %v, want %v", test.name, got, err, test.want)
		}
	}
	if _, err := NewCalibration("magic", softmax); !errors.Is(err, ErrCalibration) {
		t.Errorf("an unknown name: %v", err)
	}
}

// A model is calibrated alike by whatever name it is opened.
func TestCalibrationStandsInTheModel(t *testing.T) {
	want := BackgroundSoftmax{Scale: 20, Breadth: 1, Gain: 1, Prior: defaultPrior}
	for _, name := range []string{"starter", "", "/models/of/mine", "other"} {
		b, err := clip.OpenBundle(filepath.Join("..", "..", "models", "starter"), clip.BundleOptions{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		got, err := NewCalibration("auto", b.Spec("", 0))
		if err != nil || got != want {
			t.Errorf("opened as %q: %v, %v, want %v", name, got, err, want)
		}
	}
}

// Every method must keep to its contract: log odds never fall as the cosine rises.
// A gain and an offset change the log odds of every method as they say.
func TestCalibrationsAreFitted(t *testing.T) {
	spec := clip.Spec{LogitScale: 20, LogitBias: -3}
	for _, name := range []string{"bank", "contrast", "cosine", "sigmoid", "auto"} {
		plain, err := NewCalibration(name, spec)
		if err != nil {
			t.Fatal(err)
		}
		fitted, err := NewCalibration(name+":1.5,-0.25", spec)
		if err != nil {
			t.Fatal(err)
		}
		want := 1.5*plain.Logit(0.3, 0.1) - 0.25
		if got := fitted.Logit(0.3, 0.1); math.Abs(got-want) > 1e-12 {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	for _, bad := range []string{"bank:", "bank:1", "bank:0,1", "bank:-1,0", "bank:x,y", "bank:1,2,3", "bank:NaN,0", "bank:1,Inf", "none:1,0"} {
		if _, err := NewCalibration(bad, spec); !errors.Is(err, ErrCalibration) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestCalibrationsRise(t *testing.T) {
	bank := []float32{0.1, -0.2, 0.4, 0.33}
	for _, name := range MethodNames() {
		c, err := NewCalibration(name, clip.Spec{LogitScale: 20, LogitBias: -10})
		if err != nil {
			t.Fatal(err)
		}
		b, last := c.Level(bank), math.Inf(-1)
		for cosine := float32(-1); cosine <= 1; cosine += 0.05 {
			if l := c.Logit(cosine, b); l < last || math.IsNaN(l) {
				t.Errorf("%s: %v at %v, after %v", name, l, cosine, last)
			} else {
				last = l
			}
		}
	}
	// The softmax itself: the label and the four concepts share one.
	soft := BackgroundSoftmax{Scale: 20, Gain: 1}
	var sum float64
	for _, c := range append([]float32{0.3}, bank...) {
		sum += math.Exp(20 * float64(c))
	}
	if got, want := probability(soft.Logit(0.3, soft.Level(bank))), math.Exp(6)/sum; math.Abs(float64(got)-want) > 1e-5 {
		t.Errorf("probability %v, the softmax gives %v", got, want)
	}
}
