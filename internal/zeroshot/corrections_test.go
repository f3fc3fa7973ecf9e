package zeroshot_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/ort/orttest"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/measure/bootstrap"
	"github.com/sightline/sightline/internal/tagging/corrections"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/zeroshot"
)

const correctionGolden = "testdata/corrections.json"

// leastTrue is how many pictures a label must be true of to be measured: half of them are
// for learning, and half for measuring.
const leastTrue = 6

// correctionSteps are how many corrections a label gets.
var correctionSteps = []int{0, 10, 20, 40}

// correctionQuality is what corrections came to on one set with one list, in per cent, for
// each of correctionSteps.
type correctionQuality struct {
	Labels    int         `json:"labels"`
	Positives int         `json:"positives"` // true pairs among the pictures that were measured
	Given     []int       `json:"given"`
	Right     []int       `json:"right"`
	F1        []float64   `json:"f1"`
	Gain      []float64   `json:"gain"` // of F1
	GainIn    [][]float64 `json:"gain_interval"`
}

// TestLabelCorrections measures what 10, 20 and 40 corrections of each label do, as search tag
// review asks for them. One half of the pictures is asked about, the other half measured,
// and the other way round. -update writes the golden and the table of docs/quality.md.
func TestLabelCorrections(t *testing.T) {
	if _, err := os.Stat(pictureDir); err != nil {
		t.Skip("its pictures are not there: make quality fetches them")
	}
	enc := orttest.OpenStarter(t, "../..")
	implies, passes := readWords(t, "implies.txt"), readWords(t, "passes.txt")
	got := make(map[string]correctionQuality)
	sets := make(map[string]*labelledSet) // each is embedded once
	for _, k := range correctionTasks() {
		for _, name := range k.sets {
			if sets[name] == nil {
				sets[name] = readSet(t, enc, name, implies, passes)
			}
			got[k.list+", "+name] = measureCorrections(t, enc, sets[name], k.list)
		}
	}
	if *update {
		writeCorrections(t, got)
		return
	}
	data, err := os.ReadFile(correctionGolden)
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]correctionQuality
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	// One picture that falls on the other side changes what is asked next.
	near := cmp.Options{
		cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= 5 }),
		cmp.Comparer(func(a, b int) bool { return a-b <= 12 && b-a <= 12 }),
	}
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Errorf("quality has changed; -update if that is meant (-want +got):\n%s", diff)
	}
}

// correctionTasks are the lists that are measured. The prior was chosen on tuxpaint.
func correctionTasks() []setTask {
	return []setTask{
		{"everything7", []string{"tuxpaint", "gcompris"}},
		{"categories14", []string{"tuxpaint", "gcompris"}},
		{"everyday50", []string{"tuxpaint", "gcompris", "wallpapers"}},
		{"everyday200", []string{"tuxpaint", "gcompris", "wallpapers"}},
		{"drawings34", []string{"drawings"}},
	}
}

// counts of one picture over all labels, for each of correctionSteps.
type correctionTally struct {
	right, given []float64
	positives    float64
}

func measureCorrections(t *testing.T, enc clip.Encoder, set *labelledSet, listName string) correctionQuality {
	t.Helper()
	list, err := label.Load(filepath.Join(setDir, listName+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := zeroshot.Prepare(t.Context(), enc, list, zeroshot.Options{Cache: zeroshot.OpenCache(filepath.Join(pictureDir, "cache"))})
	if err != nil {
		t.Fatal(err)
	}
	s := set.sample(list)
	of := make([]correctionTally, s.Vectors.Rows)
	for i := range of {
		of[i].right, of[i].given = make([]float64, len(correctionSteps)), make([]float64, len(correctionSteps))
	}
	q := correctionQuality{}
	for l := range list.Labels {
		truth := make([]bool, len(s.True))
		positives := 0
		for i := range truth {
			if truth[i] = slices.Contains(s.True[i], l); truth[i] {
				positives++
			}
		}
		if positives < leastTrue {
			continue
		}
		q.Labels++
		odds, err := c.LogOdds(t.Context(), l, s.Vectors)
		if err != nil {
			t.Fatal(err)
		}
		correct(zeroshot.DefaultMinimum(list), odds, s.Vectors, truth, func(i int) bool { return slices.Contains(s.Open[i], l) }, of)
	}
	n := len(correctionSteps)
	f1 := func(drawn []int, out []float64) {
		for k := range n {
			var right, given, positives float64
			for _, i := range drawn {
				right, given, positives = right+of[i].right[k], given+of[i].given[k], positives+of[i].positives
			}
			out[k] = 200 * right / max(1, given+positives)
			out[n+k] = out[k] - out[0]
		}
	}
	all, figures := make([]int, len(of)), make([]float64, 2*n)
	for i := range all {
		all[i] = i
		q.Positives += int(of[i].positives)
	}
	f1(all, figures)
	in := bootstrap.Intervals(len(of), 2*n, f1)
	round := func(x float64) float64 { return math.Round(10*x) / 10 }
	for k := range n {
		var right, given float64
		for i := range of {
			right, given = right+of[i].right[k], given+of[i].given[k]
		}
		q.Given, q.Right = append(q.Given, int(given)), append(q.Right, int(right))
		q.F1, q.Gain = append(q.F1, round(figures[k])), append(q.Gain, round(figures[n+k]))
		q.GainIn = append(q.GainIn, []float64{round(in[n+k].Low), round(in[n+k].High)})
	}
	return q
}

// correct plays a person who answers what the pool asks about one half of the pictures,
// and counts what the label then does to the other half.
func correct(minimum float32, odds []float64, vectors vec.Matrix, truth []bool, open func(int) bool, of []correctionTally) {
	order := rand.New(rand.NewPCG(1, 2)).Perm(len(truth))
	least := math.Log(float64(minimum) / (1 - float64(minimum)))
	for fold := range 2 {
		q := corrections.NewPool(minimum, corrections.DefaultPrior, nil)
		var at []int
		for j, i := range order {
			if j%2 == fold && !open(i) {
				q.Add(odds[i], vectors.Row(i))
				at = append(at, i)
			}
		}
		asked := 0
		for k, step := range correctionSteps {
			for ; asked < step; asked++ {
				if n, _, ok := q.Next(); ok {
					q.Answer(n, truth[at[n]])
				}
			}
			f := q.Fit()
			for j, i := range order {
				if j%2 == fold || open(i) {
					continue
				}
				if k == 0 && truth[i] {
					of[i].positives++
				}
				if f.Apply(odds[i], vectors.Row(i)) >= least {
					of[i].given[k]++
					if truth[i] {
						of[i].right[k]++
					}
				}
			}
		}
	}
}

// writeCorrections writes the golden, and the table between the marks of the page.
func writeCorrections(t *testing.T, got map[string]correctionQuality) {
	t.Helper()
	data, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(correctionGolden, append(data, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("| set | list | labels | true pairs | tags given: right | F1, % | gain by 10 | gain by 20 | gain by 40 |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, name := range []string{"tuxpaint", "gcompris", "wallpapers", "drawings"} {
		for _, k := range correctionTasks() {
			q, ok := got[k.list+", "+name]
			if !ok {
				continue
			}
			fmt.Fprintf(&b, "| %s | %s | %d | %d | %d: %d -> %d: %d -> %d: %d -> **%d: %d** | %.1f -> %.1f -> %.1f -> **%.1f** | %+.1f (%.1f to %.1f) | %+.1f (%.1f to %.1f) | **%+.1f** (%.1f to %.1f) |\n",
				name, k.list, q.Labels, q.Positives, q.Given[0], q.Right[0], q.Given[1], q.Right[1], q.Given[2], q.Right[2], q.Given[3], q.Right[3],
				q.F1[0], q.F1[1], q.F1[2], q.F1[3], q.Gain[1], q.GainIn[1][0], q.GainIn[1][1], q.Gain[2], q.GainIn[2][0], q.GainIn[2][1], q.Gain[3], q.GainIn[3][0], q.GainIn[3][1])
		}
	}
	writeBetween(t, "corrections", b.String())
}

// writeBetween puts a text between the marks of a name on the page.
func writeBetween(t *testing.T, name, text string) {
	t.Helper()
	page, err := os.ReadFile(setPage)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+name+": written by make quality -->\n", "\n<!-- end of "+name+" -->"
	before, rest, ok := strings.Cut(string(page), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s lacks the marks that the %s go between", setPage, name)
	}
	if err := os.WriteFile(setPage, []byte(before+begin+strings.TrimRight(text, "\n")+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
