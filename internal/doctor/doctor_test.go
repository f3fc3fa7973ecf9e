package doctor

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/vec"
)

func TestPixels(t *testing.T) {
	if c := pixels(); c.State != OK {
		t.Errorf("%+v", c)
	}
}

// A model that is not the one of the goldens is found out.
func TestGoldens(t *testing.T) {
	g, err := readGolden()
	if err != nil || len(g.Texts) < 5 || len(g.Pictures) < 2 {
		t.Fatalf("%d texts, %d pictures, %v", len(g.Texts), len(g.Pictures), err)
	}
	fake := cliptest.New(len(g.Texts[0].Embedding))
	defer fake.Close()
	if c := embeddings(t.Context(), fake, g); c.State != Fault || c.Advice == "" {
		t.Errorf("%+v", c)
	}
	if c := embeddings(t.Context(), replay{fake, g}, g); c.State != OK {
		t.Errorf("%+v", c)
	}
	if c := runs(t.Context(), fake); c.State != OK {
		t.Errorf("%+v", c)
	}
}

// replay is a model that gives the goldens.
type replay struct {
	clip.Encoder
	g golden
}

func (r replay) EncodeTexts(context.Context, []string) (vec.Matrix, error) {
	var rows [][]float32
	for _, t := range r.g.Texts {
		rows = append(rows, t.Embedding)
	}
	return vec.FromRows(rows...)
}

func (r replay) EncodeImages(context.Context, *clip.Batch) (vec.Matrix, error) {
	var rows [][]float32
	for _, p := range r.g.Pictures {
		rows = append(rows, p.Embedding)
	}
	return vec.FromRows(rows...)
}

func TestDisk(t *testing.T) {
	if c := disk("disk", filepath.Join(t.TempDir(), "not", "there", "yet")); c.State == Fault || !strings.Contains(c.Finding, "not/there/yet") {
		t.Errorf("%+v", c)
	}
}

func TestAnonymous(t *testing.T) {
	checks := Anonymous([]Check{
		{Name: "program", Finding: "sightline 1 on linux/amd64"},
		{Name: "index", State: Fault, Finding: `open /home/anna/.local/share/sightline/holidays: no such file; "/srv/a b/c"`, Advice: "ask milvus.example.com:19530 for holidays"},
		{Name: "model", Finding: "Xenova/clip-vit-base-patch32 is whole"},
		{Name: "milvus", Finding: "cannot find the host my.secret.host; my.secret.host:19531", Advice: "run scripts/setup.sh, or name the library; see ~/private/x"},
	}, "my.secret.host", "holidays", "my.secret.host:19531")
	for _, c := range checks {
		for _, private := range []string{"anna", "holidays", "srv", "example.com", "19530", "secret", "19531", "private", "b/c"} {
			if strings.Contains(c.Finding+c.Advice, private) {
				t.Errorf("%q is in %+v", private, c)
			}
		}
	}
	if got := checks[3].Advice; got != "run scripts/setup.sh, or name the library; see <path>" {
		t.Errorf("advice %q", got)
	}
	if checks[0].Finding != "sightline 1 on linux/amd64" {
		t.Errorf("%+v", checks[0])
	}
	if Faults(checks) != 1 {
		t.Errorf("%d faults", Faults(checks))
	}
}
