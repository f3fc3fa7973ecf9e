package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/sightline/sightline/internal/store"
)

// state is the row that each commit changes.
type state struct {
	generation int64
	rowCount   int64
	updated    int64 // Unix seconds
	format     int   // of the catalogue
}

func readState(ctx context.Context, tx *sql.Tx) (state, error) {
	var st state
	err := tx.QueryRowContext(ctx, "SELECT generation, slots, updated, (SELECT user_version FROM pragma_user_version) FROM state").
		Scan(&st.generation, &st.rowCount, &st.updated, &st.format)
	if err != nil {
		return st, sqlError(err)
	}
	if st.generation < 1 || st.rowCount < 0 || st.rowCount > (1<<62)/maxDim/4 {
		return st, fmt.Errorf("%w: generation %d with %d rows", store.ErrDamaged, st.generation, st.rowCount)
	}
	return st, nil
}

// snapshot is one consistent view: a read transaction and the vectors that belong
// to it. It blocks no writer.
type snapshot struct {
	state
	tx      *sql.Tx
	vectors *mapping // nil for catalogueOnly
	release func()
}

// viewOf says what a snapshot is a view of.
type viewOf int

const (
	catalogueOnly viewOf = iota
	withVectors          // the vector file too, which is mapped
)

// viewFor is what a scan needs.
func viewFor(fields store.Fields) viewOf {
	if fields.Vectors {
		return withVectors
	}
	return catalogueOnly
}

// snapshot begins a view of the last commit. A compaction that removes the vector file
// before it is mapped makes the snapshot begin again.
func (s *Store) snapshot(ctx context.Context, of viewOf) (*snapshot, error) {
	if err := s.isOpen(); err != nil {
		return nil, err
	}
	const attempts = 10 // each lost one takes a whole compaction
	var err error
	for range attempts {
		var sn *snapshot
		if sn, err = s.trySnapshot(ctx, of); err == nil {
			return sn, nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: %w", store.ErrDamaged, err)
}

func (s *Store) trySnapshot(ctx context.Context, of viewOf) (_ *snapshot, err error) {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, s.closedOr(sqlError(err))
	}
	defer func() {
		if err != nil {
			tx.Rollback()
		}
	}()
	sn := &snapshot{tx: tx}
	// SQLite's view begins with this first read.
	if sn.state, err = readState(ctx, tx); err != nil {
		return nil, s.closedOr(err)
	}
	if of == withVectors {
		sn.vectors, err = s.maps.acquire(s.vectorPath(sn.generation), s.codePath(sn.generation), s.header(sn.generation), sn.rowCount)
		if err != nil {
			return nil, err
		}
	}
	sn.release = func() {
		tx.Rollback()
		if sn.vectors != nil {
			s.maps.release(sn.vectors)
		}
	}
	return sn, nil
}

// closedOr is err, or store.ErrClosed where the store was closed meanwhile.
func (s *Store) closedOr(err error) error {
	if closed := s.isOpen(); closed != nil {
		return closed
	}
	return err
}

// chunkSize is how many values one IN list holds: few enough for every build of
// SQLite, many enough that the cost of a statement vanishes.
const chunkSize = 500

// list is the placeholders of an IN list.
func list(n int) string {
	return "(?" + strings.Repeat(",?", n-1) + ")"
}
