package app

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/dump"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
)

// Dump writes the index that the settings name to a file, which is replaced whole or not at
// all, or to out where the file is "-".
func (e *Env) Dump(ctx context.Context, cfg config.Config, file string, out io.Writer) (counts dump.Counts, err error) {
	st, err := e.OpenStore(ctx, cfg, store.ReadOnly, store.Model{})
	if err != nil {
		return counts, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	if file == "-" {
		return dump.Write(ctx, st, out, time.Now())
	}
	err = atomicfile.Write(file, func(w io.Writer) error {
		counts, err = dump.Write(ctx, st, w, time.Now())
		return err
	})
	return counts, err
}

// Load brings a dump into the index that the settings name, which is made if it is not
// there. The file is checked to its end first. An index that holds pictures already is an
// error, unless add is set.
func (e *Env) Load(ctx context.Context, cfg config.Config, file string, add bool) (counts dump.Counts, refused int64, err error) {
	// It is read twice, which a pipe cannot be; opening one would wait for its writer.
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		return counts, 0, fault.Usagef("write the dump to a file first", "%s is not a regular file", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return counts, 0, err
	}
	defer f.Close()
	h, _, err := dump.Check(ctx, f)
	if err != nil {
		return counts, 0, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return counts, 0, err
	}
	st, err := e.openStore(ctx, cfg, store.Create, wanted{model: h.StoreModel(), ids: h.IDSpace})
	if err != nil {
		return counts, 0, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	if other := store.IDSpace(st, cfg.Collection); other != h.IDSpace {
		return counts, 0, fault.Usagef("load it into a collection that is not there yet", "the collection was made as %s, and the dump's as %s", other, h.IDSpace)
	}
	n, err := st.Count(ctx, nil)
	if err != nil {
		return counts, 0, err
	}
	if n > 0 && !add {
		return counts, 0, fault.Usagef("name another with --collection NAME, or add to it with --add", "the index holds %d pictures already", n)
	}
	return dump.Load(ctx, f, st)
}
