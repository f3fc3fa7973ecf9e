package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip/hub"
	"github.com/sightline/sightline/internal/config"
)

// installation is a folder with the program in bin and a model beside it, a folder of
// fetched models, and a working folder with a model of its own.
func installation(t *testing.T) (e *Env, cfg config.Config, root string) {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{
		"bin", "models/starter", "models/both", "share/sightline/models/packed",
		"fetched/owner/name", "fetched/both", "work/own", "work/both",
	} {
		if err := os.MkdirAll(filepath.Join(root, filepath.FromSlash(dir)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(filepath.Join(root, "work"))
	return &Env{Executable: filepath.Join(root, "bin", "indexer")}, config.Config{Models: filepath.Join(root, "fetched")}, root
}

func TestFindModel(t *testing.T) {
	e, cfg, root := installation(t)
	for _, c := range []struct{ name, wantName, wantDir string }{
		{"starter", "starter", "models/starter"},
		{"packed", "packed", "share/sightline/models/packed"},
		{"owner/name", "owner/name", "fetched/owner/name"},
		{"both", "both", "fetched/both"},           // the fetched one goes first, and before a folder
		{"./both", "$root/work/both", "work/both"}, // a path is never a name
		{"own", "$root/work/own", "work/own"},      // nor does a folder need a ./
		{"own/", "$root/work/own", "work/own"},     // remembered by its absolute path
		{"$root/fetched/both", "$root/fetched/both", "fetched/both"},
	} {
		expand := func(s string) string { return strings.ReplaceAll(s, "$root", root) }
		got, err := e.FindModel(cfg, expand(c.name))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		want := FoundModel{Name: expand(c.wantName), Dir: filepath.Join(root, filepath.FromSlash(c.wantDir))}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	for _, c := range []struct{ name, err, hint string }{
		{"nobody/nothing", "there is no model nobody/nothing in ", "bring it with: indexer model fetch nobody/nothing"},
		{"it's/mine", "there is no model it's/mine in ", `fetch 'it'\''s/mine'`},
		{"it's", "there is no model it's in ", "owner/name"},
		{"startre", "there is no model startre in ", "did you mean starter?"},
		{"clip-vit-base-patch23", "there is no model ", "did you mean Xenova/clip-vit-base-patch32?"},
		{"xenova/clip-vit-base-patch16", "there is no model ", "did you mean Xenova/clip-vit-base-patch16?"},
		{"./nothing", "there is no model folder ./nothing", "indexer model list"},
		{filepath.Join(root, "nothing"), "there is no model folder ", "indexer model list"},
	} {
		_, err := e.FindModel(cfg, c.name)
		if err == nil || !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if _, hint := Explain(err); !strings.Contains(hint, c.hint) {
			t.Errorf("%s: hint %q, want one with %q", c.name, hint, c.hint)
		}
	}
	// The starter ships with the program: no hub has it.
	if err := os.RemoveAll(filepath.Join(root, "models", "starter")); err != nil {
		t.Fatal(err)
	}
	_, err := e.FindModel(cfg, StarterModel)
	if _, hint := Explain(err); err == nil || !strings.Contains(hint, "make install") {
		t.Errorf("%v, hint %q", err, hint)
	}
}

func TestModelDirs(t *testing.T) {
	e, cfg, root := installation(t)
	link := filepath.Join(t.TempDir(), "indexer")
	if err := os.WriteFile(e.Executable, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(e.Executable, link); err != nil {
		t.Fatal(err)
	}
	want := []string{filepath.Join(root, "fetched"), filepath.Join(root, "models"), filepath.Join(root, "share", "sightline", "models")}
	for _, exe := range []string{e.Executable, link} {
		e.Executable = exe
		if diff := cmp.Diff(want, e.ModelDirs(cfg)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", exe, diff)
		}
	}
	if got := (&Env{}).ModelDirs(config.Config{}); len(got) != 0 {
		t.Errorf("without anything: %q", got)
	}
}

func TestVerifyModels(t *testing.T) {
	e, cfg, root := installation(t)
	models, err := e.FindModels(cfg, []string{"starter"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := VerifyModels(t.Context(), models, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []VerifiedModel{{Name: "starter", Dir: filepath.Join(root, "models", "starter"), Problems: []hub.Problem{
		{Path: hub.ManifestName, Kind: hub.Missing, Detail: "the bundle was not fetched by sightline and cannot be checked"},
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := Damaged(got); err == nil || err.Error() != "1 of 1 models are not whole" {
		t.Errorf("error %v", err)
	}
	if err := Damaged([]VerifiedModel{{Whole: true}}); err != nil {
		t.Error(err)
	}
	if _, err := e.FindModels(cfg, []string{"starter", "nothing"}); err == nil {
		t.Error("a model that there is not was found")
	}
}
