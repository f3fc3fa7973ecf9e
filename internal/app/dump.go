package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/dump"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
)

// Dump writes the index that the settings name to a file, whole or not at all, or to out
// where the file is "-". A file that is there is only replaced with replace.
func (e *Env) Dump(ctx context.Context, cfg config.Config, file string, replace bool, out io.Writer) (counts dump.Counts, err error) {
	if err := checkDumpFile(file, replace); err != nil {
		return counts, err
	}
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

// checkDumpFile reports a file that a dump cannot or must not be written to, before
// anything is read for it.
func checkDumpFile(file string, replace bool) error {
	const example = "name a file, such as index.jsonl, or - for stdout"
	if file == "-" {
		return nil
	}
	if file == "" {
		return fault.Usagef(example, "the file has no name")
	}
	info, err := os.Stat(file)
	switch {
	case err == nil && info.IsDir():
		return fault.Usagef("name a file in it: "+terminal.ShellWord(filepath.Join(file, "index.jsonl")), "%s is a folder", file)
	case err == nil && !info.Mode().IsRegular():
		return fault.Usagef(example, "%s is not a regular file", file)
	case err == nil && !replace:
		return fault.Usagef("name another file, or replace it with --force", "%s is there already", file)
	case err == nil:
		return nil
	}
	if dir, err := os.Stat(filepath.Dir(file)); err != nil {
		return fault.Usagef("make the folder first", "cannot write %s: %w", file, err)
	} else if !dir.IsDir() {
		return fault.Usagef(example, "cannot write %s: %s is not a folder", file, filepath.Dir(file))
	}
	return nil
}

// openRegular opens a file that can be read twice, which a pipe cannot be; opening one
// would wait for its writer.
func openRegular(file string) (*os.File, error) {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return nil, fault.Usagef("name the file that indexer dump wrote", "%s is a folder", file)
	} else if err == nil && !info.Mode().IsRegular() {
		return nil, fault.Usagef("write the dump to a file first", "%s is not a regular file", file)
	}
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil, fault.Usagef("name a file that indexer dump wrote and that this user may read", "%w", err)
	}
	return f, err
}

// Load brings a dump into the index that the settings name, which is made if it is not
// there. The file is checked to its end first. An index that holds pictures already is an
// error, unless add is set.
func (e *Env) Load(ctx context.Context, cfg config.Config, file string, add bool) (counts dump.Counts, refused int64, err error) {
	f, err := openRegular(file)
	if err != nil {
		return counts, 0, err
	}
	defer f.Close()
	h, _, err := dump.Check(ctx, f)
	if err != nil {
		return counts, 0, fmt.Errorf("%s: %w", file, err)
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
