package app

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/clip/hub"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/spelling"
)

// CheckModelName refuses a name that no model of the hub can have, and one that is a known
// model's but for the case of letters, with the name that was probably meant: nothing is
// asked of the network for them. "" is the model that is fetched without a name.
func (e *Env) CheckModelName(cfg config.Config, name string) error {
	if name == "" {
		return nil
	}
	near := e.nearModels(cfg, name)
	miscased := slices.ContainsFunc(near, func(n string) bool { return n != name && strings.EqualFold(n, name) })
	if owner, model, ok := strings.Cut(name, "/"); ok && owner != "" && model != "" && !miscased {
		return nil // the hub's client knows what else is wrong with it
	}
	advice := "a model of the hub is called owner/name, such as " + hub.DefaultModel
	return fault.Usagef(didYouMean(near, advice+"; indexer model list shows what there is"), "there is no model %q", name)
}

// didYouMean puts the names that were probably meant before other advice.
func didYouMean(near []string, advice string) string {
	if len(near) == 0 {
		return advice
	}
	return "did you mean " + spelling.Or(near) + "? " + advice
}

// nearModels lists the models, here or recommended, whose names are near to one. The owner
// may be left out.
func (e *Env) nearModels(cfg config.Config, name string) []string {
	full := map[string]bool{StarterModel: true}
	for _, k := range hub.Known() {
		full[k.Name] = true
	}
	installed, _ := hub.List(e.ModelDirs(cfg)...) // those that can be read are names enough
	for _, m := range installed {
		full[m.Name] = true
	}
	byName := make(map[string][]string) // full names by how they may be typed
	var names []string
	for f := range full {
		for _, n := range []string{f, path.Base(f)} {
			if !slices.Contains(byName[n], f) {
				names, byName[n] = append(names, n), append(byName[n], f)
			}
		}
	}
	slices.Sort(names)
	var near []string
	for _, n := range spelling.Nearest(name, slices.Compact(names)) {
		for _, f := range byName[n] {
			if !slices.Contains(near, f) && f != name {
				near = append(near, f)
			}
		}
	}
	return near
}

// notOnHub says of a model that a hub does not have which one was probably meant.
func (e *Env) notOnHub(cfg config.Config, name string, err error) error {
	near := e.nearModels(cfg, name)
	if !errors.Is(err, hub.ErrNotFound) || len(near) == 0 {
		return err
	}
	_, advice := Explain(err)
	return &fault.Error{Err: err, Advice: didYouMean(near, advice)}
}

// noSuchModel is the error for a model that is not on this machine.
func (e *Env) noSuchModel(cfg config.Config, name, advice string) error {
	return &fault.Error{
		Err:    fmt.Errorf("there is no model %s in %s", name, strings.Join(e.ModelDirs(cfg), ", ")),
		Kind:   fault.Fatal,
		Advice: didYouMean(e.nearModels(cfg, name), advice),
	}
}
