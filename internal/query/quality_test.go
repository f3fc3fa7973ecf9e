package query_test

import (
	"bufio"
	"errors"
	"flag"
	"io/fs"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip/ort/orttest"
	"github.com/sightline/sightline/internal/golden"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/index/indextest"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
)

var update = flag.Bool("update", false, "rewrites the goldens")

// cutoffQuality is what a cut-off comes to on one half of the queries, in per cent.
type cutoffQuality struct {
	MacroF1      float64 `json:"macro_f1"`
	Nothing      float64 `json:"unanswerable_answered_with_nothing"`
	Lost         float64 `json:"answerable_answered_with_nothing"`
	Answerable   int     `json:"answerable"`
	Unanswerable int     `json:"unanswerable"`
}

type asked struct {
	text  string
	truth []string // expressions; none for what nothing answers
}

// How well an answer ends where it should, over the demo photos. The queries of one half
// have chosen the thresholds of --cutoff auto; the golden has both halves.
func TestCutoffQuality(t *testing.T) {
	s, captions := demoService(t)
	answerable, unanswerable := readAsked(t, "testdata/answerable.tsv"), readAsked(t, "testdata/unanswerable.txt")
	got := make(map[string]cutoffQuality)
	for name, cutoff := range map[string]query.Cutoff{"first ten": {Kind: query.CutNone}, "auto": {Kind: query.CutAuto}} {
		for half, from := range map[string]int{"chosen by": 0, "kept back": 1} {
			q := cutoffQuality{}
			var f1 float64
			measure := func(list []asked) {
				for i := from; i < len(list); i += 2 {
					k := 10
					if cutoff.Kind == query.CutAuto {
						k = 100
					}
					a, err := s.Ask(t.Context(), query.Text(list[i].text), query.Params{K: k, MinScore: -1, Cutoff: cutoff, Unfolded: true})
					if err != nil {
						t.Fatal(err)
					}
					none := len(a.Hits) == 0
					if list[i].truth == nil {
						q.Unanswerable++
						if none {
							q.Nothing++
							f1++
						}
						continue
					}
					q.Answerable++
					if none {
						q.Lost++
					}
					f1 += f1Of(a.Hits, list[i].truth, captions)
				}
			}
			measure(answerable)
			measure(unanswerable)
			q.MacroF1 = round(100 * f1 / float64(q.Answerable+q.Unanswerable))
			q.Nothing = round(100 * q.Nothing / float64(q.Unanswerable))
			q.Lost = round(100 * q.Lost / float64(q.Answerable))
			got[name+", "+half] = q
		}
	}
	want := golden.JSON(t, "testdata/cutoff-quality.json", *update, got)
	// Libraries of different processors round differently: a few queries lie at an edge.
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= 2.5 })
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Errorf("the cut-off is not what it was (-want +got); -update rewrites it:\n%s", diff)
	}
	if q := got["auto, kept back"]; q.MacroF1 < 60 || q.Nothing < 88 {
		t.Errorf("the cut-off is worse than promised: %+v", q)
	}
}

func round(x float64) float64 { return math.Round(10*x) / 10 }

// f1Of is the harmonic mean of precision and recall.
func f1Of(hits []store.Hit, truth []string, captions map[string][2]string) float64 {
	relevant := make(map[string]bool)
	for name, c := range captions {
		for _, word := range truth {
			category, isCategory := strings.CutPrefix(word, "=")
			if isCategory && c[1] == category || !isCategory && regexp.MustCompile(`\b`+regexp.QuoteMeta(word)+`\b`).MatchString(c[0]) {
				relevant[name] = true
			}
		}
	}
	right := 0
	for _, h := range hits {
		for name := range relevant {
			if strings.HasSuffix(h.Path, "/"+name) {
				right++
			}
		}
	}
	if right == 0 {
		return 0
	}
	return 2 * float64(right) / float64(len(hits)+len(relevant))
}

func readLines(t *testing.T, name string) []string {
	t.Helper()
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not there: make photos fetches it", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lines []string
	for s := bufio.NewScanner(f); s.Scan(); {
		if line := s.Text(); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

func readAsked(t *testing.T, name string) []asked {
	var out []asked
	for _, line := range readLines(t, name) {
		text, truth, found := strings.Cut(line, "\t")
		a := asked{text: text}
		if found {
			a.truth = strings.Split(truth, "|")
		}
		out = append(out, a)
	}
	return out
}

// demoService indexes the demo photos. captions has the caption and the category of each.
func demoService(t *testing.T) (s *query.Service, captions map[string][2]string) {
	t.Helper()
	captions = make(map[string][2]string)
	for _, line := range readLines(t, "../../demo/captions.tsv") {
		row := strings.Split(line, "\t")
		captions[row[0]] = [2]string{row[1], row[2]}
	}
	if len(captions) != indextest.DemoPhotos {
		t.Skipf("%d demo photos, not the 333 of tuxpaint that the queries are about: make photos fetches them", len(captions))
	}
	enc := orttest.OpenStarter(t, "../..")
	return query.New(indextest.Demo(t, enc, "../.."), enc, "c", imaging.Limits{}), captions
}
