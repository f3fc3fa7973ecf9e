package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/clip/hub"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/terminal"
)

// StarterModel is the bundle that ships with the program.
const StarterModel = "starter"

// FoundModel is a model's folder, and the name to remember it by.
type FoundModel struct {
	Name string
	Dir  string
}

// FindModel finds a model by its name, in the folder that models are fetched into
// and in those that ship with the program, or by its folder. A folder is
// remembered by its absolute path, so that a search from anywhere finds it again.
func (e *Env) FindModel(cfg config.Config, name string) (FoundModel, error) {
	looksLikePath := filepath.IsAbs(name) || strings.HasPrefix(name, ".") || strings.HasSuffix(name, "/")
	if !looksLikePath {
		for _, dir := range e.ModelDirs(cfg) {
			path := filepath.Join(dir, filepath.FromSlash(name))
			if isDir(path) {
				return FoundModel{Name: name, Dir: path}, nil
			}
		}
	}
	if isDir(name) {
		abs, err := filepath.Abs(name)
		if err != nil {
			return FoundModel{}, fmt.Errorf("model %s: %w", name, err)
		}
		return FoundModel{Name: abs, Dir: abs}, nil
	}
	if looksLikePath {
		return FoundModel{}, &fault.Error{Err: fmt.Errorf("there is no model folder %s", name), Kind: fault.Fatal,
			Advice: "indexer model list shows what is there"}
	}
	advice := fmt.Sprintf("bring it with: indexer model fetch %s (indexer model list shows what is there)", terminal.ShellWord(name))
	switch {
	case name == StarterModel: // which no hub has
		advice = "make install puts the program and its model in their places; a copied program needs --models DIR, or indexer model fetch and --model"
	case !strings.Contains(name, "/"):
		advice = "indexer model list shows what is there; a model of the hub is called owner/name, such as " + hub.DefaultModel
	}
	return FoundModel{}, e.noSuchModel(cfg, name, advice)
}

// ModelDirs lists the folders that hold models: the fetched ones first, then those
// beside the program.
func (e *Env) ModelDirs(cfg config.Config) []string {
	var dirs []string
	if cfg.Models != "" {
		dirs = append(dirs, cfg.Models)
	}
	if e.Executable != "" {
		exe := e.Executable
		if real, err := filepath.EvalSymlinks(exe); err == nil {
			exe = real
		}
		bin := filepath.Dir(exe)
		dirs = append(dirs, filepath.Join(bin, "..", "models"), filepath.Join(bin, "..", "share", "sightline", "models"))
	}
	var once []string // with PREFIX=$HOME/.local two of them are one folder
	for _, d := range dirs {
		if d = filepath.Clean(d); !slices.Contains(once, d) {
			once = append(once, d)
		}
	}
	return once
}

// VerifiedModel is what a check of a model's files found.
type VerifiedModel struct {
	Name     string        `json:"name"`
	Dir      string        `json:"dir"`
	Whole    bool          `json:"whole"` // nothing that was found does harm
	Problems []hub.Problem `json:"problems"`
}

// FindModels finds the named models or, without names, every model on this machine.
func (e *Env) FindModels(cfg config.Config, names []string) ([]FoundModel, error) {
	var models []FoundModel
	for _, name := range names {
		m, err := e.FindModel(cfg, name)
		if err != nil {
			return nil, err
		}
		models = append(models, m)
	}
	if len(names) > 0 {
		return models, nil
	}
	installed, err := hub.List(e.ModelDirs(cfg)...)
	if err != nil {
		return nil, err
	}
	for _, m := range installed {
		models = append(models, FoundModel{Name: m.Name, Dir: m.Dir})
	}
	return models, nil
}

// VerifyModels checks every file of the models against its checksum. observer may be nil.
func VerifyModels(ctx context.Context, models []FoundModel, observer hub.Observer) ([]VerifiedModel, error) {
	verified := make([]VerifiedModel, len(models))
	for i, m := range models {
		problems, err := hub.Verify(ctx, m.Dir, observer)
		if errors.Is(err, hub.ErrNoManifest) {
			problems, err = []hub.Problem{{Path: hub.ManifestName, Kind: hub.Missing, Detail: "the bundle was not fetched by sightline and cannot be checked"}}, nil
		}
		if err != nil {
			return nil, err
		}
		verified[i] = VerifiedModel{
			Name: m.Name, Dir: m.Dir,
			Whole:    !slices.ContainsFunc(problems, func(p hub.Problem) bool { return !p.Harmless() }),
			Problems: append([]hub.Problem{}, problems...), // scripts want [], not null
		}
	}
	return verified, nil
}

// Damaged returns an error if any of the models is not whole.
func Damaged(models []VerifiedModel) error {
	damaged := 0
	for _, m := range models {
		if !m.Whole {
			damaged++
		}
	}
	if damaged == 0 {
		return nil
	}
	return fault.Fatalf("indexer model fetch NAME brings what is missing", "%d of %d models are not whole", damaged, len(models))
}

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}
