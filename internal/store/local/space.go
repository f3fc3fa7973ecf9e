package local

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/dustin/go-humanize"

	"github.com/sightline/sightline/internal/store"
)

// tellSpace says of an error that a full disk makes which disk that is, and how much of it is
// free.
func tellSpace(err error, dir string) error {
	if err == nil || !errors.Is(err, store.ErrNoSpace) && !errors.Is(err, syscall.ENOSPC) {
		return err
	}
	if !errors.Is(err, store.ErrNoSpace) {
		err = fmt.Errorf("%w: %w", store.ErrNoSpace, err)
	}
	free, size, ok := spaceOf(dir)
	if !ok {
		return fmt.Errorf("%w: on the disk that holds %s", err, dir)
	}
	return fmt.Errorf("%w: the disk that holds %s has %s free of %s", err, dir, humanize.Bytes(free), humanize.Bytes(size))
}
