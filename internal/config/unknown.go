package config

import (
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/lazyregexp"
	"github.com/sightline/sightline/internal/spelling"
)

// Variables of ours that are no settings.
const (
	FileVariable   = EnvPrefix + "_CONFIG"          // the file of the settings
	TokenVariable  = EnvPrefix + "_TOKEN"           // of a server that search --server asks
	CompleteWithin = EnvPrefix + "_COMPLETE_WITHIN" // how long a look-up for tab completion may take
)

// Variable is an environment variable that begins as ours do, and that nothing reads.
type Variable struct {
	Name  string
	Meant []string // the variables that were probably meant, the nearest first
}

// serviceLink is a variable that Kubernetes and Docker set in every container for a service
// that is called sightline.
var serviceLink = lazyregexp.New(`^` + EnvPrefix + `_([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?|ENV_[A-Z0-9_]+|NAME)$`)

// UnknownVariables lists the variables of an environment (lines of NAME=VALUE, as
// os.Environ gives them) that begin with EnvPrefix and are neither a setting's nor one of
// the others above: a typing error there would leave the default without a word. Those
// without a value mean nothing, as for settings.
func UnknownVariables(environ []string) []Variable {
	var known []string
	var found []Variable
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		if !strings.HasPrefix(strings.ToUpper(name), EnvPrefix+"_") || value == "" {
			continue
		}
		if known == nil {
			known = knownVariables()
		}
		if slices.Contains(known, name) {
			continue
		}
		meant := nearestVariables(name, known)
		if len(meant) == 0 && serviceLink().MatchString(name) {
			continue
		}
		found = append(found, Variable{Name: name, Meant: meant})
	}
	slices.SortFunc(found, func(a, b Variable) int { return strings.Compare(a.Name, b.Name) })
	return found
}

func knownVariables() []string {
	known := []string{FileVariable, TokenVariable, CompleteWithin}
	for _, key := range Keys() {
		known = append(known, EnvName(key))
	}
	return known
}

// nearestVariables finds those that were meant by a name: by a typing error, or by the last
// part of a setting's key alone, as in SIGHTLINE_WORKERS.
func nearestVariables(name string, known []string) []string {
	rest := strings.TrimPrefix(strings.ToUpper(name), EnvPrefix)
	shortest := ""
	for _, k := range known {
		if strings.HasSuffix(k, rest) && (shortest == "" || len(k) < len(shortest)) {
			shortest = k
		}
	}
	if shortest != "" {
		return []string{shortest}
	}
	return spelling.Nearest(name, known)
}
