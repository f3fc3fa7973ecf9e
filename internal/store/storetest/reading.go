package storetest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/store"
)

func testStats(e *env) {
	src := newSource(20)
	records := src.records(1200)
	e.upsert(records...)
	failure := src.failure()
	failure.ID = store.ID("test", "/failed")
	e.recordFailures(failure)
	want := map[string]store.Stat{failure.ID: {Size: failure.Size, ModTime: failure.ModTime, Failed: true}}
	ids := []string{"unknown", failure.ID, "", "it's"}
	for _, r := range records {
		ids = append(ids, r.ID)
		want[r.ID] = store.Stat{Size: r.Size, ModTime: r.ModTime, ContentHash: r.ContentHash, MetadataStamp: r.MetadataStamp}
	}
	ids = append(ids, records[0].ID) // twice
	got, err := e.s.Stats(e.Context(), ids)
	if err != nil {
		e.Fatal(err)
	}
	if diff := gocmp.Diff(want, got, e.cmp()...); diff != "" {
		e.Errorf("Stats (-want +got):\n%s", diff)
	}
}

func testFindContent(e *env) {
	src := newSource(21)
	records := src.records(700)
	records[20].ContentHash, records[30].ContentHash = records[10].ContentHash, records[10].ContentHash
	records[40].ContentHash = nil
	e.upsert(records...)
	find := func(hash []byte, limit int, want ...store.Record) {
		e.Helper()
		slices.SortFunc(want, func(a, b store.Record) int { return cmp.Compare(a.ID, b.ID) })
		got, err := e.s.FindContent(e.Context(), hash, limit)
		if err != nil {
			e.Fatal(err)
		}
		e.compare("FindContent", got, want[:min(limit, len(want))])
		if finder, ok := store.As[store.ContentsFinder](e.s); ok {
			each, err := finder.FindContents(e.Context(), [][]byte{hash, src.hash(), nil, hash}, limit)
			if err != nil || len(each) != 4 || len(each[1])+len(each[2]) != 0 {
				e.Fatalf("FindContents = %v, %v", each, err)
			}
			e.compare("FindContents", each[0], got)
			e.compare("FindContents, asked again", each[3], got)
		}
	}
	twins := []store.Record{records[10], records[20], records[30]}
	find(records[10].ContentHash, 10, twins...)
	find(records[10].ContentHash, 2, twins...)
	find(records[11].ContentHash, 10, records[11])
	find(src.hash(), 10)
	find(nil, 10)
	find([]byte{}, 10)
	e.delete(records[50].ID)
	find(records[50].ContentHash, 10)
}

func testGet(e *env) {
	src := newSource(22)
	records := src.records(1100)
	e.upsert(records...)
	var ids []string
	var want []store.Record
	for i := range records { // neither in id order nor in that of writing
		r := records[(i*7)%len(records)]
		ids = append(ids, r.ID, "unknown")
		want = append(want, r)
	}
	got, err := e.s.Get(e.Context(), ids)
	if err != nil {
		e.Fatal(err)
	}
	e.compare("Get", got, want)
	got[0].Vector[0] = 7 // the caller's own
	again, err := e.s.Get(e.Context(), ids[:1])
	if err != nil {
		e.Fatal(err)
	}
	e.compare("Get after the result was written to", again, want[:1])
}

func testScanSnapshot(e *env) {
	src := newSource(23)
	e.upsert(src.records(1500)...)
	for _, r := range e.scan(nil, store.Fields{}) {
		if r.Vector != nil {
			e.Fatal("a scan without vectors returned one")
		}
	}
	if e.opts.TornReads {
		return
	}
	want := e.match(nil)
	var got []store.Record
	for r, err := range e.s.Scan(e.Context(), nil, store.Fields{Vectors: true}) {
		if err != nil {
			e.Fatal(err)
		}
		// Changes in the middle of a scan neither wait for it nor show in it.
		switch len(got) {
		case 0:
			e.delete(want[1].ID, want[len(want)-1].ID)
		case 10:
			e.upsert(src.recordAt("/a/new.jpg"), src.recordAt(want[20].Path), src.recordAt(want[1400].Path))
		}
		got = append(got, r)
	}
	e.compare("Scan while the store changes", got, want)
	e.check()

	// In any order, all the same.
	var loose []store.Record
	for r, err := range e.s.Scan(e.Context(), nil, store.Fields{Vectors: true, AnyOrder: true}) {
		if err != nil {
			e.Fatal(err)
		}
		loose = append(loose, r)
	}
	slices.SortFunc(loose, func(a, b store.Record) int { return cmp.Compare(a.ID, b.ID) })
	e.compare("Scan in any order", loose, e.match(nil))

	n := 0
	for range e.s.Scan(e.Context(), nil, store.Fields{}) {
		if n++; n == 3 {
			break
		}
	}
	e.upsert(src.recordAt("/after/a/broken/off/scan"))
	e.check()
}

func testFilters(e *env) {
	src := newSource(24)
	records := src.records(300)
	for i, path := range []string{"/a/b", "/a", "/a/b/", "/a/b.jpg", "/a/b0", "/a/b/..jpg", "/a/B/x"} {
		records[i] = src.recordAt(path)
	}
	e.upsert(records...)
	taken := records[50].When()
	filters := []store.Filter{
		nil, store.And{}, store.Or{}, store.And(nil), store.Not{}, store.Not{Part: store.Or{}}, store.And{nil, nil}, store.Or{nil},
		store.Under("/a/b"), store.Under("/a/b/"), store.Under("/a//"), store.Under("/"), store.Under("//"), store.Under(""),
		store.Under("a"), store.Under("/a/b%"), store.Under("/a/b_"), store.Under("/a/b*"), store.Under("/a/b.jpg"), store.Under("/x' OR 1=1 --"),
		store.Since(taken), store.Until(taken), store.Since(taken.Add(time.Millisecond)), store.Until(taken.Add(time.Millisecond)),
		store.Since(time.Time{}), store.Until(time.Time{}), store.And{store.Since(taken), store.Not{Part: store.Until(taken.Add(time.Hour))}},
		store.Dated{}, store.Not{Part: store.Dated{}}, store.And{store.Dated{}, store.Since(taken)},
		store.HasTag(""), store.HasTag("x\" || true || \""), store.HasTag("nothing has this"), store.FormatIs(""), store.FormatIs("JPEG"),
		store.WithID{}, store.NewWithID([]string{records[7].ID}), store.Not{Part: store.NewWithID([]string{records[7].ID, records[3].ID, "none", `"]) || ("`, "'"})},
		store.WithContent(nil), store.WithContent(records[9].ContentHash), store.WithContent("no hash"),
		store.Not{Part: store.WithContent(records[9].ContentHash)}, store.And{store.WithContent(records[9].ContentHash), src.filter(2)},
		store.And{store.NewWithID([]string{records[7].ID, records[3].ID, records[3].ID}), store.Or{store.Under(records[3].Path), store.FormatIs("x")}},
	}
	for _, label := range labels {
		filters = append(filters, store.HasTag(label))
	}
	for _, format := range formats {
		filters = append(filters, store.FormatIs(format))
	}
	for _, f := range saysFilters(records[50]) {
		if store.CanFilter(e.s, f) {
			filters = append(filters, f, store.Not{Part: f}, store.And{f, src.filter(2)}, store.Or{f, src.filter(2)})
		}
	}
	for range 150 {
		filters = append(filters, src.filter(4))
	}
	some := 0
	for _, f := range filters {
		want := e.match(f)
		if n := len(want); n > 0 && n < len(records) {
			some++
		}
		got := e.scan(f, store.Fields{})
		if ids, wantIDs := idsOf(got), idsOf(want); !slices.Equal(ids, wantIDs) {
			e.Errorf("Scan(%#v) gave %d records, want %d", f, len(ids), len(wantIDs))
		}
		if n, err := e.s.Count(e.Context(), f); err != nil || n != int64(len(want)) {
			e.Errorf("Count(%#v) = %d, %v; want %d", f, n, err, len(want))
		}
	}
	if some < 60 {
		e.Errorf("only %d filters tell records apart", some)
	}
}

func idsOf(records []store.Record) []string {
	out := make([]string, len(records))
	for i, r := range records {
		out[i] = r.ID
	}
	return out
}

func testHostilePaths(e *env) {
	src := newSource(25)
	paths := []string{
		`/it's "quoted".jpg`, "/new\nline.jpg", "/tab\t.jpg", "/emoji 🏖️.jpg", "/100%.jpg", "/under_score.jpg", "/star*?.jpg",
		"/semi;colon--.jpg", `/back\slash.jpg`, "/ space ", "/ünï/ö.jpg", "/u\u0308.jpg", "/ü.jpg", "/\u202egpj.exe", "/日本/写真.jpg",
		"/{}[].jpg", "/$(touch x).jpg", "/\x01\x7f.jpg", "//double//slash", "/" + string(make16k()),
	}
	if !e.opts.UTF8Only {
		paths = append(paths, "/latin1-\xe9.jpg", "/\xff\xfe", "/\xff\xfe/below", "/cut-\xe2\x82")
	}
	var records []store.Record
	for _, p := range paths {
		r := src.recordAt(p)
		r.Root = p
		if !e.opts.UTF8Only {
			r.Tags = append(r.Tags, store.Tag{Label: "l\xff", Source: "file"})
		}
		records = append(records, r)
	}
	e.upsert(records...)
	e.check()
	e.reopen()
	e.check()
	for _, p := range paths {
		for _, f := range []store.Filter{store.Under(p), store.Not{Part: store.Under(p)}} {
			if got, want := idsOf(e.scan(f, store.Fields{})), idsOf(e.match(f)); !slices.Equal(got, want) {
				e.Errorf("Under(%q) gave %d records, want %d", p, len(got), len(want))
			}
		}
	}
	var failures []store.Failure
	for _, p := range paths {
		f := src.failure()
		f.ID, f.Path, f.Root, f.Reason = store.ID("test", p), p, p, "open "+p+": no"
		failures = append(failures, f)
	}
	e.recordFailures(failures...)
	e.check()
}

// make16k is a path longer than any system's limit but not than a store's.
func make16k() []byte {
	b := make([]byte, 16<<10)
	for i := range b {
		b[i] = "abcdefg/"[i%8]
	}
	return b
}

func testOddTimes(e *env) {
	src := newSource(26)
	times := []time.Time{
		time.Unix(0, 0), time.Unix(-1, 999e6), time.Unix(-12345, 1e6), time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2024, 2, 29, 23, 59, 59, 999e6, time.FixedZone("far", 14*3600)), time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	if e.opts.TimeStep <= 1 {
		times = append(times, time.Unix(1.6e9, 123456789), time.Unix(1.6e9, 123456788))
	}
	if !e.opts.NearTimes {
		times = append(times, time.Time{}, time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
			time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC))
	}
	for i, at := range times {
		modified, taken := src.recordAt(fmt.Sprintf("/m/%d", i)), src.recordAt(fmt.Sprintf("/t/%d", i))
		modified.ModTime, modified.TakenAt = at, time.Time{}
		taken.TakenAt = at
		e.upsert(modified, taken)
	}
	e.check()
	for _, at := range times {
		for _, f := range []store.Filter{store.Since(at), store.Until(at)} {
			if got, want := idsOf(e.scan(f, store.Fields{})), idsOf(e.match(f)); !slices.Equal(got, want) {
				e.Errorf("%T(%v) gave %d records, want %d", f, at, len(got), len(want))
			}
		}
	}
}

func testManyAtOnce(e *env) {
	// More than any one list of arguments takes, and more than one block of rows.
	src := newSource(27)
	records := src.records(3000)
	if n := e.s.Capabilities().MaxBatch; n > 0 && n < len(records) {
		records = records[:n]
	}
	e.upsert(records...)
	e.check()
	tags := make(map[string][]store.Tag)
	for _, r := range records {
		tags[r.ID] = []store.Tag{src.tag("run:9")}
	}
	e.setTags("run:9", tags)
	e.check()
	e.delete(slices.Collect(maps.Keys(tags))[:len(tags)-1]...)
	e.check()
}
