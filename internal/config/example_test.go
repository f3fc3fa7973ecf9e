package config_test

import (
	"fmt"

	"github.com/sightline/sightline/internal/config"
)

// A flag goes before the environment, and that before the default.
func ExampleLoad() {
	environment := map[string]string{"SIGHTLINE_COLLECTION": "holidays", "SIGHTLINE_INDEX_WORKERS": "2"}
	cfg, err := config.Load(config.Sources{
		Flags:  map[string]any{"index.workers": 4},
		Getenv: func(name string) string { return environment[name] },
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(cfg.Store, cfg.Collection, cfg.Index.Workers)

	_, err = config.Load(config.Sources{
		Flags:      map[string]any{"store": "paper"},
		Getenv:     func(string) string { return "" },
		StoreKinds: []string{"local", "milvus"},
	})
	fmt.Println(err)
	// Output:
	// local holidays 4
	// the settings are wrong: store is "paper"; it can be local, milvus
}
