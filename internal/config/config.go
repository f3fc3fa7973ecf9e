// Package config holds the settings of both commands: their types and defaults,
// where they come from, and what makes them invalid.
//
// A setting comes from, in rising order: the default, the config file, the
// environment (SIGHTLINE_ and the key, with _ for the dot), and the flag. A store with
// settings of its own has a package for them, which is a section here. Besides those the
// package imports no other of ours; internal/app turns a Config into each package's own
// options.
package config

import "github.com/sightline/sightline/internal/store/milvus/settings"

// Config is every setting. The tags are the keys in the file; config.yaml at the
// top of the repository explains them one by one.
type Config struct {
	Store          string            `mapstructure:"store"`           // the kind of store, "local" or another of Sources.StoreKinds
	StoreExact     bool              `mapstructure:"store_exact"`     // local: search without the 8-bit first pass
	DB             string            `mapstructure:"db"`              // folder of the local store; "" means DefaultDB
	Collection     string            `mapstructure:"collection"`      // name within the store
	Model          string            `mapstructure:"model"`           // name or folder; "" means the index's own, else "starter"
	DefaultModel   string            `mapstructure:"default_model"`   // of new indexes; "" means what app.ModelForNew finds
	Precision      string            `mapstructure:"precision"`       // "fp32", "fp16", "int8"; "" means what the bundle has
	Pixels         string            `mapstructure:"pixels"`          // "fast" or "exact"; "" means the index's own, else "fast"
	Colour         string            `mapstructure:"colour"`          // "srgb" or "ignore"; "" means the index's own, else "srgb"
	Models         string            `mapstructure:"models"`          // folder that models are fetched into; "" means DefaultModels
	OnnxRuntimeLib string            `mapstructure:"onnxruntime_lib"` // shared library; "" means to look for it
	Viewer         string            `mapstructure:"viewer"`          // program that --open opens files with; "" means the system's
	FetchURLs      bool              `mapstructure:"fetch_urls"`      // queries may name pictures on the web
	Milvus         settings.Settings `mapstructure:"milvus"`
	Index          Index             `mapstructure:"index"`
	Log            Log               `mapstructure:"log"`
}

// Index are the settings of the indexing pipeline.
type Index struct {
	Workers      int      `mapstructure:"workers"`       // files read and decoded at once; 0: one per core
	EmbedWorkers int      `mapstructure:"embed_workers"` // batches embedded at once; 0: tuned, else one per core
	EmbedThreads int      `mapstructure:"embed_threads"` // threads of each; 0: tuned, else 1
	BatchSize    int      `mapstructure:"batch_size"`    // pictures per batch; 0: tuned, else 8
	DecodedBytes int64    `mapstructure:"decoded_bytes"` // memory of decoded pictures, at most
	MaxPixels    int64    `mapstructure:"max_pixels"`    // of one picture
	MaxBytes     int64    `mapstructure:"max_bytes"`     // of one file
	MaxMemory    int64    `mapstructure:"max_memory"`    // of decoding one picture
	Hidden       bool     `mapstructure:"hidden"`        // look at files and folders with a leading dot
	FollowLinks  bool     `mapstructure:"follow_links"`
	Ignore       []string `mapstructure:"ignore"` // globs, as in .sightlineignore
	RAW          string   `mapstructure:"raw"`    // RAWTwin, RAWBoth or RAWOff
}

// What becomes of cameras' RAW files.
const (
	RAWTwin = "twin" // one picture with the JPEG or HEIC of the same name beside it
	RAWBoth = "both" // pictures of their own
	RAWOff  = "off"  // passed over
)

// Log are the settings of the log on stderr.
type Log struct {
	Level string `mapstructure:"level"` // "debug", "info", "warn" or "error"
}

// Default returns the settings that hold where nothing else is said.
func Default() Config {
	return Config{
		Store:      "local",
		Collection: "default",
		Milvus:     settings.Default(),
		Index: Index{
			DecodedBytes: 512 << 20,
			MaxPixels:    500_000_000,
			MaxBytes:     2 << 30,
			MaxMemory:    800 << 20,
			FollowLinks:  true,
			Ignore:       []string{},
			RAW:          RAWTwin,
		},
		Log: Log{Level: "warn"},
	}
}
