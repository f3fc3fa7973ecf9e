package blocks

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sightline/sightline/internal/smallfile"
)

// Verify reads all blocks of a state and hands each one that is missing or damaged to found.
func (f *Folder) Verify(ctx context.Context, s *State, found func(problem string)) error {
	for _, file := range s.Files {
		for i, name := range file.Blocks {
			if err := ctx.Err(); err != nil {
				return err
			}
			_, err := f.block(name, file.length(i))
			if errors.Is(err, ErrDamaged) {
				found(fmt.Sprintf("%s: %v", file.Path, err))
			} else if err != nil {
				return err
			}
		}
	}
	return nil
}

// length is that of a block.
func (f *File) length(i int) int64 { return min(BlockSize, f.Size-int64(i)*BlockSize) }

// block reads a block. One that is not what its name says gives ErrDamaged.
func (f *Folder) block(name string, size int64) ([]byte, error) {
	b, err := smallfile.Read(f.blockPath(name), BlockSize)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: block %s is missing", ErrDamaged, name)
	} else if err != nil {
		return nil, err
	}
	if int64(len(b)) != size || sumOf(b) != name {
		return nil, fmt.Errorf("%w: block %s has other content", ErrDamaged, name)
	}
	return b, nil
}

// Extract writes the files of a state into a folder that is not there yet, and makes them
// durable.
func (f *Folder) Extract(ctx context.Context, s *State, dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	for _, file := range s.Files {
		path := filepath.Join(dir, filepath.FromSlash(file.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := f.extract(ctx, file, path); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

func (f *Folder) extract(ctx context.Context, file File, path string) (err error) {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	for i, name := range file.Blocks {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := f.block(name, file.length(i))
		if err != nil {
			return err
		}
		if _, err := out.Write(b); err != nil {
			return err
		}
	}
	return out.Sync()
}
