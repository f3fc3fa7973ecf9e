package dump

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/store/milvus"
	"github.com/sightline/sightline/internal/store/milvus/milvustest"
	"github.com/sightline/sightline/internal/store/storetest"
)

const dim = 8

var testModel = store.Model{Fingerprint: "f00d", Name: "test", Precision: "fp32", Pixels: "exact", Dim: dim}

// withDocuments is a store that keeps documents, whether or not the one below does.
type withDocuments struct {
	store.Store
	storetest.Documents
}

// stores opens an empty index of each kind.
func stores(t *testing.T) map[string]store.Store {
	t.Helper()
	embedded, err := local.Open(t.Context(), local.Options{Dir: t.TempDir(), Collection: "c", Model: testModel, Mode: store.Create})
	if err != nil {
		t.Fatal(err)
	}
	server, err := milvus.Open(t.Context(), milvus.Options{
		Address: milvustest.Start(t).Address, Collection: "c", Mode: store.Create, Model: testModel, Consistency: "strong", CallTimeout: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]store.Store{"local": embedded, "milvus": server}
	for _, st := range out {
		t.Cleanup(func() { st.Close() })
	}
	return out
}

func fill(t *testing.T, st store.Store) {
	t.Helper()
	var records []store.Record
	for i := range 60 {
		path := fmt.Sprintf("/photos/%03d é <&> \u2028.jpg", i)
		if i == 7 {
			path = "/photos/\xff\xfe.jpg"
		}
		r := store.Record{
			ID: store.ID("c", path), Path: path, Root: "/photos", Size: int64(i), ModTime: time.Unix(1e9+int64(i), 123_000_000).UTC(),
			ContentHash: bytes.Repeat([]byte{byte(i)}, 32), Width: i + 1, Height: 2, Format: "jpeg", Vector: make([]float32, dim),
			MetadataStamp: uint32(i),
			Tags:          []store.Tag{{Label: "a \"b\"", Source: "user"}, {Label: "c", Source: "run:x", Score: 0.25, Probability: 0.125}},
		}
		if i%2 == 0 {
			r.TakenAt = time.Date(1, 1, 1+i%20, 0, 0, 0, 5_000_000, time.UTC).AddDate(1900, 0, 0)
			r.About = store.About{Date: "1901-01-01", DateKind: "exif", Caption: "two\nlines", Rating: -1, Position: store.Position{Latitude: 1.5, Longitude: -2}}
		}
		a := float64(i)
		r.Vector[i%dim], r.Vector[(i+3)%dim] = float32(math.Cos(a)), float32(math.Sin(a))
		records = append(records, r)
	}
	failures := []store.Failure{{ID: strings.Repeat("f", 40), Path: "/photos/\xfe.jpg", Root: "/photos", Size: 3, ModTime: time.Unix(1e9, 0).UTC(), Reason: "truncated", At: time.Unix(1.5e9, 0).UTC()}}
	for _, err := range []error{st.Upsert(t.Context(), records), st.RecordFailures(t.Context(), failures), st.Flush(t.Context())} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func write(t *testing.T, st store.Store) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := Write(t.Context(), st, &out, time.Unix(1e9, 0)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// body is a dump without its first and last lines, and without what a store counts itself.
func body(b []byte) string {
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[1:len(lines)-1], "\n")
}

// TestRoundTrip brings a dump of each kind of store into each, and dumps it again.
func TestRoundTrip(t *testing.T) {
	for from, st := range stores(t) {
		fill(t, st)
		source := &withDocuments{st, map[string][]byte{"runs/1": []byte("\x00\xffdata"), "empty": {}}}
		first := write(t, source)
		h, counts, err := Check(t.Context(), bytes.NewReader(first))
		if err != nil || counts != (Counts{Records: 60, Failures: 1, Documents: 2}) || h.StoreModel() != testModel || h.IDSpace != "c" {
			t.Fatalf("%s: %+v, %+v, %v", from, h, counts, err)
		}
		for to, st := range stores(t) {
			target := &withDocuments{st, map[string][]byte{}}
			counts, refused, err := Load(t.Context(), bytes.NewReader(first), target)
			if err != nil || refused != 0 || counts != (Counts{Records: 60, Failures: 1, Documents: 2}) {
				t.Fatalf("%s to %s: %+v, %d refused, %v", from, to, counts, refused, err)
			}
			if got := body(write(t, target)); got != body(first) {
				a, b := strings.Split(got, "\n"), strings.Split(body(first), "\n")
				for i := range a {
					if a[i] != b[i] {
						t.Fatalf("%s to %s: line %d:\n%s\nwant\n%s", from, to, i+2, a[i], b[i])
					}
				}
			}
		}
	}
}

// A file that was cut anywhere, or of which a byte was changed, is refused.
func TestDamagedDumps(t *testing.T) {
	st := stores(t)["local"]
	fill(t, st)
	whole := write(t, st)
	check := func(b []byte) error {
		_, _, err := Check(t.Context(), bytes.NewReader(b))
		return err
	}
	if err := check(whole); err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(whole)-1; at += 97 {
		if err := check(whole[:at]); !errors.Is(err, ErrInvalid) {
			t.Fatalf("cut at %d: %v", at, err)
		}
		b := slices.Clone(whole)
		if b[at] ^= 1; check(b) == nil {
			t.Fatalf("byte %d changed: no error", at)
		}
	}
	if err := check(append(slices.Clone(whole), "{}\n"...)); !errors.Is(err, ErrInvalid) {
		t.Errorf("more behind the end: %v", err)
	}
}

// hostileDump is a dump of two records with a change to the second, and with a checksum that fits.
func hostileDump(t *testing.T, change func(h, record map[string]any) (extra any)) []byte {
	t.Helper()
	st := stores(t)["local"]
	fill(t, st)
	lines := bytes.Split(bytes.TrimSpace(write(t, st)), []byte("\n"))
	if err := st.Close(); err != nil { // there are more of them than a process may have files
		t.Fatal(err)
	}
	decode := func(b []byte) (m map[string]map[string]any) {
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		if err := d.Decode(&m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	head, first, second := decode(lines[0]), decode(lines[1]), decode(lines[2])
	body := []any{first, second}
	if extra := change(head["dump"], second["record"]); extra != nil {
		body = append(body, extra)
	}
	var out bytes.Buffer
	for _, l := range append([]any{head}, body...) {
		b, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(b, '\n'))
	}
	counts := Counts{Records: 2}
	if len(body) > 2 {
		counts.Documents = 1
	}
	e, err := json.Marshal(line{End: &end{counts, fmt.Sprintf("%x", sha256.Sum256(out.Bytes()))}})
	if err != nil {
		t.Fatal(err)
	}
	return append(out.Bytes(), append(e, '\n')...)
}

// What no index of ours holds is found before anything is loaded.
func TestHostileDumps(t *testing.T) {
	with := func(field string, value any) func(h, r map[string]any) any {
		return func(_, r map[string]any) any { r[field] = value; return nil }
	}
	document := func(name string) func(h, r map[string]any) any {
		return func(_, _ map[string]any) any {
			return map[string]any{"document": map[string]any{"name": name, "data": "AAAA"}}
		}
	}
	for name, change := range map[string]func(h, r map[string]any) any{
		"no id":             with("id", ""),
		"an id of SQL":      with("id", "'; DROP TABLE records; --"),
		"upper case":        with("id", strings.Repeat("F", 40)),
		"no path":           with("path", ""),
		"a relative path":   with("path", "../../etc/passwd"),
		"a NUL":             with("path", "/a\x00b"),
		"a negative size":   with("size", -1),
		"a negative width":  with("width", -1),
		"a short checksum":  with("sha256", "abcd"),
		"no checksum":       with("sha256", "zz"),
		"a short vector":    with("vector", "AAAA"),
		"other dimensions":  func(h, _ map[string]any) any { h["model"].(map[string]any)["dim"] = dim + 1; return nil },
		"no dimensions":     func(h, _ map[string]any) any { h["model"].(map[string]any)["dim"] = -1; return nil },
		"a newer format":    func(h, _ map[string]any) any { h["format"] = 99; return nil },
		"a path upwards":    document("../../evil"),
		"an absolute path":  document("/etc/passwd"),
		"a hidden document": document(".sightline-1.tmp"),
		"no document name":  document(""),
		"an unknown line":   func(_, _ map[string]any) any { return map[string]any{"thing": 1} },
		"a second head":     func(h, _ map[string]any) any { return map[string]any{"dump": h} },
	} {
		b := hostileDump(t, change)
		if _, _, err := Check(t.Context(), bytes.NewReader(b)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b := hostileDump(t, func(_, _ map[string]any) any { return nil })
	if _, counts, err := Check(t.Context(), bytes.NewReader(b)); err != nil || counts.Records != 2 {
		t.Errorf("unchanged: %+v, %v", counts, err)
	}
}

// Records whose vectors a repair withdrew are counted: they are not in the dump.
func TestDumpWithoutEmbedding(t *testing.T) {
	st := stores(t)["local"]
	fill(t, st)
	counts, err := Write(t.Context(), scanLoses{st}, io.Discard, time.Unix(1e9, 0))
	if err != nil || counts.Records != 59 || counts.Without != 1 {
		t.Errorf("%+v, %v", counts, err)
	}
	var out bytes.Buffer
	if _, err := Write(t.Context(), scanLoses{st}, &out, time.Unix(1e9, 0)); err != nil {
		t.Fatal(err)
	}
	if _, counts, err := Check(t.Context(), &out); err != nil || counts.Records != 59 {
		t.Errorf("such a dump: %+v, %v", counts, err)
	}
}

// scanLoses is a store whose scans leave the first record out.
type scanLoses struct{ store.Store }

func (s scanLoses) Scan(ctx context.Context, f store.Filter, fields store.Fields) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		first := true
		for r, err := range s.Store.Scan(ctx, f, fields) {
			if !first && !yield(r, err) {
				return
			}
			first = false
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte(`{"dump":{"format":1,"model":{"fingerprint":"a","dim":1}}}` + "\n" + `{"record":{"vector":"AAAA"}}` + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) { Check(t.Context(), bytes.NewReader(b)) })
}
