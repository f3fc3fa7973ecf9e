package zeroshot_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/ort/orttest"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/measure/labeling"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/zeroshot"
)

const (
	setDir     = "testdata/sets"
	pictureDir = "../../build/quality"
	setGolden  = "testdata/sets.json"
	setPage    = "../../docs/quality.md"
)

// setQuality is what changed by the list's prior and threshold on one set with one list, in per cent.
type setQuality struct {
	Pictures  int        `json:"pictures"`
	Positives int        `json:"positives"`
	Before    setFigures `json:"before"` // without the prior, at DefaultMinProbability
	After     setFigures `json:"after"`  // at the list's DefaultMinimum
	// AtLeast has, for each of setMinimums, the tags given and the right ones.
	AtLeast [][2]int `json:"at_least"`
}

type setFigures struct {
	Given     int        `json:"given"` // tags
	Right     int        `json:"right"`
	Wrong     float64    `json:"wrong"` // share of those given
	WrongIn   [2]float64 `json:"wrong_interval"`
	F1        float64    `json:"f1"`
	F1In      [2]float64 `json:"f1_interval"`
	BestF1    float64    `json:"best_f1"`
	LikelyErr float64    `json:"calibration_error_likely"`
}

// TestLabelSets measures labelling on five sets of pictures with lists of 5 to 998
// labels. It takes minutes, and pictures that make quality fetches. -update writes the
// golden and the tables of docs/quality.md.
func TestLabelSets(t *testing.T) {
	if _, err := os.Stat(pictureDir); err != nil {
		t.Skip("its pictures are not there: make quality fetches them")
	}
	enc := orttest.OpenStarter(t, "../..")
	implies, passes := readWords(t, "implies.txt"), readWords(t, "passes.txt")
	sets := make(map[string]*labelledSet)
	for _, name := range []string{"tuxpaint", "gcompris", "wallpapers", "words", "drawings"} {
		sets[name] = readSet(t, enc, name, implies, passes)
	}
	cache := zeroshot.OpenCache(filepath.Join(pictureDir, "cache"))
	calibration, err := zeroshot.NewCalibration("bank", enc.Spec())
	if err != nil {
		t.Fatal(err)
	}
	without := calibration.(zeroshot.BackgroundSoftmax)
	without.Prior = 0
	got := make(map[string]setQuality)
	for _, k := range setTasks() {
		list, err := label.Load(filepath.Join(setDir, k.list+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		var both [2]*zeroshot.Classifier
		for i, c := range []zeroshot.Calibration{without, calibration} {
			if both[i], err = zeroshot.Prepare(t.Context(), enc, list, zeroshot.Options{Cache: cache, Calibration: c}); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range k.sets {
			s := sets[name].sample(list)
			var q [2]labeling.Quality
			for i, minimum := range []float32{zeroshot.DefaultMinProbability, zeroshot.DefaultMinimum(list)} {
				if q[i], err = labeling.MeasureSample(t.Context(), both[i], s, minimum); err != nil {
					t.Fatal(err)
				}
			}
			if q[0].Positives == 0 {
				t.Errorf("no label of %s is true of any picture of %s", k.list, name)
			}
			got[k.list+", "+name] = setQuality{q[1].Pictures, q[1].Positives, setFiguresOf(q[0]), setFiguresOf(q[1]), setCurve(t, both[1], s)}
		}
	}
	if *update {
		writeSets(t, got)
		return
	}
	data, err := os.ReadFile(setGolden)
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]setQuality
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	// Counts may move by a few pictures, for the arithmetic of another CPU.
	near := cmp.Options{
		cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= 3 }),
		cmp.Comparer(func(a, b int) bool { return a-b <= 3 && b-a <= 3 }),
	}
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Errorf("quality has changed; -update if that is meant (-want +got):\n%s", diff)
	}
}

// setMinimums are the least probabilities of the curves: see docs/quality.md.
var setMinimums = []float32{0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8}

// setCurve counts what is given, and what of it is right, at each of setMinimums.
func setCurve(t *testing.T, c *zeroshot.Classifier, s labeling.Sample) [][2]int {
	t.Helper()
	scores, err := c.Score(t.Context(), s.Vectors)
	if err != nil {
		t.Fatal(err)
	}
	out := make([][2]int, len(setMinimums))
	for i := range scores {
		for _, x := range scores[i] {
			for n, minimum := range setMinimums {
				if x.Probability < minimum || slices.Contains(s.Open[i], x.Label) {
					continue
				}
				out[n][0]++
				if slices.Contains(s.True[i], x.Label) {
					out[n][1]++
				}
			}
		}
	}
	return out
}

// setTask is a list, and the sets that it is measured on.
type setTask struct {
	list string
	sets []string
}

func setTasks() []setTask {
	all := []string{"tuxpaint", "gcompris", "wallpapers", "words"}
	return []setTask{
		{"everything5", all},
		{"everything7", all},
		{"categories14", all},
		{"drawings34", []string{"drawings"}},
		{"everyday50", all},
		{"coco80", all},
		{"everyday200", all},
		{"imagenet998", all},
	}
}

func setFiguresOf(q labeling.Quality) setFigures {
	given, right := 0, 0
	for _, l := range q.PerLabel {
		given, right = given+l.Given, right+l.Right
	}
	per := func(x float64) float64 { return math.Round(1000*x) / 10 }
	return setFigures{
		Given: given, Right: right, Wrong: per(1 - q.Threshold.Precision), F1: per(q.Threshold.F1), BestF1: per(q.Best.F1), LikelyErr: per(q.LikelyError),
		WrongIn: [2]float64{per(1 - q.Intervals.Precision.High), per(1 - q.Intervals.Precision.Low)},
		F1In:    [2]float64{per(q.Intervals.F1.Low), per(q.Intervals.F1.High)},
	}
}

// labelledSet is pictures, and words for what each shows and may pass for.
type labelledSet struct {
	vectors vec.Matrix
	shows   []map[string]bool
	passes  []map[string]bool
}

// sample finds a list's labels among the words.
func (s *labelledSet) sample(list *label.List) labeling.Sample {
	out := labeling.Sample{Vectors: s.vectors, True: make([][]int, len(s.shows)), Open: make([][]int, len(s.shows))}
	for l := range list.Labels {
		name := label.Fold(list.Labels[l].Name)
		for i := range s.shows {
			switch {
			case s.shows[i][name]:
				out.True[i] = append(out.True[i], l)
			case s.passes[i][name]:
				out.Open[i] = append(out.Open[i], l)
			}
		}
	}
	return out
}

// readSet reads a list of pictures and embeds them.
func readSet(t *testing.T, enc clip.Encoder, name string, implies, passes map[string][]string) *labelledSet {
	t.Helper()
	s := &labelledSet{}
	var files []string
	for _, row := range readTSV(t, filepath.Join(setDir, name+".tsv"), 4) {
		shows := make(map[string]bool)
		follow(shows, strings.Split(row[1], "|"), implies)
		loose := strings.Split(row[2], "|")
		for word := range shows {
			loose = append(loose, passes[word]...)
		}
		open := make(map[string]bool)
		follow(open, loose, implies)
		s.shows, s.passes = append(s.shows, shows), append(s.passes, open)
		dir := filepath.Join(pictureDir, name)
		if name == "tuxpaint" {
			dir = photoDir
		}
		files = append(files, filepath.Join(dir, row[0]))
	}
	for _, f := range files {
		if _, err := os.Stat(f); err != nil {
			t.Skipf("%s is not there: make quality fetches it", f)
		}
	}
	s.vectors = embedFiles(t, enc, files)
	return s
}

// follow adds words and what follows from them to a set.
func follow(to map[string]bool, words []string, implies map[string][]string) {
	for _, w := range words {
		if w = label.Fold(w); w != "" && !to[w] {
			to[w] = true
			follow(to, implies[w], implies)
		}
	}
}

// readWords reads a table of words: each line a word, a colon and words that follow.
func readWords(t *testing.T, name string) map[string][]string {
	t.Helper()
	f, err := os.Open(filepath.Join(setDir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := make(map[string][]string)
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		word, rest, ok := strings.Cut(line, ":")
		if !ok {
			t.Fatalf("%s: %q has no colon", name, line)
		}
		for w := range strings.SplitSeq(rest, ",") {
			key := label.Fold(word)
			out[key] = append(out[key], strings.TrimSpace(w))
		}
	}
	return out
}

// writeSets writes the golden, and the tables between the marks of the page.
func writeSets(t *testing.T, got map[string]setQuality) {
	t.Helper()
	data, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(setGolden, append(data, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, name := range []string{"tuxpaint", "gcompris", "wallpapers", "words", "drawings"} {
		fmt.Fprintf(&b, "\n### %s\n\n", name)
		b.WriteString("| list | true pairs | tags given: right | wrong, % | F1, % | F1 at the best probability | error of likely pairs, % |\n|---|---|---|---|---|---|---|\n")
		for _, k := range setTasks() {
			q, ok := got[k.list+", "+name]
			if !ok || !slices.Contains(k.sets, name) {
				continue
			}
			x, y := q.Before, q.After
			fmt.Fprintf(&b, "| %s | %d | %d: %d -> %d: **%d** | %.0f (%.0f-%.0f) -> **%.0f** (%.0f-%.0f) | %.1f (%.0f-%.0f) -> **%.1f** (%.0f-%.0f) | %.1f | %.1f -> **%.1f** |\n",
				k.list, q.Positives, x.Given, x.Right, y.Given, y.Right, x.Wrong, x.WrongIn[0], x.WrongIn[1], y.Wrong, y.WrongIn[0], y.WrongIn[1],
				x.F1, x.F1In[0], x.F1In[1], y.F1, y.F1In[0], y.F1In[1], y.BestF1, x.LikelyErr, y.LikelyErr)
		}
	}
	writeBetween(t, "label sets", b.String())
	b.Reset()
	b.WriteString("| set | list |")
	for _, minimum := range setMinimums {
		fmt.Fprintf(&b, " %.1f |", minimum)
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", len(setMinimums)) + "\n")
	for _, name := range []string{"tuxpaint", "gcompris", "wallpapers"} {
		for _, list := range []string{"everyday50", "coco80", "everyday200", "imagenet998"} {
			fmt.Fprintf(&b, "| %s | %s |", name, list)
			for _, at := range got[list+", "+name].AtLeast {
				fmt.Fprintf(&b, " %d: %d, %.0f %% |", at[0], at[1], 100*(1-float64(at[1])/float64(max(1, at[0]))))
			}
			b.WriteString("\n")
		}
	}
	writeBetween(t, "label curves", b.String())
}
