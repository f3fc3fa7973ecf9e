package query_test

import (
	"errors"
	"fmt"
	"image"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/query/duplicates"
	"github.com/sightline/sightline/internal/query/syntax"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// textStore is an index of pictures that look exactly like texts, in folders by turns.
func textStore(t *testing.T, texts ...string) (*query.Service, store.Store, *cliptest.Encoder) {
	t.Helper()
	st, enc := openStore(t), cliptest.New(32)
	for i, text := range texts {
		v, err := enc.EncodeTexts(t.Context(), []string{text})
		if err != nil {
			t.Fatal(err)
		}
		r := store.Record{
			Path: "/p/" + strings.ReplaceAll(text, " ", "-") + fmt.Sprintf("-%d.png", i), Root: "/p", Vector: v.Row(0),
			Width: 100 * (i + 1), Height: 10, Format: "png", ModTime: time.Unix(int64(i), 0),
		}
		r.ContentHash = make([]byte, 32)
		copy(r.ContentHash, text) // equal texts are copies
		r.ID = store.ID("c", r.Path)
		if err := st.Upsert(t.Context(), []store.Record{r}); err != nil {
			t.Fatal(err)
		}
	}
	return query.New(st, enc, "c", imaging.Limits{}), st, enc
}

func line(t *testing.T, text string) query.Line {
	t.Helper()
	l, err := query.ParseLine(text, query.FilterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func ask(t *testing.T, s *query.Service, q query.Question, p query.Params) query.Answer {
	t.Helper()
	if p.K == 0 {
		p.K = 10
	}
	p.MinScore = -1
	a, err := s.Ask(t.Context(), q, p)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// first word of the name of each hit
func kinds(a query.Answer) []string {
	var out []string
	for _, n := range names(a.Hits) {
		word, _, _ := strings.Cut(n, "-")
		out = append(out, word)
	}
	return out
}

// A line of one text is the text, to the bit.
func TestPlainLineIsText(t *testing.T) {
	s, _, _ := textStore(t, "red car", "blue house", "green tree")
	a, b := ask(t, s, line(t, "red car"), query.Params{}), ask(t, s, query.Text("red car"), query.Params{})
	if diff := cmp.Diff(b.Hits, a.Hits); diff != "" {
		t.Errorf("(-text +line):\n%s", diff)
	}
}

func TestWeightsAndSubtraction(t *testing.T) {
	s, _, _ := textStore(t, "red", "blue", "red blue")
	for q, want := range map[string]string{
		"red + blue": "red-blue-2.png", "3*red + 0.1*blue": "red-0.png", "red - 1*blue": "red-0.png", "0.1*red + 3*blue": "blue-1.png",
	} {
		if got := names(ask(t, s, line(t, q), query.Params{}).Hits)[0]; got != want {
			t.Errorf("%s: %s is first, want %s", q, got, want)
		}
	}
	if _, err := s.Ask(t.Context(), line(t, "red - 1*red"), query.Params{K: 1}); !errors.Is(err, query.ErrEmpty) {
		t.Errorf("what cancels out: %v", err)
	}
}

// Exclusions, thresholds and copies leave the page full as long as there is anything.
func TestThePageStaysFull(t *testing.T) {
	var texts []string
	for range 30 {
		texts = append(texts, "red")
	}
	for i := range 30 {
		texts = append(texts, fmt.Sprintf("red car%d", i), fmt.Sprintf("blue car%d", i))
	}
	s, _, _ := textStore(t, texts...)
	a := ask(t, s, query.Text("red"), query.Params{K: 5})
	if len(a.Hits) != 5 || a.Matches[0].Copies != 29 || a.Matches[1].Copies != 0 {
		t.Errorf("%v, %+v", names(a.Hits), a.Matches)
	}
	if got := a.Hits[0].Path; got != "/p/red-0.png" {
		t.Errorf("%s stands for its copies, want the shortest and first", got)
	}
	if a := ask(t, s, query.Text("red"), query.Params{K: 5, Unfolded: true}); !slices.Equal(kinds(a), []string{"red", "red", "red", "red", "red"}) || a.Matches[0].Copies != 0 {
		t.Errorf("unfolded: %v", names(a.Hits))
	}
	// Each page goes on where the last one ended.
	all := names(ask(t, s, query.Text("red"), query.Params{K: 61}).Hits)
	var pages []string
	for offset := 0; ; offset += 7 {
		a := ask(t, s, query.Text("red"), query.Params{K: 7, Offset: offset})
		if len(a.Hits) == 0 {
			break
		}
		pages = append(pages, names(a.Hits)...)
	}
	if diff := cmp.Diff(all, pages); diff != "" || len(all) != 61 {
		t.Errorf("%d hits; (-all +pages):\n%s", len(all), diff)
	}
	// Half of the nearest are taken out.
	a = ask(t, s, line(t, "red NOT red car3 >=0.999"), query.Params{K: 61})
	if len(a.Hits) != 60 || slices.Contains(kinds(a), "red-car3") {
		t.Errorf("%d hits", len(a.Hits))
	}
	a = ask(t, s, line(t, "red + blue >=0.6"), query.Params{K: 10})
	for _, k := range names(a.Hits) {
		if !strings.HasPrefix(k, "blue") {
			t.Errorf("%s is below the threshold of blue", k)
		}
	}
	if len(a.Hits) != 10 {
		t.Errorf("%d hits, want 10", len(a.Hits))
	}
}

func TestExamples(t *testing.T) {
	s, _, _ := textStore(t, "red car", "red house", "red blue", "red green", "blue", "green")
	a := ask(t, s, query.Examples{Like: []string{"/p/red-car-0.png", "/p/red-house-1.png"}, Unlike: []string{"/p/red-blue-2.png"}}, query.Params{})
	if len(a.Hits) != 3 || names(a.Hits)[0] != "red-green-3.png" {
		t.Errorf("%v, want the three that are no examples", names(a.Hits))
	}
	if _, err := s.Ask(t.Context(), query.Examples{Like: []string{"/none"}}, query.Params{K: 1}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

// lookedUp is a store that cannot answer filters by name.
type lookedUp struct{ store.Store }

func (l lookedUp) CanFilter(f store.Filter) bool {
	return !store.Mentions(f, func(f store.Filter) bool { _, ok := f.(store.NameLike); return ok })
}

// What a store cannot filter by is found all the same.
func TestFiltersThatTheStoreCannotAnswer(t *testing.T) {
	var texts []string
	for i := range 60 {
		texts = append(texts, fmt.Sprintf("red car%d", i), fmt.Sprintf("red house%d", i))
	}
	s, st, enc := textStore(t, texts...)
	weak := query.New(lookedUp{st}, enc, "c", imaging.Limits{})
	for _, q := range []string{"red name:*house5*", "red -name:*car*", "red (name:*car1* OR width<500)", "red NOT (name:*car* width>300)"} {
		want, got := ask(t, s, line(t, q), query.Params{K: 20}), ask(t, weak, line(t, q), query.Params{K: 20})
		if diff := cmp.Diff(names(want.Hits), names(got.Hits)); diff != "" || len(want.Hits) == 0 {
			t.Errorf("%s: %d hits (-store +query):\n%s", q, len(want.Hits), diff)
		}
		l := line(t, strings.TrimPrefix(q, "red "))
		listed, err := l.List(t.Context(), lookedUp{st}, nil, query.Params{K: 500})
		all, err2 := l.List(t.Context(), st, nil, query.Params{K: 500})
		if diff := cmp.Diff(names(all.Hits), names(listed.Hits)); diff != "" || err != nil || err2 != nil {
			t.Errorf("%s: %v, %v (-store +query):\n%s", q, err, err2, diff)
		}
	}
}

func TestListFoldsAndPages(t *testing.T) {
	_, st, _ := textStore(t, "red", "blue", "red", "green", "red")
	for _, c := range []struct {
		p      query.Params
		want   []string
		copies []int
	}{
		{query.Params{K: 10}, []string{"red-4.png", "green-3.png", "blue-1.png"}, []int{2, 0, 0}},
		{query.Params{K: 1, Offset: 1}, []string{"green-3.png"}, []int{0}},
		{query.Params{K: 1}, []string{"red-4.png"}, []int{2}},
		{query.Params{K: 2, Unfolded: true, Offset: 1}, []string{"green-3.png", "red-2.png"}, []int{0, 0}},
		{query.Params{K: 2, Offset: 9}, nil, nil},
	} {
		a, err := query.Line{}.List(t.Context(), st, nil, c.p)
		if err != nil {
			t.Fatal(err)
		}
		var copies []int
		for _, m := range a.Matches {
			copies = append(copies, m.Copies)
		}
		if diff := cmp.Diff(c.want, names(a.Hits)); diff != "" || !slices.Equal(copies, c.copies) {
			t.Errorf("%+v: copies %v (-want +got):\n%s", c.p, copies, diff)
		}
	}
}

func TestParseCutoff(t *testing.T) {
	for in, want := range map[string]query.Cutoff{
		"": {}, "auto": {Kind: query.CutAuto}, "none": {Kind: query.CutNone},
		"0.25": {Kind: query.CutScore, Value: 0.25}, "-1": {Kind: query.CutScore, Value: -1}, "p0.3": {Kind: query.CutProbability, Value: 0.3},
	} {
		if got, err := query.ParseCutoff(in); err != nil || got != want {
			t.Errorf("%q: %+v, %v", in, got, err)
		}
	}
	for _, in := range []string{"often", "2", "p-1", "p", "NaN", "pNaN", "p1.1"} {
		if _, err := query.ParseCutoff(in); !errors.Is(err, query.ErrCutoff) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

// The verdict is about the question, and does not depend on the page.
func TestConfidence(t *testing.T) {
	texts := []string{"red car", "red house"}
	for i := range 20 {
		texts = append(texts, fmt.Sprintf("blue%d", i))
	}
	s, _, _ := textStore(t, texts...)
	sure := ask(t, s, query.Text("red car"), query.Params{K: 3, Offset: 10})
	if sure.Confidence != query.Confident || len(sure.Hits) != 3 {
		t.Errorf("%+v", sure)
	}
	if a := ask(t, s, query.Text("red car"), query.Params{Cutoff: query.Cutoff{Kind: query.CutAuto}}); len(a.Hits) == 0 || len(a.Hits) > 2 {
		t.Errorf("auto: %v", names(a.Hits))
	}
	if a := ask(t, s, query.Text("red car"), query.Params{Cutoff: query.Cutoff{Kind: query.CutNone}}); a.Confidence != query.NotJudged {
		t.Errorf("none: %v", a.Confidence)
	}
	if a := ask(t, s, query.Text("red car"), query.Params{K: 1, Cutoff: query.Cutoff{Kind: query.CutScore, Value: 0.999}}); len(a.Hits) != 1 {
		t.Errorf("0.999: %v", names(a.Hits))
	}
	a := ask(t, s, query.PictureLike("/p/red-car-0.png"), query.Params{})
	if a.Confidence != query.NotJudged {
		t.Errorf("a picture was judged: %v", a.Confidence)
	}
}

func TestAdvice(t *testing.T) {
	for in, want := range map[string]string{
		"dog not cat":                        "write dog NOT cat, or dog - cat",
		"a beach without any people":         "write a beach NOT people, or a beach - people",
		"no people":                          "for example: beach NOT people",
		"dog NOT cat":                        "",
		"dog OR cat":                         "write dog + cat for what is like both",
		"dog or cat":                         "",
		`"dog OR cat"`:                       "",
		"OR cat":                             "",
		"forget-me-not":                      "",
		`"dog not cat"`:                      "",
		"to be or not":                       "",
		"red camra:x100":                     `"camra:x100" is taken for words: did you mean camera:x100?`,
		"tags:sea red":                       "did you mean tag:sea?",
		"train at 12:30":                     "",
		"red hieght<100":                     `"hieght<100" is taken for words: did you mean height<100?`,
		"red width:40":                       "did you mean width>=40?",
		"red ratign>=1":                      `"ratign" is taken for words with a threshold: did you mean rating>=1?`,
		"red >=1":                            "",
		`"camra:x100"`:                       "",
		"ratio 16:9 at:noon":                 "",
		"red tag:sea, without the car tag:x": "NOT car",
	} {
		got := strings.Join(line(t, in).Advice(), "\n")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

// A line whose dates leave nothing is a mistake, and is reported where.
func TestEmptyRange(t *testing.T) {
	_, err := query.ParseLine("red after:2024 before:2020", query.FilterOptions{})
	var bad *syntax.Error
	if !errors.As(err, &bad) || bad.Column != 16 || !strings.Contains(err.Error(), "did you mean after 2020 and before 2024?") {
		t.Errorf("%v", err)
	}
	for _, q := range []string{"red after:2020 before:2024", "red (after:2024 OR before:2020)", "red after:2024 -before:2020"} {
		line(t, q)
	}
}

// Only words have a probability.
func TestPicturesHaveNoProbability(t *testing.T) {
	s, _, _ := textStore(t, "red")
	for _, q := range []string{"red NOT @/p/red-0.png", "@/p/red-0.png >=p0.3"} {
		_, err := s.Ask(t.Context(), line(t, q), query.Params{K: 1})
		var bad *syntax.Error
		if !errors.As(err, &bad) || bad.Advice == "" {
			t.Errorf("%s: %v", q, err)
		}
	}
	if _, err := s.Ask(t.Context(), query.PictureLike("/p/red-0.png"), query.Params{K: 1, Cutoff: query.Cutoff{Kind: query.CutProbability, Value: 0.3}}); !errors.Is(err, query.ErrCutoff) {
		t.Errorf("a probability of a picture: %v", err)
	}
}

// Pictures that show nearly the same are folded where it is known what they show and their
// embeddings are near.
func TestNearAreFolded(t *testing.T) {
	_, st, enc := textStore(t, "red car", "red car and more", "blue house")
	at := make(map[string]*duplicates.Look)
	for r, err := range st.Scan(t.Context(), nil, store.Fields{}) {
		if err != nil {
			t.Fatal(err)
		}
		m := image.NewGray(image.Rect(0, 0, 64, 48)) // all of them show the same
		for i := range m.Pix {
			m.Pix[i] = uint8(3 * (i % 64))
		}
		l := duplicates.LookOf(m)
		at[string(r.ContentHash)] = &l
	}
	s := query.New(st, enc, "c", imaging.Limits{}).KnowLooks(func(content []byte) (*duplicates.Look, bool) {
		l, ok := at[string(content)]
		return l, ok
	})
	a := ask(t, s, query.Text("red car"), query.Params{Cutoff: query.Cutoff{Kind: query.CutNone}})
	vectors := make(map[string][]float32)
	for _, h := range ask(t, s, query.Text("red car"), query.Params{Unfolded: true}).Hits {
		r, err := st.Get(t.Context(), []string{h.ID})
		if err != nil {
			t.Fatal(err)
		}
		vectors[h.ID] = r[0].Vector
	}
	if len(vectors) != 3 {
		t.Fatalf("%d pictures unfolded", len(vectors))
	}
	near := 0
	for i, h := range a.Hits {
		near += a.Matches[i].Near
		for _, other := range a.Hits[:i] {
			if vec.Dot(vectors[h.ID], vectors[other.ID]) >= duplicates.MinCosine {
				t.Errorf("%s and %s are nearly the same", h.Path, other.Path)
			}
		}
	}
	if len(a.Hits)+near != 3 || near == 0 {
		t.Errorf("%v, %d folded", names(a.Hits), near)
	}
}
