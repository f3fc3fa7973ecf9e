package config

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"

	"github.com/sightline/sightline/internal/secret"
	"github.com/sightline/sightline/internal/yamlfile"
)

// OriginKind is a kind of place that a setting comes from.
type OriginKind string

// The kinds of places, each of which wins over those before it.
const (
	FromDefault     OriginKind = "default"
	FromFile        OriginKind = "file"
	FromEnvironment OriginKind = "environment"
	FromFlag        OriginKind = "flag"
)

// Origin is where a setting comes from.
type Origin struct {
	Kind OriginKind
	Name string // path of the file, or name of the variable; "" for the others
	Line int    // in the file, from 1
}

// String names the place as a person would look it up: a file with its line, a variable.
func (o Origin) String() string {
	switch o.Kind {
	case FromFile:
		return fmt.Sprintf("%s line %d", o.Name, o.Line)
	case FromEnvironment:
		return o.Name
	}
	return string(o.Kind)
}

// Setting is one value and where it comes from.
type Setting struct {
	Key    string
	Value  any // a bool, a number, a text, a list of texts, a time.Duration or a secret.Text
	Origin Origin
}

// Explain lists every setting in alphabetical order with its value and its origin. The
// error is that of Load; the settings are listed with it, without those that are wrong.
func Explain(s Sources) ([]Setting, error) {
	c, origins, err := load(s)
	if origins == nil {
		return nil, err
	}
	v := viper.New()
	if err := setDefaults(v, c); err != nil {
		return nil, err
	}
	var settings []Setting
	for _, key := range Keys() {
		settings = append(settings, Setting{Key: key, Value: v.Get(key), Origin: origins[key]})
	}
	return settings, err
}

// place is a value in a file.
type place struct {
	line int
	node *yaml.Node
}

// maxDepth is more than any setting has. Aliases in a file may go far deeper.
const maxDepth = 4

// placesIn lists the values of a YAML file by their keys in lower case, as viper has them.
// A section is listed too, so that one in the place of a value is found.
func placesIn(content []byte) (map[string]place, error) {
	places := make(map[string]place)
	root, err := yamlfile.Parse(content)
	if err != nil || root == nil {
		return places, err
	}
	if root.Kind != yaml.MappingNode {
		return nil, &yamlfile.Error{Line: root.Line, Reason: "there must be settings like `collection: holidays`"}
	}
	var twice error // names are the same up to case
	var walk func(n *yaml.Node, prefix string, depth int)
	walk = func(n *yaml.Node, prefix string, depth int) {
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			if value.Kind == yaml.AliasNode {
				value = value.Alias
			}
			path := strings.ToLower(prefix + key.Value)
			if first, ok := places[path]; ok && twice == nil {
				twice = &yamlfile.Error{Line: key.Line, Reason: fmt.Sprintf("%s stands in line %d already", path, first.line)}
			}
			places[path] = place{key.Line, value}
			if value.Kind == yaml.MappingNode && depth < maxDepth {
				walk(value, path+".", depth+1)
			}
		}
	}
	walk(root, "", 0)
	return places, twice
}

// checkPlaces refuses keys that do not exist and values that are not what their setting
// takes, and returns their keys. All of them are reported, each with its line. The value of
// a secret is not.
func checkPlaces(path string, places map[string]place, defaults map[string]any) (bad map[string]bool, _ error) {
	type mistake struct {
		line int
		err  error
	}
	var found []mistake
	bad = make(map[string]bool)
	for key, at := range places {
		from := Origin{FromFile, path, at.line}
		value, known := defaults[key]
		isSection := slices.ContainsFunc(keysOf(defaults), func(k string) bool { return strings.HasPrefix(k, key+".") })
		var err error
		switch {
		case isSection && (at.node.Kind == yaml.MappingNode || at.node.Tag == "!!null"):
		case isSection:
			err = invalid(from, "%s is a section, with settings of its own below it", key)
		case !known && belowAValue(key, defaults):
			bad[key] = true // its section is reported
		case !known:
			err = invalid(from, "there is no setting %s%s", key, meant(key, keysOf(defaults)))
		default:
			err = checkNode(from, key, value, at.node)
		}
		if err != nil {
			bad[key] = true
			found = append(found, mistake{at.line, err})
		}
	}
	slices.SortFunc(found, func(a, b mistake) int { return a.line - b.line })
	var errs []error
	for i, m := range found {
		if i == maxReported {
			errs = append(errs, settingError(fmt.Sprintf("and %d more", len(found)-i)))
			break
		}
		errs = append(errs, m.err)
	}
	return bad, errors.Join(errs...)
}

// maxReported is how many wrong settings of a file are named.
const maxReported = 5

func keysOf(defaults map[string]any) []string {
	var keys []string
	for k := range defaults {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// belowAValue reports whether a key lies below one that is no section.
func belowAValue(key string, defaults map[string]any) bool {
	for i := strings.LastIndexByte(key, '.'); i > 0; i = strings.LastIndexByte(key[:i], '.') {
		if _, ok := defaults[key[:i]]; ok {
			return true
		}
	}
	return false
}

// otherNames are names that other programs have for settings of ours.
var otherNames = map[string]string{
	"milvus.port": "milvus.address (host:port)", "milvus.host": "milvus.address (host:port)", "milvus.uri": "milvus.address", "milvus.url": "milvus.address",
	"milvus.user": "milvus.username", "milvus.db": "milvus.database", "milvus.timeout": "milvus.call_timeout", "threads": "index.embed_threads", "database": "db",
}

// meant suggests the setting that has the same last name, or nearly the same name.
func meant(key string, keys []string) string {
	if other, ok := otherNames[key]; ok {
		return "; did you mean " + other + "?"
	}
	leaf := key[strings.LastIndexByte(key, '.')+1:]
	for _, k := range keys {
		if strings.HasSuffix(k, "."+leaf) || k == leaf {
			return "; did you mean " + k + "?"
		}
	}
	for _, k := range keys {
		if oneOff(k, key) {
			return "; did you mean " + k + "?"
		}
	}
	return ""
}

// oneOff reports whether two names differ by a letter that is missing, added, wrong or
// in the place of its neighbour.
func oneOff(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	switch len(b) - len(a) {
	case 0:
		return i < len(a) && (a[i+1:] == b[i+1:] || i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:])
	case 1:
		return a[i:] == b[i+1:]
	}
	return false
}

// checkNode refuses a value of a file that its setting cannot take.
func checkNode(from Origin, key string, value any, n *yaml.Node) error {
	if _, ok := value.(secret.Text); ok {
		return nil // checkSecrets does, without showing it
	}
	_, isList := value.([]string)
	switch {
	case n.Tag == "!!null":
		return nil // not set
	case n.Kind == yaml.ScalarNode:
		var given any
		if err := n.Decode(&given); err != nil {
			given = n.Value
		}
		return checkValue(from, key, value, given, n.Value)
	case isList && n.Kind == yaml.SequenceNode:
		for _, item := range n.Content {
			if item.Kind != yaml.ScalarNode {
				return invalid(Origin{FromFile, from.Name, item.Line}, "%s takes texts, and one of them is not", key)
			}
			if tag := item.ShortTag(); tag == "!!null" || tag == "!!bool" {
				return invalid(Origin{FromFile, from.Name, item.Line}, "%s takes texts; put %q between quotes, or take it out", key, item.Value)
			}
		}
		return nil
	case n.Kind == yaml.MappingNode:
		return invalid(from, "%s takes one value, and there is a section", key)
	}
	return invalid(from, "%s takes one value, and there is a list", key)
}

// checkValue refuses what cannot be read as the value of a setting, in the words of a
// person: the decoder's errors speak of Go's types. shown is the value as it was written.
func checkValue(from Origin, key string, value, given any, shown string) error {
	if fits(value, given) && decode(given, reflect.New(reflect.TypeOf(value)).Interface()) == nil {
		return nil
	}
	if number, ok := new(big.Int).SetString(shown, 10); ok && inWords(value) == "a whole number" {
		return invalid(from, "%s: %v is too large", key, number)
	}
	return invalid(from, "%s: %q is not %s", key, shown, inWords(value))
}

// fits refuses what the decoder would make something else of without a word: half a
// thread is none, true is 1, and 4 is so many nanoseconds.
func fits(value, given any) bool {
	_, isDuration := value.(time.Duration)
	kind := reflect.TypeOf(value).Kind()
	switch g := given.(type) {
	case float64:
		return !isDuration && (kind != reflect.Int && kind != reflect.Int64 || g == math.Trunc(g) && math.Abs(g) < 1<<63)
	case bool:
		return kind == reflect.Bool || kind == reflect.String
	case int:
		return kind != reflect.Bool && (!isDuration || g == 0)
	case string:
		return g != "" || kind == reflect.String || kind == reflect.Slice
	}
	return true
}

// inWords is what a setting takes.
func inWords(value any) string {
	if _, ok := value.(time.Duration); ok {
		return "a duration like 30s or 2m"
	}
	switch reflect.TypeOf(value).Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	}
	return "a text"
}

// locate puts the place that a setting was given in before each error of Validate, whose
// message starts with the key. A flag or a default needs none.
func locate(err error, origins map[string]Origin) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	var errs []error
	for _, e := range joined.Unwrap() {
		message := strings.TrimPrefix(e.Error(), ErrInvalid.Error()+": ")
		key, _, _ := strings.Cut(message, " ")
		if from := origins[key]; from.Kind == FromFile || from.Kind == FromEnvironment {
			e = invalid(from, "%s", message)
		}
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}

// settingError is an error about a setting that somebody gave. It is ErrInvalid.
type settingError string

func (e settingError) Error() string { return string(e) }

// Is reports whether target is ErrInvalid.
func (e settingError) Is(target error) bool { return target == ErrInvalid }

// invalid is an error that begins with the place that a setting was given in, if any.
func invalid(from Origin, format string, args ...any) error {
	message := fmt.Sprintf(format, args...)
	if from.Kind == FromFile || from.Kind == FromEnvironment {
		message = from.String() + ": " + message
	}
	return settingError(message)
}
