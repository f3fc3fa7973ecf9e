package zeroshot_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/ort/orttest"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/measure/labeling"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/zeroshot"
)

var update = flag.Bool("update", false, "rewrites the goldens")

const (
	photoDir    = "../../demo/photos"
	captionFile = "../../demo/captions.tsv"
	libraryDir  = "../../lib"
	starterDir  = "../../models/starter"
)

// photoSet is the demo photos as the starter model sees them.
type photoSet struct {
	encoder clip.Encoder
	vectors vec.Matrix
	photos  []photo
}

type photo struct{ file, caption, category string }

// openPhotos embeds the tuxpaint photos.
func openPhotos(t testing.TB) *photoSet {
	t.Helper()
	set := &photoSet{encoder: orttest.OpenStarter(t, "../..")}
	for _, f := range readTSV(t, captionFile, 3) {
		set.photos = append(set.photos, photo{f[0], f[1], f[2]})
	}
	if len(set.photos) != 333 {
		t.Skipf("%s lists %d photos, not the 333 of tuxpaint that the golden is about: make photos fetches them", captionFile, len(set.photos))
	}
	files := make([]string, len(set.photos))
	for i, p := range set.photos {
		files[i] = filepath.Join(photoDir, p.file)
	}
	set.vectors = embedFiles(t, set.encoder, files)
	return set
}

// embedFiles embeds pictures.
func embedFiles(t testing.TB, enc clip.Encoder, files []string) vec.Matrix {
	t.Helper()
	pre := enc.Spec().Preprocess
	vectors := vec.NewMatrix(len(files), enc.Spec().Dim)
	batch := clip.NewBatch(16, pre)
	for from := 0; from < len(files); from += batch.Cap() {
		part := files[from:min(from+batch.Cap(), len(files))]
		for i, file := range part {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			rgb, _, err := imaging.Decode(data, imaging.Options{Mode: pre.Mode, ShortSide: pre.ShortSide()})
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			pre.Into(rgb, batch.Slot(i))
		}
		batch.SetLen(len(part))
		m, err := enc.EncodeImages(t.Context(), batch)
		if err != nil {
			t.Fatal(err)
		}
		copy(vectors.Slice(from, from+len(part)).Data, m.Data)
	}
	return vectors
}

func readTSV(t testing.TB, name string, columns int) [][]string {
	t.Helper()
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not there: make photos fetches it", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out [][]string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if line := lines.Text(); line != "" && !strings.HasPrefix(line, "#") {
			row := strings.Split(line, "\t")
			if len(row) != columns {
				t.Fatalf("%s: %q has %d columns", name, line, len(row))
			}
			out = append(out, row)
		}
	}
	return out
}

// categories is the first task: fourteen wide labels, one true of most photos.
func (s *photoSet) categories(t testing.TB) task {
	var names []string
	for _, p := range s.photos {
		if p.category != "" && !slices.Contains(names, p.category) {
			names = append(names, p.category)
		}
	}
	slices.Sort(names)
	also := make(map[string][]string)
	for _, row := range readTSV(t, "testdata/tuxpaint-also.tsv", 2) {
		also[row[0]] = strings.Split(row[1], "|")
	}
	truth := make([][]int, len(s.photos))
	for i, p := range s.photos {
		for l, name := range names {
			if p.category == name || slices.Contains(also[p.file], name) {
				truth[i] = append(truth[i], l)
			}
		}
	}
	return task{listOf(t, names), truth}
}

// things is the second task: sixty narrow labels, each true of few photos or none.
func (s *photoSet) things(t testing.TB) task {
	list, err := label.Load("testdata/things.txt")
	if err != nil {
		t.Fatal(err)
	}
	word := regexp.MustCompile(`[a-z]+`)
	truth := make([][]int, len(s.photos))
	for i, p := range s.photos {
		words := word.FindAllString(strings.ToLower(p.caption), -1)
		for l := range list.Labels {
			name := list.Labels[l].Name
			if slices.Contains(words, name) || slices.Contains(words, name+"s") {
				truth[i] = append(truth[i], l)
			}
		}
	}
	return task{list, truth}
}

func listOf(t testing.TB, names []string) *label.List {
	t.Helper()
	labels := make([]label.Label, len(names))
	for i, n := range names {
		labels[i].Name = n
	}
	l, err := label.NewList("test", labels)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func measure(t testing.TB, s *photoSet, k task, o zeroshot.Options, minimum float32) labeling.Quality {
	t.Helper()
	c, err := zeroshot.Prepare(t.Context(), s.encoder, k.list, o)
	if err != nil {
		t.Fatal(err)
	}
	q, err := labeling.Measure(t.Context(), c, s.vectors, k.truth, minimum)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// task is a label list with what is true of the demo photos.
type task struct {
	list  *label.List
	truth [][]int
}

// figures is a line of the golden, in per cent and thresholds.
type figures struct {
	Accuracy          float64 `json:"accuracy"`
	Precision         float64 `json:"precision"`
	Recall            float64 `json:"recall"`
	F1                float64 `json:"f1"`
	BestF1            float64 `json:"best_f1"`
	BestThreshold     float64 `json:"best_threshold"`
	FlatCosineBestF1  float64 `json:"flat_cosine_best_f1"`
	FlatCosine        float64 `json:"flat_cosine_threshold"`
	CalibrationError  float64 `json:"calibration_error"`
	CalibrationLikely float64 `json:"calibration_error_likely"`
}

func figuresOf(q labeling.Quality) figures {
	return figures{
		Accuracy:  100 * q.Accuracy,
		Precision: 100 * q.Threshold.Precision, Recall: 100 * q.Threshold.Recall, F1: 100 * q.Threshold.F1,
		BestF1: 100 * q.Best.F1, BestThreshold: q.Best.Threshold,
		FlatCosineBestF1: 100 * q.Cosine.F1, FlatCosine: q.Cosine.Threshold,
		CalibrationError: 100 * q.CalibrationError, CalibrationLikely: 100 * q.LikelyError,
	}
}

// golden is testdata/quality.json: the figures of each task and way, by name.
type golden map[string]figures

// TestQuality keeps the figures of the starter model on the demo photos, in per cent.
// -update rewrites them; without it they may move by a point, for the arithmetic
// of another CPU.
func TestQuality(t *testing.T) {
	s := openPhotos(t)
	cache := zeroshot.OpenCache(t.TempDir())
	t.Run("images", func(t *testing.T) { measureImages(t, s, cache) })
	t.Run("hubness", func(t *testing.T) { measureHubness(t, s, cache) })
}

func measureImages(t *testing.T, s *photoSet, cache *zeroshot.Cache) {
	spec := s.encoder.Spec()
	one := []string{zeroshot.OneTemplate}
	wide, narrow, exclusive := s.categories(t), s.things(t), s.exclusive(t)
	unshifted := zeroshot.BackgroundSoftmax{Scale: spec.LogitScale, Gain: 1}
	got := golden{}
	for name, run := range map[string]struct {
		task task
		o    zeroshot.Options
	}{
		"exclusive, one template":             {exclusive, zeroshot.Options{Templates: one}},
		"exclusive, ensemble":                 {exclusive, zeroshot.Options{}},
		"wide labels, default":                {wide, zeroshot.Options{}},
		"wide labels, one template":           {wide, zeroshot.Options{Templates: one}},
		"wide labels, bank without breadth":   {wide, zeroshot.Options{Calibration: unshifted}},
		"wide labels, contrast":               {wide, zeroshot.Options{Calibration: zeroshot.Contrast{Gain: 20, Offset: -6}}},
		"narrow labels, default":              {narrow, zeroshot.Options{}},
		"narrow labels, one template":         {narrow, zeroshot.Options{Templates: one}},
		"narrow labels, bank without breadth": {narrow, zeroshot.Options{Calibration: unshifted}},
		"narrow labels, contrast":             {narrow, zeroshot.Options{Calibration: zeroshot.Contrast{Gain: 20, Offset: -6}}},
	} {
		run.o.Cache = cache
		got[name] = figuresOf(measure(t, s, run.task, run.o, zeroshot.DefaultMinimum(run.task.list)))
	}
	// A flat threshold that was tuned on one task, used for the other.
	carried := func(k task, threshold float64) labeling.Quality {
		flat := zeroshot.Cosine{Gain: 1}
		return measure(t, s, k, zeroshot.Options{Cache: cache, Calibration: flat}, float32(1/(1+math.Exp(-threshold))))
	}
	got["wide labels, flat cosine tuned on narrow"] = figuresOf(carried(wide, got["narrow labels, default"].FlatCosine))
	got["narrow labels, flat cosine tuned on wide"] = figuresOf(carried(narrow, got["wide labels, default"].FlatCosine))

	if a := got["exclusive, one template"].Accuracy; math.Abs(a-77.0) > 1 {
		t.Errorf("14-way accuracy with one template is %.1f, the reference gives 77.0", a)
	}
	for _, name := range []string{"wide labels", "narrow labels"} {
		other := map[string]string{"wide labels": "narrow", "narrow labels": "wide"}[name]
		flat := got[name+", flat cosine tuned on "+other].F1
		if f := got[name+", default"].F1; f <= flat {
			t.Errorf("%s: F1 %.1f at the default threshold, a flat one gives %.1f", name, f, flat)
		}
	}
	compareGolden(t, "testdata/quality.json", got)
}

// exclusive is the fourteen categories as the reference measures them: one group, and
// the photos that have a category.
func (s *photoSet) exclusive(t testing.TB) task {
	k := s.categories(t)
	k.list = k.list.Exclusive()
	for i, p := range s.photos {
		k.truth[i] = nil
		for l := range k.list.Labels {
			if k.list.Labels[l].Name == p.category {
				k.truth[i] = []int{l}
			}
		}
	}
	return k
}

func compareGolden(t *testing.T, name string, got golden) {
	t.Helper()
	if *update {
		data, err := json.MarshalIndent(got, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		number := regexp.MustCompile(`\d+\.\d+`) // two decimals are enough to read
		data = number.ReplaceAllFunc(data, func(n []byte) []byte {
			v, _ := strconv.ParseFloat(string(n), 64)
			return strconv.AppendFloat(nil, v, 'f', 2, 64)
		})
		if err := os.WriteFile(name, append(data, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var want golden
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	near := cmp.Comparer(func(a, b float64) bool {
		limit := 1.0
		if max(a, b) <= 1 { // a threshold, or a very small error
			limit = 0.2
		}
		return math.Abs(a-b) <= limit
	})
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Errorf("quality has changed; -update if that is meant (-want +got):\n%s", diff)
	}
}
