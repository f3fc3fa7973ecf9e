package server

import "testing"

// TestCorrections: a verdict changes the tags of a picture and its copies, is listed, and
// can be taken back.
func TestCorrections(t *testing.T) {
	h := newHouse(t)
	s := h.serve(nil)
	red, half := h.id("red.png"), h.id("half.png")
	list := func() []CorrectedLabel {
		return ask[struct{ Labels []CorrectedLabel }](t, s, "GET", Prefix+"/corrections", nil, 200).Labels
	}
	say := func(verdict, label string, ids ...string) (pictures int) {
		t.Helper()
		return ask[struct{ Pictures int }](t, s, "POST", Prefix+"/corrections", CorrectionRequest{Label: label, IDs: ids, Verdict: verdict}, 200).Pictures
	}
	found := func(q string) int {
		return len(ask[SearchAnswer](t, s, "GET", Prefix+"/search?unfold=true&q="+q, nil, 200).Hits)
	}

	if n := len(list()); n != 0 {
		t.Fatalf("%d labels are corrected before anything was", n)
	}
	if n := say("approved", "Warm", red, half); n != 3 {
		t.Errorf("approving is about %d pictures, want 3: two, and the copy of one", n)
	}
	if n := found("tag:warm"); n != 3 {
		t.Errorf("tag:warm finds %d pictures, want 3", n)
	}
	say("rejected", "warm", half)
	if n := found("tag:warm"); n != 2 {
		t.Errorf("after one was rejected, tag:warm finds %d pictures, want 2", n)
	}
	if l := list(); len(l) != 1 || l[0] != (CorrectedLabel{Label: "Warm", Approved: 1, Rejected: 1}) {
		t.Errorf("corrections %+v", l)
	}
	say("withdrawn", "warm", red)
	if n := found("tag:warm"); n != 0 {
		t.Errorf("after approving was taken back, tag:warm finds %d pictures", n)
	}

	for name, in := range map[string]struct {
		body   CorrectionRequest
		status int
	}{
		"a picture that is not there": {CorrectionRequest{"a", []string{red, "0123456789012345678901234567890123456789"}, "approved"}, 404},
		"a name that is none":         {CorrectionRequest{"a\x00b", []string{red}, "approved"}, 400},
		"only blanks":                 {CorrectionRequest{"  ", []string{red}, "approved"}, 400},
		"another verdict":             {CorrectionRequest{"a", []string{red}, "perhaps"}, 422},
		"no picture":                  {CorrectionRequest{"a", nil, "approved"}, 400},
	} {
		if w := request(t, s, "POST", Prefix+"/corrections", in.body); w.Code != in.status {
			t.Errorf("%s: status %d, want %d: %s", name, w.Code, in.status, w.Body)
		}
	}
	// Nothing was changed where one of the pictures is not there.
	if n := found("tag:a"); n != 0 {
		t.Errorf("tag:a finds %d pictures", n)
	}
	locked := h.serve(func(o *Options) { o.AllowWrite = false })
	if w := request(t, locked, "POST", Prefix+"/corrections", CorrectionRequest{"a", []string{red}, "approved"}); w.Code != 403 {
		t.Errorf("a server that only shows: status %d", w.Code)
	}
}
