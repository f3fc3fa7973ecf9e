package milvus_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
)

// clientScript is what docs/milvus.md shows: another client's searches and one of its
// tags. It prints one line a step.
const clientScript = `
import sys
from pymilvus import MilvusClient
address, name, label = sys.argv[1:]
c = MilvusClient(uri="http://" + address)
row = c.query(name, filter='path == "/photos/7.jpg"', output_fields=["*"], consistency_level="Strong")[0]
print("query", row["path"], len(row["vector"]))
near = c.search(name, data=[row["vector"]], limit=3, output_fields=["path"], search_params={"metric_type": "IP"})
print("vector", near[0][0]["entity"]["path"])
print("tag", len(c.query(name, filter='array_contains(tags, "sea")', output_fields=["path"], consistency_level="Strong")))
print("dates", len(c.query(name, filter="shown_at >= 5 and shown_at < 8", output_fields=["path"], consistency_level="Strong")))
row["tags"] = list(row["tags"]) + [label]
row["extra"] = dict(row["extra"], tags=row["extra"].get("tags", []) + [{"label": label, "source": "user"}])
c.upsert(name, [row])
print("fields", sum(1 for f in c.describe_collection(name)["fields"] if f.get("description")))
`

// Other clients read and write what this store keeps.
func TestPymilvus(t *testing.T) {
	address := standalone.address(t)
	python := filepath.Join(filepath.Dir(script), "../.venv/milvus/bin/python")
	name := uniqueName(t, address) + "clients"
	s := open(t, milvus.Options{Address: address, Collection: name, Mode: store.Create, Model: model, Consistency: "strong"})
	all := records(20)
	all[3].Tags = []store.Tag{{Label: "Sea", Source: "user"}}
	upsert(t, s, all...)
	time.Sleep(time.Second) // the client's search is bounded
	out, err := exec.Command(python, "-c", clientScript, address, name, "dog").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{"query /photos/7.jpg 4", "vector /photos/7.jpg", "tag 1", "dates 3", "fields 17"} {
		if !strings.Contains(string(out), want+"\n") {
			t.Errorf("no %q in %s", want, out)
		}
	}
	got, err := s.Get(t.Context(), []string{record(7).ID})
	if err != nil || len(got) != 1 || len(got[0].Tags) != 1 || got[0].Tags[0] != (store.Tag{Label: "dog", Source: "user"}) {
		t.Errorf("the client's tag is read as %+v, %v", got, err)
	}
	if n, err := s.Count(t.Context(), store.HasTag("Dog")); n != 1 || err != nil {
		t.Errorf("%d pictures have the client's tag, %v", n, err)
	}
}
