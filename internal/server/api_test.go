package server

import (
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/query"
)

func TestSearch(t *testing.T) {
	h := newHouse(t)
	s := h.serve(nil)
	tests := []struct {
		name, query string
		first       string // names of the first hits
		count       int    // of all; -1 where it does not matter
		chips       int
	}{
		{"a text", "q=red", "red", 4, 1},
		{"copies unfolded", "q=red&unfold=true", "", 5, 1},
		{"a filter besides", "q=" + url.QueryEscape("red under:"+h.path("sub")), "copy of red", 3, 2},
		{"filters alone", "q=" + url.QueryEscape("width>=500"), "blue", 1, 1},
		{"nothing", "", "", 4, 0},
		{"a picture of the index", "q=" + url.QueryEscape("@"+h.id("sub/green.png")), "green", -1, 1},
		{"literally", "literal=true&q=" + url.QueryEscape("green - red"), "green", 4, 0},
		{"no more than asked for", "q=red&limit=2", "red half", 2, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := ask[SearchAnswer](t, s, "GET", Prefix+"/search?"+tt.query, nil, 200)
			if got := names(a.Hits); !strings.HasPrefix(got, tt.first) || tt.count >= 0 && len(a.Hits) != tt.count {
				t.Errorf("hits %q, want %d that begin with %q", got, tt.count, tt.first)
			}
			if len(a.Query.Chips) != tt.chips {
				t.Errorf("chips %+v, want %d", a.Query.Chips, tt.chips)
			}
			for _, hit := range a.Hits {
				if hit.ID == "" || hit.Folder == "" || hit.Version == "" || hit.TagDetails == nil {
					t.Errorf("a hit lacks something: %+v", hit)
				}
			}
		})
	}
	posted := ask[SearchAnswer](t, s, "POST", Prefix+"/search", SearchRequest{Q: "red", SearchOptions: SearchOptions{Limit: 1, Explain: true}}, 200)
	if len(posted.Hits) != 1 || posted.Hits[0].Explain == nil || len(posted.Hits[0].Explain.Terms) != 1 || posted.Total != 5 {
		t.Errorf("POST: %+v", posted)
	}
}

func TestChipsTakeThemselvesOut(t *testing.T) {
	s := newHouse(t).serve(nil)
	a := ask[SearchAnswer](t, s, "GET", Prefix+"/search?q="+url.QueryEscape("red - 2*blue tag:a width>=10"), nil, 200)
	want := []Chip{
		{Text: "red", Kind: "text", Op: "add", Column: 1, Without: "- 2*blue tag:a width>=10"},
		{Text: "- 2*blue", Kind: "text", Op: "subtract", Column: 5, Without: "red tag:a width>=10"},
		{Text: "tag:a", Kind: "filter", Op: "filter", Column: 14, Without: "red - 2*blue width>=10"},
		{Text: "width>=10", Kind: "filter", Op: "filter", Column: 20, Without: "red - 2*blue tag:a"},
	}
	if len(a.Query.Chips) != len(want) {
		t.Fatalf("chips %+v", a.Query.Chips)
	}
	for i, c := range a.Query.Chips {
		if c != want[i] {
			t.Errorf("chip %d: %+v, want %+v", i, c, want[i])
		}
	}
}

// commands finds what only who sits at the command line can do.
var commands = regexp.MustCompile(`\bsearch (tags?|labels?|clusters|like|image|text)\b|--(force|cutoff|top|k|file-dates|allow-urls|template)\b`)

// TestProblems holds errors to the kinds and hints of the command line.
func TestProblems(t *testing.T) {
	h := newHouse(t)
	s := h.serve(nil)
	none := strings.Repeat("0", 40)
	ask[SavedLabel](t, s, "POST", Prefix+"/labels", LabelSave{Name: "there", Like: []string{h.id("red.png")}}, 200)
	tests := []struct {
		name, method, url string
		body              any
		status            int
		kind              string
		column            int
		hint              bool
	}{
		{"a quote that is not closed", "GET", "/search?q=" + url.QueryEscape(`a dog "and`), nil, 400, "usage", 7, true},
		{"a filter's value", "GET", "/search?q=" + url.QueryEscape("dog after:someday"), nil, 400, "usage", 11, true},
		{"many terms", "GET", "/search?q=" + url.QueryEscape(strings.Repeat("a + ", 200)+"a"), nil, 400, "usage", 399, true},
		{"a label that is there", "POST", "/labels", LabelSave{Name: "there", Like: []string{h.id("red.png")}}, 409, "usage", 0, true},
		{"a list that is none", "POST", "/runs", RunRequest{LabelList: LabelList{List: "a,b\n\"", Format: "csv"}, DryRun: true}, 400, "usage", 0, true},
		{"a cut-off", "GET", "/search?q=dog&cutoff=high", nil, 400, "usage", 0, true},
		{"an unknown saved label", "GET", "/search?q=" + url.QueryEscape("#holiday"), nil, 400, "usage", 1, true},
		{"a file of this machine", "GET", "/search?q=" + url.QueryEscape("@/etc/passwd"), nil, 422, "fatal", 1, false},
		{"a limit", "GET", "/search?q=dog&limit=100000", nil, 422, "usage", 0, true},
		{"a body that is no JSON", "POST", "/search", strings.NewReader("{"), 400, "usage", 0, true},
		{"a picture that is not there", "GET", "/images/" + none, nil, 404, "fatal", 0, true},
		{"an id that is none", "GET", "/images/..%2F..%2Fetc", nil, 422, "usage", 0, true},
		{"a thumbnail that is not there", "GET", "/thumbnails/" + none, nil, 404, "fatal", 0, true},
		{"a cursor", "GET", "/search?q=dog&cursor=abc", nil, 400, "usage", 0, true},
		{"a cursor of another search", "GET", "/search?q=dog&cursor=" + ask[SearchAnswer](t, s, "GET", Prefix+"/search?q=red&limit=1", nil, 200).Next, nil, 400, "usage", 0, true},
		{"similar to nothing", "GET", "/similar", nil, 400, "usage", 0, true},
		{"similar to what is not there", "GET", "/similar?like=" + none, nil, 404, "fatal", 0, true},
		{"a sample that is not there", "GET", "/similar?sample=abc", nil, 404, "missing", 0, true},
		{"words as a filter", "GET", "/timeline?q=dog", nil, 400, "usage", 1, true},
		{"labels that are none", "POST", "/classify", ClassifyRequest{IDs: []string{h.id("red.png")}}, 400, "usage", 0, true},
		{"a template of a file", "POST", "/classify", ClassifyRequest{IDs: []string{h.id("red.png")}, LabelList: LabelList{Labels: []string{"a"}, Templates: []string{"@/etc/passwd"}}}, 400, "usage", 0, true},
		{"a run that is not there", "POST", "/runs/abcdef/undo", nil, 404, "usage", 0, true},
		{"an export of one", "GET", "/runs/abcdef/export", nil, 404, "usage", 0, true},
		{"events of one", "GET", "/runs/abcdef/events", nil, 404, "missing", 0, true},
		{"a label of nothing", "POST", "/labels", map[string]any{"name": "x", "like": nil, "unlike": nil}, 400, "usage", 0, true},
		{"unlike alone", "GET", "/similar?unlike=" + h.id("red.png"), nil, 400, "usage", 0, true},
		{"a label's name", "POST", "/labels", LabelSave{Name: "../x", Like: []string{h.id("red.png")}}, 400, "usage", 0, false},
		{"a label that is not there", "DELETE", "/labels/nothing", nil, 404, "missing", 0, true},
		{"tags of what is not there", "POST", "/tags", TagEdit{IDs: []string{none}, Add: []string{"a"}}, 404, "fatal", 0, true},
		{"no tags", "POST", "/tags", TagEdit{IDs: []string{h.id("red.png")}}, 400, "usage", 0, false},
		{"what was not explored", "GET", "/clusters", nil, 404, "missing", 0, true},
		{"no such route", "GET", "/nothing", nil, 404, "missing", 0, true},
		{"a question whose place overflows", "POST", "/ask", Ask{Version: "test", Line: "red", K: 1, Offset: math.MaxInt}, 400, "usage", 0, false},
		{"a list whose length overflows", "POST", "/ask", Ask{Version: "test", List: true, K: math.MaxInt, Offset: 1}, 400, "usage", 0, false},
		{"a download of nothing", "POST", "/download", DownloadRequest{IDs: []string{none}}, 404, "fatal", 0, true},
		{"a picture by URL", "POST", "/search/url?url=http%3A%2F%2Fexample.com%2Fa.png", nil, 403, "forbidden", 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			headers := []string{"Content-Type: application/json"}
			w := request(t, s, tt.method, Prefix+tt.url, tt.body, headers...)
			p := ask[Problem](t, http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
				out.WriteHeader(w.Code)
				out.Write(w.Body.Bytes())
			}), "GET", "/", nil, tt.status)
			if tt.url != "/ask" && commands.MatchString(p.Hint+" "+p.Detail) {
				t.Errorf("a hint for the command line: %+v", p)
			}
			if p.Kind != tt.kind || p.Column != tt.column || (p.Hint != "") != tt.hint || p.Status != tt.status || p.Detail == "" {
				t.Errorf("problem %+v, want kind %s, column %d, a hint %v", p, tt.kind, tt.column, tt.hint)
			}
			if ct := w.Header().Get("Content-Type"); ct != "application/problem+json" {
				t.Errorf("Content-Type %q", ct)
			}
		})
	}
}

// TestPagesFitTogether goes through all pages while pictures come and go.
func TestPagesFitTogether(t *testing.T) {
	h := newHouse(t)
	h.many(1500)
	s := h.serve(nil)
	for _, q := range []string{"red", ""} {
		seen := make(map[string]int)
		next, rank, pages := "", 0, 0
		for {
			a := ask[SearchAnswer](t, s, "GET", Prefix+"/search?limit=100&q="+q+"&cursor="+next, nil, 200)
			for _, hit := range a.Hits {
				if seen[hit.ID]++; seen[hit.ID] > 1 {
					t.Fatalf("%q: %s comes twice", q, hit.Path)
				}
				if hit.Rank <= rank {
					t.Fatalf("%q: rank %d after %d", q, hit.Rank, rank)
				}
				rank = hit.Rank
			}
			if pages++; pages == 2 && q == "red" {
				h.write("new red.png", paint(t, 41, 30, red))
				h.index() // which also forgets the pictures below /far: nobody walks there
			}
			if next = a.Next; next == "" {
				break
			}
		}
		if len(seen) < 1500 || pages < 15 {
			t.Errorf("%q: %d pictures on %d pages", q, len(seen), pages)
		}
	}
}

// TestForgottenList goes on where the order of a search is not kept any more.
func TestForgottenList(t *testing.T) {
	h := newHouse(t)
	h.many(300)
	s := h.serve(nil)
	first := ask[SearchAnswer](t, s, "GET", Prefix+"/search?q=red&limit=10", nil, 200)
	again := h.serve(nil) // which knows of no list
	want := ask[SearchAnswer](t, s, "GET", Prefix+"/search?q=red&limit=10&cursor="+first.Next, nil, 200)
	got := ask[SearchAnswer](t, again, "GET", Prefix+"/search?q=red&limit=10&cursor="+first.Next, nil, 200)
	if names(got.Hits) != names(want.Hits) || len(got.Hits) != 10 {
		t.Errorf("page 2 is %q, and %q by another server", names(want.Hits), names(got.Hits))
	}
}

func TestSimilar(t *testing.T) {
	h := newHouse(t)
	s := h.serve(nil)
	a := ask[SearchAnswer](t, s, "GET", Prefix+"/similar?like="+h.id("red.png")+"&limit=2&unfold=true", nil, 200)
	if names(a.Hits) != "copy of red half" {
		t.Errorf("like red: %q", names(a.Hits))
	}
	a = ask[SearchAnswer](t, s, "GET", Prefix+"/similar?like="+h.id("half.png")+"&unlike="+h.id("red.png")+"&limit=1", nil, 200)
	if names(a.Hits) != "blue" {
		t.Errorf("like half, unlike red: %q", names(a.Hits))
	}
	a = ask[SearchAnswer](t, s, "GET", Prefix+"/similar?unlike="+h.id("red.png")+"&q=green&limit=1", nil, 200)
	if names(a.Hits) != "green" {
		t.Errorf("green, unlike red: %q", names(a.Hits))
	}
}

func TestFacets(t *testing.T) {
	h := newHouse(t)
	s := h.serve(nil)
	edit := ask[struct{ Pictures int }](t, s, "POST", Prefix+"/tags", TagEdit{IDs: []string{h.id("red.png"), h.id("half.png")}, Add: []string{"Warm", "a"}}, 200)
	if edit.Pictures != 2 {
		t.Errorf("%d pictures were tagged", edit.Pictures)
	}
	tags := ask[struct{ Tags []TagCount }](t, s, "GET", Prefix+"/tags?prefix=wa", nil, 200).Tags
	if len(tags) != 1 || tags[0].Label != "Warm" || tags[0].Pictures != 2 || tags[0].Sources[0] != (SourceCount{"user", 2}) {
		t.Errorf("tags %+v", tags)
	}
	if a := ask[SearchAnswer](t, s, "GET", Prefix+"/search?q=tag:warm", nil, 200); len(a.Hits) != 2 || a.Hits[0].TagDetails[0].Source != "user" {
		t.Errorf("tag:warm finds %+v", a.Hits)
	}
	ask[any](t, s, "POST", Prefix+"/tags", TagEdit{IDs: []string{h.id("red.png")}, Remove: []string{"WARM"}}, 200)
	if tags := ask[struct{ Tags []TagCount }](t, s, "GET", Prefix+"/tags?prefix=Warm", nil, 200).Tags; tags[0].Pictures != 1 {
		t.Errorf("after the removal: %+v", tags)
	}
	folders := ask[struct{ Folders []FolderCount }](t, s, "GET", Prefix+"/folders?prefix="+url.QueryEscape(strings.ToUpper(h.path("sub"))), nil, 200).Folders
	if len(folders) != 2 || folders[0] != (FolderCount{h.path("sub"), 3, 2}) || folders[1] != (FolderCount{h.path("sub/deep"), 1, 1}) {
		t.Errorf("folders %+v", folders)
	}
	if d := ask[struct{ Undated int }](t, s, "GET", Prefix+"/timeline", nil, 200); d.Undated != 5 {
		t.Errorf("timeline %+v", d)
	}
}

// The lists that ship are offered, and taken by their names.
func TestBundledLists(t *testing.T) {
	h := newHouse(t)
	s := h.serve(nil)
	lists := ask[struct{ Lists []label.BundledList }](t, s, "GET", Prefix+"/lists", nil, 200).Lists
	if len(lists) < 5 || lists[0].Labels == 0 || lists[0].Title == "" {
		t.Errorf("%+v", lists)
	}
	for _, l := range lists {
		run := ask[struct{ Labels []struct{ Label string } }](t, s, "POST", Prefix+"/runs", RunRequest{LabelList: LabelList{Bundled: l.Name}, DryRun: true}, 200)
		if len(run.Labels) != l.Labels {
			t.Errorf("%s: %d labels, want %d", l.Name, len(run.Labels), l.Labels)
		}
	}
	if p := ask[Problem](t, s, "POST", Prefix+"/runs", RunRequest{LabelList: LabelList{Bundled: "../colours"}, DryRun: true}, 400); p.Hint != "GET /lists lists them" {
		t.Errorf("%+v", p)
	}
}

// What leaves no picture by itself is named.
func TestUnmetFilters(t *testing.T) {
	h := newHouse(t)
	a := ask[SearchAnswer](t, h.serve(nil), "GET", Prefix+"/search?q="+url.QueryEscape("red rating>=4 format:webp"), nil, 200)
	if want := []string{"no picture of the index meets rating>=4", "no picture of the index meets format:webp"}; !slices.Equal(a.Remarks, want) {
		t.Errorf("%q, want %q", a.Remarks, want)
	}
}

func TestSavedLabels(t *testing.T) {
	h := newHouse(t)
	s := h.serve(nil)
	ask[SavedLabel](t, s, "POST", Prefix+"/labels", LabelSave{Name: "warm", Like: []string{h.id("red.png")}}, 200)
	if p := ask[Problem](t, s, "POST", Prefix+"/labels", LabelSave{Name: "warm", Like: []string{h.id("red.png")}}, 409); p.Kind != "usage" {
		t.Errorf("a second one of the name: %+v", p)
	}
	list := ask[struct{ Labels []SavedLabel }](t, s, "GET", Prefix+"/labels", nil, 200).Labels
	if len(list) != 1 || !list[0].Usable || list[0].Like[0] != h.path("red.png") {
		t.Errorf("labels %+v", list)
	}
	if a := ask[SearchAnswer](t, s, "GET", Prefix+"/search?limit=1&q="+url.QueryEscape("#warm"), nil, 200); names(a.Hits) != "red" {
		t.Errorf("#warm finds %q", names(a.Hits))
	}
	ask[any](t, s, "DELETE", Prefix+"/labels/warm", nil, 204)
	ask[Problem](t, s, "DELETE", Prefix+"/labels/warm", nil, 404)
}

func TestDuplicates(t *testing.T) {
	h := newHouse(t)
	s := h.serve(nil)
	for _, near := range []string{"", "?near=true"} {
		d := ask[struct {
			Groups []DuplicateGroup
			Total  int
			Others int
		}](t, s, "GET", Prefix+"/duplicates"+near, nil, 200)
		if d.Total != 1 || d.Others != 1 || d.Groups[0].Keep.Name != "red.png" || d.Groups[0].Others[0].Name != "copy of red.png" || d.Groups[0].Why == "" {
			t.Errorf("duplicates%s: %+v", near, d)
		}
	}
}

func TestClassify(t *testing.T) {
	h := newHouse(t)
	s := h.serve(nil)
	a := ask[struct{ Pictures []Classified }](t, s, "POST", Prefix+"/classify", ClassifyRequest{
		IDs: []string{h.id("red.png"), h.id("sub/blue.png")}, LabelList: LabelList{Labels: []string{"red", "green", "blue"}}, Top: 2,
	}, 200)
	if len(a.Pictures) != 2 || a.Pictures[0].Labels[0].Label != "red" || a.Pictures[1].Labels[0].Label != "blue" || len(a.Pictures[0].Labels) != 2 {
		t.Errorf("classified %+v", a)
	}
}

// TestHitsAreThoseOfTheCommandLine compares the fields that both have.
func TestHitsAreThoseOfTheCommandLine(t *testing.T) {
	h := newHouse(t)
	s := h.serve(nil)
	x, release, err := s.source.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	a, err := x.Service.Ask(t.Context(), query.Text("red"), query.Params{K: 3, MinScore: -1})
	if err != nil {
		t.Fatal(err)
	}
	got := ask[SearchAnswer](t, s, "GET", Prefix+"/search?q=red&limit=3", nil, 200)
	for i := range got.Hits {
		want := a.JSON(i)
		if g := got.Hits[i].HitJSON; g.ID != want.ID || g.Score != want.Score || g.Rank != want.Rank || g.Date != want.Date || g.Copies != want.Copies {
			t.Errorf("hit %d: %+v, want %+v", i, g, want)
		}
	}
}
