package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"

	"github.com/sightline/sightline/internal/smallfile"
	"github.com/sightline/sightline/internal/yamlfile"
)

// EnvPrefix starts the name of every environment variable of ours.
const EnvPrefix = "SIGHTLINE"

// Sources says where settings come from besides the defaults.
type Sources struct {
	// File is the config file that was asked for; it must exist. "" means
	// DefaultFile, if that exists.
	File string
	// Flags are the settings given on the command line, by key ("index.workers").
	Flags map[string]any
	// Getenv reads the environment; os.Getenv in the commands.
	Getenv func(string) string
	// StoreKinds are the names that the setting store can have; it is not looked at
	// where there are none.
	StoreKinds []string
}

// Load merges the sources over Default and validates the result. A key that does
// not exist, in the file, is an error that names it: a typing error must not
// silently leave the default. With an error come the settings without those that are
// wrong, for those who look for what is wrong.
func Load(s Sources) (Config, error) {
	c, _, err := load(s)
	return c, err
}

// load is Load, and says where each setting comes from.
func load(s Sources) (Config, map[string]Origin, error) {
	v := viper.New()
	if err := setDefaults(v, Default()); err != nil {
		return Config{}, nil, err
	}
	secrets := secretKeys(v)
	defaults := make(map[string]any)
	origins := make(map[string]Origin)
	for _, key := range v.AllKeys() {
		defaults[key], origins[key] = v.Get(key), Origin{Kind: FromDefault}
	}
	errs := []error{readFile(v, s, defaults, origins)}
	for _, key := range slices.Sorted(maps.Keys(defaults)) {
		// Not viper's own lookup of the environment, so that tests need not change
		// the process's and an empty variable means what it says: not set.
		value := s.Getenv(EnvName(key))
		if value == "" {
			continue
		}
		from := Origin{Kind: FromEnvironment, Name: EnvName(key)}
		if err := checkValue(from, key, defaults[key], value, value); err != nil {
			errs = append(errs, err)
			continue
		}
		origins[key] = from
		v.Set(key, value)
	}
	for key, value := range s.Flags {
		origins[key] = Origin{Kind: FromFlag}
		v.Set(key, value)
	}
	errs = append(errs, checkSecrets(v, secrets, origins))
	var c Config
	if err := v.UnmarshalExact(&c, decodeLists); err != nil {
		return Config{}, nil, errors.Join(append(errs, fmt.Errorf("%w: %s", ErrInvalid, tidy(err)))...)
	}
	c.findHome(s.Getenv)
	// Those that cannot be read come alone: the rest may be wrong only without them.
	err := errors.Join(errs...)
	if err == nil {
		err = locate(c.Validate(s.StoreKinds), origins)
	}
	return c, origins, err
}

// findHome puts the home folder in the place of a ~ that begins a path. A shell does that
// on a command line; nobody does it in a file.
func (c *Config) findHome(getenv func(string) string) {
	home := getenv("HOME")
	if home == "" {
		return
	}
	m := &c.Milvus
	for _, path := range []*string{
		&c.DB, &c.Model, &c.DefaultModel, &c.Models, &c.OnnxRuntimeLib, &c.Viewer,
		&m.PasswordFile, &m.TokenFile, &m.TLS.CA, &m.TLS.Cert, &m.TLS.Key,
	} {
		if *path == "~" || strings.HasPrefix(*path, "~/") {
			*path = filepath.Join(home, (*path)[1:])
		}
	}
}

// Keys lists every setting, nested ones with a dot, in alphabetical order.
func Keys() []string {
	v := viper.New()
	if err := setDefaults(v, Default()); err != nil {
		panic(err) // a struct of plain fields always decodes
	}
	keys := v.AllKeys()
	slices.Sort(keys)
	return keys
}

// ErrInvalid says that a setting is wrong; the message names it.
var ErrInvalid = errors.New("the settings are wrong")

// EnvName is the environment variable of a key: SIGHTLINE_INDEX_WORKERS for
// index.workers.
func EnvName(key string) string {
	return EnvPrefix + "_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// setDefaults makes every key known to viper, which otherwise loses environment
// values of keys that have no default.
func setDefaults(v *viper.Viper, c Config) error {
	var m map[string]any
	if err := mapstructure.Decode(c, &m); err != nil {
		return fmt.Errorf("listing the settings: %w", err)
	}
	for key, value := range m {
		v.SetDefault(key, value)
	}
	return nil
}

// readFile adds the config file to v, and notes in origins what came from it.
func readFile(v *viper.Viper, s Sources, defaults map[string]any, origins map[string]Origin) error {
	path, required := s.File, true
	if path == "" {
		path, required = DefaultFile(s.Getenv), false
	}
	if path == "" {
		return nil
	}
	content, err := smallfile.Read(path, maxFile)
	if errors.Is(err, fs.ErrNotExist) && !required {
		return nil
	} else if err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	places, err := placesIn(content)
	if err != nil {
		return unreadable(path, err)
	}
	bad, wrong := checkPlaces(path, places, defaults)
	for key, at := range places {
		if _, ok := defaults[key]; ok && at.node.Tag != "!!null" && !bad[key] {
			origins[key] = Origin{FromFile, path, at.line}
		}
	}
	var m map[string]any
	if err := yaml.Unmarshal(content, &m); err != nil {
		return unreadable(path, err)
	}
	drop(m, "", bad)
	if err := v.MergeConfigMap(m); err != nil {
		return unreadable(path, err)
	}
	return wrong
}

// unreadable is the error about a settings file as a whole.
func unreadable(path string, err error) error {
	var e *yamlfile.Error
	if errors.As(err, &e) {
		return settingError(e.In(path))
	}
	return settingError(path + ": " + tidy(err))
}

// drop takes out of a file's settings the bad ones, by their keys in lower case, and those
// without a value. A section all of whose lines are comments is one, and would hide the
// defaults of what it could hold.
func drop(m map[string]any, prefix string, bad map[string]bool) {
	for key, value := range m {
		path := strings.ToLower(prefix + key)
		if section, ok := value.(map[string]any); ok {
			drop(section, path+".", bad)
		}
		if value == nil || bad[path] {
			delete(m, key)
		}
	}
}

// maxFile is the largest config file, far above one with every setting.
const maxFile = 1 << 20

// decode reads a value as Load does.
func decode(given, into any) error {
	o := &mapstructure.DecoderConfig{Result: into, WeaklyTypedInput: true}
	decodeLists(o)
	d, err := mapstructure.NewDecoder(o)
	if err != nil {
		return err
	}
	return d.Decode(given)
}

// decodeLists lets a list be given in one environment variable, one value per line: a
// comma is part of a name.
func decodeLists(c *mapstructure.DecoderConfig) {
	c.DecodeHook = mapstructure.ComposeDecodeHookFunc(
		linesToList,
		mapstructure.StringToTimeDurationHookFunc(),
	)
}

// linesToList makes a list of the lines of a text that are not blank.
func linesToList(from, to reflect.Type, value any) (any, error) {
	text, ok := value.(string)
	if !ok || from.Kind() != reflect.String || to != reflect.TypeFor[[]string]() {
		return value, nil
	}
	list := []string{}
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) != "" {
			list = append(list, line)
		}
	}
	return list, nil
}

// tidy folds the decoder's several lines into one.
func tidy(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}

// DefaultFile is the config file that is read where none is named:
// $XDG_CONFIG_HOME/sightline/config.yaml. "" where there is no home.
func DefaultFile(getenv func(string) string) string {
	return xdg(getenv, "XDG_CONFIG_HOME", ".config", "config.yaml")
}

// DefaultDB is the folder of the local store: $XDG_DATA_HOME/sightline.
func DefaultDB(getenv func(string) string) string {
	return xdg(getenv, "XDG_DATA_HOME", ".local/share", "")
}

// DefaultModels is the folder that models are fetched into:
// $XDG_DATA_HOME/sightline/models.
func DefaultModels(getenv func(string) string) string {
	return xdg(getenv, "XDG_DATA_HOME", ".local/share", "models")
}

// DefaultCache is the folder of what can be computed again: $XDG_CACHE_HOME/sightline.
func DefaultCache(getenv func(string) string) string {
	return xdg(getenv, "XDG_CACHE_HOME", ".cache", "")
}

func xdg(getenv func(string) string, variable, fallback, name string) string {
	base := getenv(variable)
	if base == "" {
		home := getenv("HOME")
		if home == "" {
			return ""
		}
		base = filepath.Join(home, fallback)
	}
	return filepath.Join(base, "sightline", name)
}
