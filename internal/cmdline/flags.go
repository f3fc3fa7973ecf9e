package cmdline

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
)

// settingOf maps a flag to the setting that it overrides.
var settingOf = map[string]string{
	"store": "store", "db": "db", "collection": "collection", "model": "model", "models": "models",
	"precision": "precision", "allow-urls": "fetch_urls", "pixels": "pixels", "colour": "colour", "onnxruntime-lib": "onnxruntime_lib", "log-level": "log.level",
	"milvus-address": "milvus.address", "recall": "milvus.recall",
	"workers": "index.workers", "embed-workers": "index.embed_workers", "embed-threads": "index.embed_threads", "batch-size": "index.batch_size",
	"max-pixels": "index.max_pixels", "max-bytes": "index.max_bytes", "max-memory": "index.max_memory", "hidden": "index.hidden", "raw": "index.raw", "ignore": "index.ignore",
}

// The categories of flags in the help texts.
const (
	categoryStore = "Where the index is"
	categoryModel = "The model"
	categoryOut   = CategoryOut
)

// CategoryOut is the category of flags that say how results look.
const CategoryOut = "Output"

// StoreFlags choose the index.
func StoreFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "config", Usage: "read settings from `FILE`", Category: categoryStore},
		&cli.StringFlag{Name: "store", Usage: "`KIND` of store: " + strings.Join(app.StoreKinds(), " or "), DefaultText: app.StoreKinds()[0], Category: categoryStore},
		&cli.StringFlag{Name: "db", Usage: "folder `DIR` of the local store", DefaultText: "$XDG_DATA_HOME/sightline", Category: categoryStore},
		&cli.StringFlag{Name: "milvus-address", Usage: "`HOST:PORT` of the Milvus server", DefaultText: "localhost:19530", Category: categoryStore},
		&cli.StringFlag{Name: "collection", Usage: "`NAME` of the collection in the store", DefaultText: "default", Category: categoryStore},
		&cli.Float64Flag{Name: "recall", Usage: "share `R` of the true nearest that a search in Milvus aims to find", DefaultText: "0.95", Category: categoryStore},
	}
}

// ModelFlags choose the model and how it is run.
func ModelFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "model", Usage: "model by `NAME` or folder", DefaultText: "the index's own, else starter", Category: categoryModel},
		&cli.StringFlag{Name: "models", Usage: "folder `DIR` that models are fetched into", DefaultText: "$XDG_DATA_HOME/sightline/models", Category: categoryModel},
		&cli.StringFlag{Name: "precision", Usage: "which of the model's files to use (`fp32|fp16|int8`)", DefaultText: "what the model has", Category: categoryModel},
		&cli.StringFlag{Name: "pixels", Usage: "how to decode large JPEGs (`fast|exact`)", DefaultText: "fast", Category: categoryModel},
		&cli.StringFlag{Name: "colour", Usage: "convert colours by the profile in a picture, or ignore it (`srgb|ignore`)", DefaultText: "srgb", Category: categoryModel},
		&cli.StringFlag{Name: "onnxruntime-lib", Usage: "ONNX Runtime shared library `FILE`", DefaultText: "lib beside the program", Category: categoryModel},
	}
}

// OutputFlags say how results and the log look.
func OutputFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "json", Usage: "print one JSON object per line", Category: categoryOut},
		&cli.StringFlag{Name: "log-level", Usage: "log messages of this kind and graver ones (`debug|info|warn|error`)", DefaultText: "warn", Category: categoryOut},
	}
}

// Flags joins lists of flags.
func Flags(lists ...[]cli.Flag) []cli.Flag {
	var out []cli.Flag
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}
