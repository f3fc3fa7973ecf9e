package server

import (
	"net/url"
	"strings"
	"testing"
)

func TestSuggestionsInMessages(t *testing.T) {
	for _, tt := range []struct{ query, message, want string }{
		{"a tigr in snow", `"tigr" may be a typing error: did you mean tiger or tier?`, "a tiger in snow|a tier in snow"},
		{"Tigr", `"tigr" may be a typing error: did you mean tiger?`, "tiger"},
		{"tigress tigr", `"tigr" may be a typing error: did you mean tiger?`, "tigress tiger"},
		{"boat tga:sea", `"tga:sea" is taken for words: did you mean tag:sea?`, "boat tag:sea"},
		{"format:jpge", `column 8: "jpge" is not a picture format: did you mean jpeg, jp2 or png?`, "format:jpeg|format:jp2|format:png"},
		{"a tiger", `"tigr" may be a typing error: did you mean tiger?`, ""},
		{"a", "nothing of the kind", ""},
		{"x tigr", `"tigr" may be a typing error: did you mean "?`, ""},
	} {
		var got []string
		for _, s := range suggestionsIn(tt.query, tt.message) {
			got = append(got, s.Query)
		}
		if strings.Join(got, "|") != tt.want {
			t.Errorf("%s, %s: %q, want %q", tt.query, tt.message, got, tt.want)
		}
	}
}

// TestSuggestions: tags, folders and formats that are mistyped come with the query that was
// probably meant, which finds something.
func TestSuggestions(t *testing.T) {
	h := newHouse(t)
	s := h.serve(nil)
	ask[TagEditOutput](t, s, "POST", Prefix+"/tags", TagEdit{IDs: []string{h.id("red.png")}, Add: []string{"big cat", "seaside"}}, 200)
	for _, tt := range []struct{ query, want string }{
		{`red tag:seasde`, "red tag:seaside"},
		{`tag:"big cta" width>=1`, `tag:"big cat" width>=1`},
		{`red under:"` + h.path("sub/dep") + `"`, "red under:" + h.path("sub/deep")},
	} {
		a := ask[SearchAnswer](t, s, "GET", Prefix+"/search?q="+url.QueryEscape(tt.query), nil, 200)
		if len(a.Hits) != 0 || len(a.Suggestions) == 0 || a.Suggestions[0].Query != tt.want || len(a.Remarks) == 0 || !strings.Contains(a.Remarks[0], a.Suggestions[0].Instead) {
			t.Errorf("%s: %+v, remarks %q", tt.query, a.Suggestions, a.Remarks)
			continue
		}
		if b := ask[SearchAnswer](t, s, "GET", Prefix+"/search?q="+url.QueryEscape(a.Suggestions[0].Query), nil, 200); len(b.Hits) == 0 || len(b.Suggestions) != 0 {
			t.Errorf("%s finds %d, suggests %+v", a.Suggestions[0].Query, len(b.Hits), b.Suggestions)
		}
	}
	// A tag that is there, on no picture that meets the rest, is no mistake.
	if a := ask[SearchAnswer](t, s, "GET", Prefix+"/search?q="+url.QueryEscape("tag:seaside width>=30000"), nil, 200); len(a.Hits)+len(a.Suggestions) != 0 || len(a.Remarks) != 1 {
		t.Errorf("nothing to suggest: %+v", a)
	}
	p := ask[Problem](t, s, "GET", Prefix+"/search?q="+url.QueryEscape("red format:jpge"), nil, 400)
	if len(p.Suggestions) == 0 || p.Suggestions[0].Query != "red format:jpeg" {
		t.Errorf("a format: %+v", p)
	}
}
