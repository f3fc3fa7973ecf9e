// Package deps holds no code, only a test: imports run one way, from the commands
// down to the arithmetic, and the rules here say which way that is.
package deps

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = "github.com/sightline/sightline/"

// layers lists the module's packages from the top down. A package imports only
// from the layers below its own. The patterns are those of path.Match.
var layers = [][]string{
	{"cmd/*", "scripts/reference/*"},
	{"internal/cmdline"},
	{"internal/server", "internal/doctor"},
	{"internal/app"},
	{"internal/index", "internal/watch", "internal/query", "internal/tagging", "internal/tagging/review", "internal/explore", "internal/transfer", "internal/measure/*", "internal/dump", "internal/clip/ort/orttest", "internal/index/indextest"},
	{
		"internal/zeroshot", "internal/tagging/*", "internal/query/*", "internal/explore/*", "internal/config", "internal/clip/hub", "internal/clip/ort", "internal/clip/quantize",
		"internal/terminal/*", "internal/server/*",
	},
	{
		"internal/terminal", "internal/walk", "internal/thumbnail",
		"internal/clip", "internal/clip/cliptest", "internal/store", "internal/store/*", "internal/store/milvus/milvustest",
	},
	{"internal/imaging", "internal/clip/tokenizer", "internal/label", "internal/store/milvus/settings", "internal/store/milvus/service", "internal/store/milvus/sdk"},
	{"internal/imaging/*", "internal/imaging/raw/rawtest", "internal/clip/onnx", "internal/vec/*", "internal/atomicfile", "internal/fault", "internal/secret", "internal/webfetch", "internal/spelling", "internal/fileurl", "internal/store/local/*"},
	{"internal/vec", "internal/lazyregexp", "internal/smallfile", "internal/yamlfile", "internal/golden", "github.com/sightline/sightline"},
}

// sideways are the arrows that are allowed inside a layer.
var sideways = map[string][]string{
	"internal/clip/cliptest":     {"internal/clip"},
	"internal/store/*":           {"internal/store"},
	"internal/index/indextest":   {"internal/index"},
	"internal/query":             {"internal/measure/recall"},
	"internal/tagging/review":    {"internal/tagging"},
	"internal/measure/evaluate":  {"internal/measure/bootstrap", "internal/measure/labeling", "internal/measure/retrieval"},
	"internal/explore/*":         {"internal/explore/layout"},
	"internal/measure/labeling":  {"internal/measure/retrieval", "internal/measure/bootstrap"},
	"internal/measure/retrieval": {"internal/measure/bootstrap"},
	"internal/imaging/*":         {"internal/imaging/rgb", "internal/imaging/linear", "internal/imaging/worktime"},
	"internal/store/milvus/sdk":  {"internal/store/milvus/service"},
	"internal/store/local/*":     {"internal/store/local/*", "internal/atomicfile", "internal/smallfile"},
}

// only says who may import a package, inside or outside of the module. Tests may
// import what they like.
var only = map[string][]string{
	"internal/clip/ort":         {"internal/app", "internal/clip/ort/orttest"},
	"internal/store/local":      {"internal/app", "internal/index/indextest"},
	"internal/store/milvus":     {"internal/app"},
	"internal/imaging/draft":    {"internal/imaging"},
	"internal/imaging/fence":    {"internal/imaging"},
	"internal/imaging/heif":     {"internal/imaging"},
	"internal/imaging/resample": {"internal/imaging"},
	"internal/clip/cliptest":    {}, // tests alone
	"internal/store/storetest":  {}, // tests alone
	"internal/clip/ort/orttest": {}, // tests alone
	"internal/index/indextest":  {}, // tests alone
	"internal/golden":           {}, // tests alone

	"internal/imaging/raw/rawtest": {}, // tests alone

	"internal/store/milvus/milvustest": {}, // tests alone

	"github.com/yalue/onnxruntime_go":      {"internal/clip/ort"},
	"github.com/milvus-io/milvus-sdk-go/*": {"internal/store/milvus/sdk"},
	"github.com/spf13/viper":               {"internal/config"},
	"github.com/danielgtaylor/huma/*":      {"internal/server"},
	"github.com/prometheus/*":              {"internal/server"},
	"github.com/urfave/cli/*":              {"cmd/*", "internal/cmdline"},
}

// never says what a package must not reach, not even through another package.
var never = map[string][]string{
	"internal/vec":       {"internal/*", "internal/*/*"},
	"internal/clip/onnx": {"internal/*", "internal/*/*"},
	"internal/imaging":   {"internal/*", "internal/store/*"},
	"internal/imaging/*": {"internal/*", "internal/store/*", "internal/clip/*"},
	"internal/config":    {"internal/store", "internal/store/*", "internal/clip", "internal/clip/*", "internal/imaging", "internal/vec", "internal/terminal"},
	"internal/clip":      {"internal/clip/ort", "internal/store", "internal/store/*"},
	"internal/store":     {"internal/clip", "internal/clip/ort"},
	"internal/zeroshot":  {"internal/store", "internal/store/*"},
	"internal/store/*":   {"internal/clip", "internal/clip/ort"},
	"internal/index":     {"internal/clip/ort", "internal/store/*"},
}

// graph maps each package of the module to what it imports. Names inside the
// module are relative to it.
type graph map[string][]string

// matches reports whether a package is meant by one of the patterns. A pattern for a
// library that ends in /* means everything below it.
func matches(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if below, ok := strings.CutSuffix(pattern, "*"); ok && !inside(pattern) {
			return strings.HasPrefix(pkg, below)
		}
		ok, err := path.Match(pattern, pkg)
		return ok && err == nil
	})
}

func inside(pkg string) bool {
	return strings.HasPrefix(pkg, "internal/") || strings.HasPrefix(pkg, "cmd/")
}

func layerOf(pkg string) int {
	return slices.IndexFunc(layers, func(patterns []string) bool { return matches(patterns, pkg) })
}

// violations lists the arrows of g that break a rule, sorted.
func violations(g graph) []string {
	var found []string
	for pkg, imports := range g {
		if layerOf(pkg) < 0 {
			found = append(found, pkg+" is in no layer")
			continue
		}
		for _, dep := range imports {
			found = append(found, arrow(pkg, dep)...)
		}
		found = append(found, reaching(g, pkg)...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// arrow judges one import by itself.
func arrow(pkg, dep string) []string {
	var found []string
	if inside(dep) {
		from, to := layerOf(pkg), layerOf(dep)
		allowed := false
		for pattern, deps := range sideways {
			allowed = allowed || from == to && matches([]string{pattern}, pkg) && matches(deps, dep)
		}
		if to >= 0 && to <= from && !allowed {
			found = append(found, fmt.Sprintf("%s imports %s, which is not below it", pkg, dep))
		}
	}
	for pattern, importers := range only {
		if matches([]string{pattern}, dep) && !matches(importers, pkg) {
			found = append(found, fmt.Sprintf("%s imports %s, which only %v may", pkg, dep, importers))
		}
	}
	return found
}

// reaching judges what pkg imports, its imports import, and so on.
func reaching(g graph, pkg string) []string {
	var forbidden []string
	for pattern, deps := range never {
		if matches([]string{pattern}, pkg) {
			forbidden = append(forbidden, deps...)
		}
	}
	var found []string
	seen := map[string]bool{pkg: true}
	for queue := slices.Clone(g[pkg]); len(queue) > 0; queue = queue[1:] {
		dep := queue[0]
		if seen[dep] {
			continue
		}
		seen[dep] = true
		if matches(forbidden, dep) {
			found = append(found, fmt.Sprintf("%s reaches %s", pkg, dep))
		}
		queue = append(queue, g[dep]...)
	}
	return found
}

// load reads the graph of the packages themselves, without their tests.
func load(t *testing.T) graph {
	t.Helper()
	touch(t, "../../internal", "../../cmd")
	g := graph{}
	dec := json.NewDecoder(bytes.NewReader(run(t, nil, "list", "-json=ImportPath,Imports,GoFiles,CgoFiles", module+"...")))
	for {
		var p struct {
			ImportPath        string
			Imports           []string
			GoFiles, CgoFiles []string
		}
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return g
		}
		if err != nil {
			t.Fatalf("decode the output of go list: %v", err)
		}
		if len(p.GoFiles)+len(p.CgoFiles) == 0 {
			continue // tests alone, like this package
		}
		deps := make([]string, len(p.Imports))
		for i, dep := range p.Imports {
			deps[i] = strings.TrimPrefix(dep, module)
		}
		g[strings.TrimPrefix(p.ImportPath, module)] = deps
	}
}

// touch opens every folder below the roots. The go command reuses a test's result
// until a file or folder that the test itself has opened changes, and what go list
// opens does not count.
func touch(t *testing.T, roots ...string) {
	t.Helper()
	for _, root := range roots {
		err := filepath.WalkDir(root, func(_ string, _ fs.DirEntry, err error) error { return err })
		if err != nil {
			t.Fatalf("walk the module: %v", err)
		}
	}
}

// run runs the go command and returns its output.
func run(t *testing.T, env []string, args ...string) []byte {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return out
}

func TestImportsRunOneWay(t *testing.T) {
	g := load(t)
	// A list that came back empty would break no rule.
	for _, pkg := range []string{"internal/clip", "internal/index", "internal/store", "internal/vec"} {
		if len(g[pkg]) == 0 {
			t.Errorf("go list gave no imports for %s", pkg)
		}
	}
	for _, v := range violations(g) {
		t.Error(v)
	}
}

// TestViolations shows that each kind of rule can fail.
func TestViolations(t *testing.T) {
	tests := []struct {
		name string
		g    graph
		want []string
	}{
		{"downwards", graph{
			"cmd/indexer":       {"fmt", "internal/app", "github.com/urfave/cli/v2"},
			"internal/app":      {"internal/clip/ort", "internal/store/local", "internal/index"},
			"internal/index":    {"internal/clip", "internal/store", "internal/walk"},
			"internal/clip":     {"internal/imaging", "internal/vec"},
			"internal/clip/ort": {"internal/clip", "github.com/yalue/onnxruntime_go"},
		}, nil},
		{"upwards", graph{"internal/store": {"internal/query"}},
			[]string{"internal/store imports internal/query, which is not below it"}},
		{"out of the commands", graph{"internal/app": {"cmd/search"}},
			[]string{"internal/app imports cmd/search, which is not below it"}},
		{"sideways", graph{"internal/index": {"internal/query"}},
			[]string{"internal/index imports internal/query, which is not below it"}},
		{"sideways, as allowed", graph{"internal/store/local": {"internal/store"}}, nil},
		{"from one store to another", graph{"internal/store/milvus": {"internal/store/local"}}, []string{
			"internal/store/milvus imports internal/store/local, which is not below it",
			"internal/store/milvus imports internal/store/local, which only [internal/app internal/index/indextest] may",
		}},
		{"a concrete store outside app", graph{"cmd/search": {"internal/store/local"}},
			[]string{"cmd/search imports internal/store/local, which only [internal/app internal/index/indextest] may"}},
		{"a fake outside tests", graph{"internal/app": {"internal/clip/cliptest"}},
			[]string{"internal/app imports internal/clip/cliptest, which only [] may"}},
		{"onnxruntime outside ort", graph{"internal/clip": {"github.com/yalue/onnxruntime_go"}},
			[]string{"internal/clip imports github.com/yalue/onnxruntime_go, which only [internal/clip/ort] may"}},
		{"a package of the Milvus SDK", graph{"internal/query": {"github.com/milvus-io/milvus-sdk-go/v2/entity"}},
			[]string{"internal/query imports github.com/milvus-io/milvus-sdk-go/v2/entity, which only [internal/store/milvus/sdk] may"}},
		{"viper in a library", graph{"internal/clip/hub": {"github.com/spf13/viper"}},
			[]string{"internal/clip/hub imports github.com/spf13/viper, which only [internal/config] may"}},
		{"through another package", graph{
			"internal/config": {"internal/vec"},
			"internal/vec":    {"math"},
		}, []string{"internal/config reaches internal/vec"}},
		{"through two packages", graph{
			"internal/index": {"internal/walk"},
			"internal/walk":  {"internal/store/local"},
		}, []string{
			"internal/index reaches internal/store/local",
			"internal/walk imports internal/store/local, which is not below it",
			"internal/walk imports internal/store/local, which only [internal/app internal/index/indextest] may",
		}},
		{"a circle", graph{
			"internal/clip":    {"internal/imaging"},
			"internal/imaging": {"internal/clip"},
		}, []string{
			"internal/imaging imports internal/clip, which is not below it",
			"internal/imaging reaches internal/clip",
		}},
		{"a package that nobody has placed", graph{"internal/util": {"fmt"}},
			[]string{"internal/util is in no layer"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, violations(tt.g)); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}

// TestBuildsWithoutCgo keeps everything but ONNX Runtime free of a C compiler.
func TestBuildsWithoutCgo(t *testing.T) {
	args := []string{"build"}
	for _, pkg := range []string{"internal/store/local", "internal/clip", "internal/index", "internal/imaging"} {
		args = append(args, module+pkg)
	}
	run(t, []string{"CGO_ENABLED=0"}, args...)
}
