package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/lazyregexp"
)

// collectionName is what every store can make a folder or a name on a server of.
var collectionName = lazyregexp.New(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$`)

// Validate reports every setting that cannot work, not only the first. kinds are the
// names of the kinds of store; with none, the setting store is not looked at.
func (c Config) Validate(kinds []string) error {
	var errs []error
	oneOf := func(key, value string, allowed ...string) {
		if !slices.Contains(allowed, value) {
			named := slices.DeleteFunc(slices.Clone(allowed), func(a string) bool { return a == "" })
			errs = append(errs, fmt.Errorf("%w: %s is %q; it can be %s", ErrInvalid, key, value, strings.Join(named, ", ")))
		}
	}
	atLeast := func(key string, value, least int64) {
		if value < least {
			errs = append(errs, fmt.Errorf("%w: %s is %d; it must be at least %d", ErrInvalid, key, value, least))
		}
	}
	if len(kinds) > 0 {
		oneOf("store", c.Store, kinds...)
	}
	oneOf("precision", c.Precision, "", "fp32", "fp16", "int8")
	oneOf("pixels", c.Pixels, "", "fast", "exact")
	oneOf("colour", c.Colour, "", "srgb", "ignore")
	oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	if !collectionName().MatchString(c.Collection) {
		errs = append(errs, fmt.Errorf("%w: collection is %q; it can be up to 64 letters, digits, _, - and ., the first of them a letter, a digit or _",
			ErrInvalid, c.Collection))
	}
	oneOf("index.raw", c.Index.RAW, RAWTwin, RAWBoth, RAWOff)
	atLeast("index.workers", int64(c.Index.Workers), 0)
	atLeast("index.embed_workers", int64(c.Index.EmbedWorkers), 0)
	atLeast("index.embed_threads", int64(c.Index.EmbedThreads), 0)
	atLeast("index.batch_size", int64(c.Index.BatchSize), 0)
	atLeast("index.decoded_bytes", c.Index.DecodedBytes, 1<<20)
	atLeast("index.max_pixels", c.Index.MaxPixels, 1)
	atLeast("index.max_bytes", c.Index.MaxBytes, 1)
	atLeast("index.max_memory", c.Index.MaxMemory, 1<<20)
	for _, err := range c.Milvus.Validate() {
		errs = append(errs, fmt.Errorf("%w: %w", ErrInvalid, err))
	}
	return errors.Join(errs...)
}
