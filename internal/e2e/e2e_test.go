// Package e2e runs both commands as users do: the built programs, in the layout
// that they are installed in, driven by scripts.
package e2e

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/clip/ort"
)

// programs is the folder of the programs under test: bin, with lib and models
// beside it as in a release.
var programs string

// sharedGraphs is a folder of graphs as ONNX Runtime has optimised them, which all scripts
// have in their caches: to rebuild it in each takes more time than what most of them test.
var sharedGraphs string

func TestMain(m *testing.M) { os.Exit(withPrograms(m)) }

func withPrograms(m *testing.M) int {
	root, err := filepath.Abs("../..")
	if err != nil {
		panic(err)
	}
	dir, err := os.MkdirTemp("", "sightline-e2e")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"models", "lib", "scripts"} {
		if err := os.Symlink(filepath.Join(root, name), filepath.Join(dir, name)); err != nil {
			panic(err)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "lib", ort.LibraryName())); err != nil {
		panic("ONNX Runtime is not set up (make setup): " + err.Error())
	}
	// What go build reads is not known to the go command that runs this test; it takes
	// the old result for good unless the test itself has looked at the folders.
	for _, name := range []string{"cmd", "internal"} {
		err := filepath.WalkDir(filepath.Join(root, name), func(_ string, _ fs.DirEntry, err error) error { return err })
		if err != nil {
			panic(err)
		}
	}
	programs, sharedGraphs = filepath.Join(dir, "bin"), filepath.Join(dir, "graphs")
	if err := os.Mkdir(sharedGraphs, 0o755); err != nil {
		panic(err)
	}
	build := exec.Command("go", "build", "-tags", "nodynamic", "-o", programs+"/", "./cmd/...")
	build.Dir = root
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		panic(err)
	}
	return m.Run()
}

func TestScripts(t *testing.T) { testscript.Run(t, params(t, "testdata/script")) }

// params are those of the scripts in a folder.
func params(t *testing.T, dir string) testscript.Params {
	model := tiny(cliptest.TinyBundle(t))
	return testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			// The scripts may not see the settings of whoever runs them.
			env.Setenv("PATH", programs+string(filepath.ListSeparator)+env.Getenv("PATH"))
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("TZ", "UTC")
			cache := filepath.Join(env.WorkDir, "home", ".cache", "sightline")
			if err := os.MkdirAll(cache, 0o755); err != nil {
				return err
			}
			return os.Symlink(sharedGraphs, filepath.Join(cache, "graphs"))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"picture": picture,
			"sample":  sample,
			"bundle":  model.bundle,
			"hold":    hold,
			"hub":     model.serveHub,
			"json":    jsonFields,
			"within":  within,
			"deaf":    deaf,
			"serve":   servers{}.serve,
			"ask":     askServer,

			"keywords":   keywords,
			"fakemilvus": func(ts *testscript.TestScript, neg bool, args []string) { fakeMilvus(t, ts, neg, args) },
		},
	}
}
