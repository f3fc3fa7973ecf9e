package tagging

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging/export"
)

// counting is a store that counts how often it is gone through.
type counting struct {
	store.Store
	scans int
}

func (c *counting) Scan(ctx context.Context, f store.Filter, fields store.Fields) iter.Seq2[store.Record, error] {
	c.scans++
	return c.Store.Scan(ctx, f, fields)
}

// photos makes small picture files in a folder and records of them.
func photos(t *testing.T, dir string, n int) []store.Record {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	recs := records(0, n)
	for i := range recs {
		recs[i].Path = filepath.Join(dir, filepath.Base(recs[i].Path))
		recs[i].ID = store.ID("default", recs[i].Path)
		if err := os.WriteFile(recs[i].Path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return recs
}

// A run goes through the index once, whatever it writes, and so does taking it back.
func TestOnePass(t *testing.T) {
	for _, d := range []Direction{PerImage, PerLabel} {
		t.Run(string(d), func(t *testing.T) {
			pictures, out := t.TempDir(), t.TempDir()
			inner := open(t, t.TempDir())
			defer inner.Close()
			upsert(t, inner, photos(t, pictures, 40))
			s := &counting{Store: inner}
			g := OpenRegistry(t.TempDir())
			o := plan(d, 5)
			var lines bytes.Buffer
			o.Outputs = Outputs{
				Exports: []ExportFile{{filepath.Join(out, "t.csv"), export.CSV}, {filepath.Join(out, "t.parquet"), export.Parquet}},
				Report:  filepath.Join(out, "t.html"), Sidecars: true, Lines: &lines,
			}
			sum, err := New(s, g, &counter{}).Tag(t.Context(), classifier(t, labels), o)
			if err != nil {
				t.Fatal(err)
			}
			if s.scans != 1 {
				t.Errorf("the index was gone through %d times, want once", s.scans)
			}
			tags := strings.Count(lines.String(), "\n")
			if sum.Run.Pictures != 40 || sum.Run.Tags == 0 || int64(tags) != sum.Run.Tags || sum.FailedSidecars != 0 {
				t.Errorf("%d lines, %+v", tags, sum)
			}
			csv, err := os.ReadFile(filepath.Join(out, "t.csv"))
			if err != nil || bytes.Count(csv, []byte("\n")) != tags+1 {
				t.Errorf("%v: the table is\n%s", err, csv)
			}
			for name, want := range map[string]string{"t.parquet": "PAR1", "t.html": "<!doctype html>"} {
				data, err := os.ReadFile(filepath.Join(out, name))
				if err != nil || !strings.HasPrefix(strings.ToLower(string(data)), strings.ToLower(want)) {
					t.Errorf("%s: %v, %.20q", name, err, data)
				}
			}
			sidecars, err := filepath.Glob(filepath.Join(pictures, "*.xmp"))
			if err != nil || int64(len(sidecars)) != sum.Run.Tagged {
				t.Errorf("%d sidecars for %d pictures, %v", len(sidecars), sum.Run.Tagged, err)
			}
			var most int64
			for _, l := range sum.Labels {
				most = max(most, l.Pictures)
			}
			if len(sum.Labels) == 0 || sum.Labels[0].Pictures != most {
				t.Errorf("labels: %v", sum.Labels)
			}
			stored := tagsOf(t, inner, sum.Run.Source())
			if int64(len(stored)) != sum.Run.Tagged {
				t.Errorf("%d pictures have tags, the run says %d", len(stored), sum.Run.Tagged)
			}

			s.scans = 0
			lines.Reset()
			again, err := New(s, g, &counter{}).Tag(t.Context(), classifier(t, labels), o)
			if err != nil || s.scans != 1 || again.Run.Tags != sum.Run.Tags || strings.Count(lines.String(), "\n") != tags {
				t.Errorf("the same run again went through the index %d times, %+v, %v", s.scans, again, err)
			}

			s.scans = 0
			if _, err := New(s, g, &counter{}).Undo(t.Context(), "last"); err != nil {
				t.Fatal(err)
			}
			if s.scans != 1 {
				t.Errorf("undo went through the index %d times, want once", s.scans)
			}
			if left, _ := filepath.Glob(filepath.Join(pictures, "*.xmp")); len(left) > 0 {
				t.Errorf("%d sidecars are left", len(left))
			}
		})
	}
}

// started is the time of a run in a table.
var started = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)

// written does a run with a table and lines, and returns both without the run's time.
func written(t *testing.T, s store.Store, g *Registry, o Options) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "t.csv")
	var lines bytes.Buffer
	o.Outputs = Outputs{Exports: []ExportFile{{path, export.CSV}}, Lines: &lines}
	_, err := New(s, g, &counter{}).Tag(t.Context(), classifier(t, labels), o)
	table, readErr := os.ReadFile(path)
	if (err == nil) != (readErr == nil) {
		t.Errorf("the run says %v, its table %v", err, readErr)
	}
	return lines.String() + started.ReplaceAllString(string(table), "T"), err
}

// The outputs of a run that was cut off and gone on with are those of one that was not,
// and so are those of a run that had nothing left to do.
func TestOutputsOfACutRun(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of records on one goroutine, which the race detector makes slow")
	}
	for _, d := range []Direction{PerImage, PerLabel} {
		t.Run(string(d), func(t *testing.T) {
			count := 2
			if d == PerLabel {
				count = 3000
			}
			recs := records(0, 2*batchSize+100)
			quiet := open(t, t.TempDir())
			defer quiet.Close()
			upsert(t, quiet, recs)
			want, err := written(t, quiet, OpenRegistry(t.TempDir()), plan(d, count))
			if err != nil || len(want) < 10_000 {
				t.Fatalf("%d bytes, %v", len(want), err)
			}
			s := open(t, t.TempDir())
			defer s.Close()
			upsert(t, s, recs)
			g := OpenRegistry(t.TempDir())
			if _, err := written(t, &failing{s, 1}, g, plan(d, count)); !errors.Is(err, errFull) {
				t.Fatalf("the run was not cut off: %v", err)
			}
			for _, when := range []string{"gone on with", "with nothing left to do"} {
				got, err := written(t, s, g, plan(d, count))
				if err != nil || got != want {
					t.Errorf("%s: %v, the outputs differ: %.500s", when, err, cmp.Diff(want, got))
				}
			}
		})
	}
}

// An output that cannot be written keeps neither the tags out of the index nor the other
// outputs from being written.
func TestFailingOutput(t *testing.T) {
	s := open(t, t.TempDir())
	defer s.Close()
	upsert(t, s, records(0, 50))
	out := t.TempDir()
	o := plan(PerImage, 2)
	o.Exports = []ExportFile{{filepath.Join(out, "none", "t.csv"), export.CSV}, {filepath.Join(out, "t.csv"), export.CSV}}
	o.Lines = brokenPipe{}
	sum, err := New(s, OpenRegistry(t.TempDir()), &counter{}).Tag(t.Context(), classifier(t, labels), o)
	if !errors.Is(err, os.ErrNotExist) || !errors.Is(err, errPipe) {
		t.Errorf("error %v", err)
	}
	if n := len(tagsOf(t, s, sum.Run.Source())); n == 0 || int64(n) != sum.Run.Tagged {
		t.Errorf("%d pictures have tags, the run says %d", n, sum.Run.Tagged)
	}
	if data, err := os.ReadFile(filepath.Join(out, "t.csv")); err != nil || bytes.Count(data, []byte("\n")) != int(sum.Run.Tags)+1 {
		t.Errorf("the table that could be written: %v\n%s", err, data)
	}
}

var errPipe = errors.New("broken pipe")

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errPipe }

// What is wrong with one sidecar is reported, and the others are written; the run stays known
// after undo until that sidecar is mended.
func TestFailingSidecar(t *testing.T) {
	pictures := t.TempDir()
	s := open(t, t.TempDir())
	defer s.Close()
	recs := photos(t, pictures, 20)
	upsert(t, s, recs)
	g := OpenRegistry(t.TempDir())
	c := classifier(t, labels)
	o := plan(PerImage, 1)
	o.MinProbability, o.Sidecars = 0, true
	bad := recs[7].Path + ".xmp"
	if err := os.WriteFile(bad, []byte("my own notes"), 0o644); err != nil {
		t.Fatal(err)
	}
	var n counter
	diff := New(s, g, &n).SidecarDiff(new(bytes.Buffer), c, o)
	if _, err := New(s, g, &n).Preview(t.Context(), c, o, diff); err != nil || diff.Failed != 1 || n.failed.Load() != 1 {
		t.Errorf("preview: %d failed, %v", diff.Failed, err)
	}
	sum, err := New(s, g, &n).Tag(t.Context(), c, o)
	if err != nil || sum.FailedSidecars != 1 || n.failed.Load() != 2 {
		t.Errorf("%+v, %v", sum, err)
	}
	if all, _ := filepath.Glob(filepath.Join(pictures, "*.xmp")); len(all) != 20 {
		t.Errorf("%d sidecars", len(all))
	}
	for _, mended := range []bool{false, true} {
		if mended {
			if err := os.Remove(bad); err != nil {
				t.Fatal(err)
			}
		}
		u, err := New(s, g, &n).Undo(t.Context(), sum.Run.ID)
		if err != nil || (u.FailedSidecars == 0) != mended {
			t.Errorf("mended %v: %+v, %v", mended, u, err)
		}
		if _, err := g.Load(t.Context(), sum.Run.ID); errors.Is(err, ErrNoRun) != mended {
			t.Errorf("mended %v: the run is known: %v", mended, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(pictures, "*.xmp")); len(left) > 0 {
		t.Errorf("%d sidecars are left", len(left))
	}
}

func TestOfSameList(t *testing.T) {
	g := OpenRegistry(t.TempDir())
	for _, r := range []Run{
		{ID: "aaaa00000001", LabelsFrom: "l.txt", Tags: 3}, {ID: "aaaa00000002", LabelsFrom: "l.txt"},
		{ID: "aaaa00000003", LabelsFrom: "m.txt", Tags: 3}, {ID: "aaaa00000004", LabelsFrom: "l.txt", Tags: 3},
	} {
		if err := g.Save(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	got, err := g.OfSameList(t.Context(), Run{ID: "aaaa00000004", LabelsFrom: "l.txt"})
	if err != nil || len(got) != 1 || got[0].ID != "aaaa00000001" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWriteLine(t *testing.T) {
	var b bytes.Buffer
	tag := store.Tag{Label: "<a>", Source: "run:x", Score: 0.25, Probability: 0.5}
	if err := errors.Join(WriteLine(&b, "/p/a.jpg", tag), WriteLine(&b, "/p/\xff.jpg", tag)); err != nil {
		t.Fatal(err)
	}
	want := `{"path":"/p/a.jpg","label":"<a>","score":0.25,"probability":0.5}` + "\n" +
		`{"path":"/p/\ufffd.jpg","label":"<a>","score":0.25,"probability":0.5,"path_base64":"L3Av/y5qcGc="}` + "\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
