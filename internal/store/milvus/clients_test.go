package milvus_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
)

// clientScript is what docs/milvus.md shows: another client's searches and one of its
// tags. It prints one line a step.
const clientScript = `
import sys
import pymilvus
from pymilvus import MilvusClient
print("this is pymilvus", pymilvus.__version__)
address, name, label = sys.argv[1:]
c = MilvusClient(uri="http://" + address)
row = c.query(name, filter='path == "/photos/7.jpg"', output_fields=["*"], consistency_level="Strong")[0]
print("query", row["path"], len(row["vector"]))
near = c.search(name, data=[row["vector"]], limit=3, output_fields=["path"], search_params={"metric_type": "IP"}, consistency_level="Strong")
print("vector", near[0][0]["entity"]["path"])
print("tag", len(c.query(name, filter='array_contains(tags, "sea")', output_fields=["path"], consistency_level="Strong")))
print("dates", len(c.query(name, filter="shown_at >= 5 and shown_at < 8", output_fields=["path"], consistency_level="Strong")))
rows = 0
for digit in "0123456789abcdef":  # a query gives at most 16384 rows, in no order
    rows += len(c.query(name, filter='id >= "%s" and id < "%sg"' % (digit, digit), output_fields=["id"], consistency_level="Strong"))
print("iterated", rows)
row["tags"] = list(row["tags"]) + [label]
row["extra"] = dict(row["extra"], tags=row["extra"].get("tags", []) + [{"label": label, "source": "user"}])
c.upsert(name, [row])
print("fields", sum(1 for f in c.describe_collection(name)["fields"] if f.get("description")))
`

// clientPythons are the interpreters with a pymilvus: the one that the server was installed
// with, and those that scripts/milvus clients made.
func clientPythons(t *testing.T) []string {
	t.Helper()
	venvs := filepath.Join(filepath.Dir(script), "../.venv")
	others, err := filepath.Glob(filepath.Join(venvs, "pymilvus-*/bin/python"))
	if err != nil {
		t.Fatal(err)
	}
	return append(others, filepath.Join(venvs, "milvus/bin/python"))
}

// Clients of several versions read and write what this store keeps.
func TestPymilvus(t *testing.T) {
	address := standalone.address(t)
	name := uniqueName(t, address) + "clients"
	s := open(t, milvus.Options{Address: address, Collection: name, Mode: store.Create, Model: model, Consistency: "strong"})
	all := records(20)
	all[3].Tags = []store.Tag{{Label: "Sea", Source: "user"}}
	upsert(t, s, all...)
	for i, python := range clientPythons(t) {
		label := fmt.Sprint("dog ", i)
		out, err := exec.Command(python, "-c", clientScript, address, name, label).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v: %s", python, err, out)
			continue
		}
		_, version, _ := strings.Cut(string(out), "this is pymilvus ") // after what it warns of
		version, _, _ = strings.Cut(version, "\n")
		t.Log(version)
		for _, want := range []string{"query /photos/7.jpg 4", "vector /photos/7.jpg", "tag 1", "dates 3", "iterated 20", "fields 17"} {
			if !strings.Contains(string(out), want+"\n") {
				t.Errorf("%s: no %q in %s", version, want, out)
			}
		}
		got, err := s.Get(t.Context(), []string{record(7).ID})
		if err != nil || len(got) != 1 || len(got[0].Tags) != i+1 || got[0].Tags[i] != (store.Tag{Label: label, Source: "user"}) {
			t.Errorf("%s: the client's tag is read as %+v, %v", version, got, err)
		}
		if n, err := s.Count(t.Context(), store.HasTag(label)); n != 1 || err != nil {
			t.Errorf("%s: %d pictures have the client's tag, %v", version, n, err)
		}
	}
}
