package store

import (
	"math"
	"testing"
	"time"
)

func TestMatch(t *testing.T) {
	day := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	r := &Record{
		Path: "/a/b/c.jpg", ModTime: day, Format: "jpeg",
		Tags: []Tag{{Label: "Caf\u00e9"}, {Label: "Straße", Source: "run:1"}},
	}
	dated := &Record{Path: "/", ModTime: day, TakenAt: day.AddDate(-10, 0, 0)}
	for _, test := range []struct {
		name string
		f    Filter
		r    *Record
		want bool
	}{
		{"nil", nil, r, true},
		{"empty and", And{}, r, true},
		{"empty or", Or{}, r, false},
		{"not nil", Not{}, r, false},
		{"the file itself", Under("/a/b/c.jpg"), r, true},
		{"parent", Under("/a/b"), r, true},
		{"trailing slash", Under("/a/b/"), r, true},
		{"root", Under("/"), r, true},
		{"half a name", Under("/a/b/c"), r, false},
		{"other case", Under("/A/b"), r, false},
		{"the root itself", Under("/"), dated, true},
		{"since then", Since(day), r, true},
		{"since later", Since(day.Add(1)), r, false},
		{"until then", Until(day), r, false},
		{"until later", Until(day.Add(1)), r, true},
		{"taken goes before modified", Until(day.AddDate(-9, 0, 0)), dated, true},
		{"dated", Dated{}, dated, true},
		{"not dated", Dated{}, r, false},
		{"Greek capital, composed otherwise", HasTag("\u03aa\u0301"), &Record{Tags: []Tag{{Label: "\u0390"}}}, true},
		{"tag of another case", HasTag("CAFÉ"), r, true},
		{"decomposed tag", HasTag("cafe\u0301"), r, true},
		{"sharp s", HasTag("STRASSE"), r, true},
		{"part of a tag", HasTag("caf"), r, false},
		{"format", FormatIs("jpeg"), r, true},
		{"format of another case", FormatIs("JPEG"), r, false},
		{"and", And{Under("/a"), FormatIs("png")}, r, false},
		{"or", Or{FormatIs("png"), Under("/a")}, r, true},
		{"nested", And{Not{Or{FormatIs("png"), Under("/x")}}, nil}, r, true},
		{"unknown", struct{ Filter }{}, r, false},
	} {
		if got := Match(test.f, test.r); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

func TestValidate(t *testing.T) {
	good := func() Record {
		return Record{ID: "x", Path: "/x", ContentHash: make([]byte, 32), Vector: []float32{0.6, 0.8},
			Tags: []Tag{{Label: "dog", Source: "user"}}}
	}
	r := good()
	if err := r.Validate(2); err != nil {
		t.Fatal(err)
	}
	if err := r.Validate(3); err == nil {
		t.Error("another dimension is valid")
	}
	for name, spoil := range map[string]func(*Record){
		"id":       func(r *Record) { r.ID = "" },
		"id NUL":   func(r *Record) { r.ID = "a\x00" },
		"path":     func(r *Record) { r.Path = "" },
		"path NUL": func(r *Record) { r.Path = "/\x00" },
		"hash":     func(r *Record) { r.ContentHash = []byte("short") },
		"length":   func(r *Record) { r.Vector = []float32{0.6, 0.7} },
		"NaN":      func(r *Record) { r.Vector[0] = float32(math.NaN()) },
		"label":    func(r *Record) { r.Tags[0].Label = "" },
		"source":   func(r *Record) { r.Tags[0].Source = "" },
		"score":    func(r *Record) { r.Tags[0].Score = float32(math.Inf(1)) },
	} {
		r := good()
		spoil(&r)
		if err := r.Validate(2); err == nil {
			t.Errorf("a record with a bad %s is valid", name)
		}
	}
}
