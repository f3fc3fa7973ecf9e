package milvus

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/milvustest"
)

func TestCompile(t *testing.T) {
	at := time.Unix(100, 5)
	for _, test := range []struct {
		name string
		f    store.Filter
		want condition
	}{
		{"nil", nil, always},
		{"empty and", store.And{}, always},
		{"empty or", store.Or{}, never},
		{"not nil", store.Not{}, never},
		{"decided", store.Or{store.FormatIs("png"), nil}, always},
		{"one part", store.And{nil, store.FormatIs("png")}, condition{text: `(format == "png")`}},
		{"under", store.Under("/a/"), condition{text: `path == "/a" or (path >= "/a/" and path < "/a0")`}},
		{"root", store.Under("/"), condition{text: `path == "" or (path >= "/" and path < "0")`}},
		{"since", store.Since(at), condition{text: `shown_at > 100 or (shown_at == 100 and shown_ns >= 5)`}},
		{"dated", store.Dated{}, condition{text: "taken_at > -4611686018427387904"}},
		{"until", store.Until(at), condition{text: `not (shown_at > 100 or (shown_at == 100 and shown_ns >= 5))`}},
		{"quotes", store.FormatIs(`a"b\'`), condition{text: `format == "a%22b%5C%27"`}},
		{"tag", store.Not{Part: store.HasTag("DOG")}, condition{text: `not (array_contains(tags, "dog"))`}},
	} {
		got, err := compile(test.f)
		if err != nil || got != test.want {
			t.Errorf("%s: %+v, %v; want %+v", test.name, got, err, test.want)
		}
	}
	for _, f := range []store.Filter{
		struct{ store.Filter }{}, store.And{store.Or{}, struct{ store.Filter }{}}, store.Not{Part: struct{ store.Filter }{}},
	} {
		if got, err := compile(f); err == nil {
			t.Errorf("an unknown filter became %+v", got)
		}
	}
}

// FuzzCompile compares what a compiled filter matches with what store.Match says, for
// filters and records made of any strings.
func FuzzCompile(f *testing.F) {
	f.Add("/a/b", "/a/b/c.jpg", "dog", "DOG", "jpeg", int64(5), int64(5), uint8(0))
	f.Add("/a", "/a0", `x" or true or "`, "x", `j"`, int64(math.MinInt64), int64(math.MaxInt64), uint8(7))
	f.Add("/\xff", "/\xff/\xe2\x82", "l\xff", "l\xfe", "%", int64(-1), int64(1), uint8(255))
	f.Add("", "/", "\n", "\\", "'", int64(0), int64(0), uint8(33))
	f.Fuzz(func(t *testing.T, under, path, want, label, format string, cut, date int64, shape uint8) {
		r := &store.Record{
			ID: "x", Path: path, Format: format, ModTime: time.Unix(date%1e12, date%1e9),
			Vector: []float32{1}, Tags: []store.Tag{{Label: label, Source: "user"}},
		}
		if r.Validate(1) != nil {
			return
		}
		leaves := []store.Filter{
			store.Under(under), store.HasTag(want), store.FormatIs(want), store.Since(time.Unix(cut%1e12, cut%1e9)),
			store.Until(time.Unix(cut%1e12, cut%1e9)), store.Under(path), store.HasTag(label), store.FormatIs(format), nil,
		}
		a, b := leaves[int(shape)%len(leaves)], leaves[int(shape/16)%len(leaves)]
		for _, f := range []store.Filter{a, store.Not{Part: a}, store.And{a, b}, store.Or{a, store.Not{Part: b}}, store.Not{Part: store.And{b, a}}} {
			c, err := compile(f)
			if err != nil {
				t.Fatal(err)
			}
			if !utf8.ValidString(c.text) {
				t.Fatalf("%q is not UTF-8", c.text)
			}
			got := c.value
			if !c.constant {
				if got, err = milvustest.Eval(c.text, stored(t, r)); err != nil {
					t.Fatalf("%s: %v", c.text, err)
				}
			}
			if got != store.Match(f, r) {
				t.Fatalf("%s matches %q: %v, want %v", c.text, path, got, !got)
			}
		}
	})
}

// stored is the row that a server would have.
func stored(t *testing.T, r *store.Record) milvustest.Row {
	t.Helper()
	converted, err := newRow(r, make(filterLabels))
	if err != nil {
		t.Skip(err)
	}
	tags := make([]string, len(converted.tags))
	for i, tag := range converted.tags {
		tags[i] = string(tag)
	}
	return milvustest.Row{
		fieldPath: converted.path, fieldFormat: converted.format, fieldTags: tags,
		fieldShown: r.When().Unix(), fieldShownNS: int64(r.When().Nanosecond()),
	}
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "/a/b.jpg", "100%", "%41", "\xff/\xe2\x82", "it's \"q\" \\", "\x00\n\x7f", "日本"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		e := escape(a)
		if !utf8.ValidString(e) || plainPrefix(e) < len(e) && !containsOnlyPercent(e) {
			t.Fatalf("escape(%q) = %q", a, e)
		}
		back, err := unescape(e)
		if err != nil || back != a {
			t.Fatalf("unescape(%q) = %q, %v; want %q", e, back, err, a)
		}
		if joined := escape(a + "/" + b); joined != e+"/"+escape(b) {
			t.Fatalf("escape(%q) = %q does not begin with the folder's", a+"/"+b, joined)
		}
		short := escapeUpTo(a, 5)
		if len(short) > 5 || !utf8.ValidString(short) {
			t.Fatalf("escapeUpTo(%q, 5) = %q", a, short)
		}
		if _, err := unescape(short); err != nil {
			t.Fatalf("escapeUpTo(%q, 5) = %q: %v", a, short, err)
		}
		_, _ = unescape(b) // must not panic
	})
}

// containsOnlyPercent reports whether % is the only character of s that escape would
// touch.
func containsOnlyPercent(s string) bool {
	for _, r := range s {
		if r != '%' && mustEscape(r, 2) {
			return false
		}
	}
	return true
}

func TestNames(t *testing.T) {
	m := store.Model{Fingerprint: "0123456789abcdef"}
	for name, want := range map[string]string{"default": "default", "my_photos": "my_photos", "my-photos": "_my_photos_", "2024": "_2024_"} {
		alias := aliasOf(name)
		physical := physicalOf(alias, m)
		if !strings.HasPrefix(alias, want) || !serverName().MatchString(alias) {
			t.Errorf("%s: alias %s", name, alias)
		}
		if physical != alias+"_0123456789ab" || !isPhysicalOf(alias, physical) || isPhysicalOf(alias, physical+metaSuffix) {
			t.Errorf("%s: collection %s", name, physical)
		}
	}
	if aliasOf("a-b") == aliasOf("a.b") {
		t.Error("two names have one alias")
	}
	if p := physicalOf("x", store.Model{Fingerprint: "f00d"}); !isPhysicalOf("x", p) || p == physicalOf("x", store.Model{Fingerprint: "beef"}) {
		t.Errorf("a short fingerprint gives %s", p)
	}
}

func TestRangesCoverEverything(t *testing.T) {
	for _, n := range []int64{0, 1, 10, 11, 999, 1 << 20} {
		last := ""
		count := 0
		for low, high := range ranges(max(1, (n+9)/10)) {
			if low != last || high != "" && high <= low {
				t.Fatalf("%d rows: range %q to %q follows one that ends with %q", n, low, high, last)
			}
			last = high
			count++
		}
		if last != "" || int64(count) != max(1, (n+9)/10) {
			t.Errorf("%d rows: %d ranges, the last ends with %q", n, count, last)
		}
	}
}
