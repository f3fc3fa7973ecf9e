package local

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local/salvage"
)

// destination is a table into which rows are rescued.
type destination struct {
	name      string
	statement string
	insert    *sql.Stmt
}

const (
	toRecords = iota
	toFreed
	toSums
	toTags
	toFailures
	toMeta
)

func destinations() []destination {
	values := func(table string, columns int) string {
		return "INSERT OR IGNORE INTO " + table + " VALUES(?" + strings.Repeat(",?", columns-1) + ")"
	}
	return []destination{
		toRecords:  {"records", values("records", 16), nil},
		toFreed:    {"freed", values("freed", 1), nil},
		toSums:     {"sums", values("sums", 3), nil},
		toTags:     {"tags", values("tags", 7), nil},
		toFailures: {"failures", values("failures", 10), nil},
		toMeta:     {"meta", values("meta", 2), nil},
	}
}

// readRows brings the rows of the damaged catalogue into the new one.
func (r *rescue) readRows(ctx context.Context, tx *sql.Tx, d *salvage.Database) (err error) {
	r.roots = map[string]bool{}
	tables := destinations()
	for i := range tables {
		if tables[i].insert, err = tx.PrepareContext(ctx, tables[i].statement); err != nil {
			return sqlError(err)
		}
		defer tables[i].insert.Close()
	}
	for row, err := range d.Rows(ctx) {
		if err != nil {
			return err
		}
		table, values := r.classify(row)
		if table < 0 {
			continue
		}
		if _, err := tables[table].insert.ExecContext(ctx, values...); err != nil {
			// It is no row of this table, whatever it looks like.
			if failed := sqlError(err); ctx.Err() != nil || !isConstraint(err) {
				return failed
			}
		}
	}
	if pages, lost := d.Damaged(); len(pages) > 0 || lost > 0 {
		r.found(fmt.Sprintf("%s: %d pages are damaged (%s), and %d rows elsewhere go on in them", catalogueName, len(pages), someOf(pages), lost))
	}
	if !d.Listed() {
		r.found(catalogueName + ": the list of its free pages is damaged, so that tags and failures that were removed may be back")
	}
	return nil
}

func someOf(pages []int64) string {
	const most = 10
	text := strings.Trim(fmt.Sprint(pages[:min(most, len(pages))]), "[]")
	if len(pages) > most {
		text += " ..."
	}
	return text
}

// classify tells by the values of a row to which table it belongs, and what goes there: -1
// for none.
func (r *rescue) classify(row salvage.Row) (table int, values []any) {
	v := row.Values
	is := func(i int, kind any) bool {
		switch kind.(type) {
		case string:
			_, ok := v[i].(string)
			return ok
		case []byte:
			_, ok := v[i].([]byte)
			return ok
		case int64:
			_, ok := v[i].(int64)
			return ok
		}
		return false
	}
	var text string
	var bytes []byte
	var number int64
	switch {
	case !row.Indexed && (len(v) == 16 || len(v) == 14) && v[0] == nil && is(1, text) && is(6, bytes) && is(7, bytes):
		return toRecords, r.recordRow(row)
	case !row.Indexed && len(v) == 1 && v[0] == nil:
		return toFreed, []any{row.RowID}
	case !row.Indexed && len(v) == 3 && v[0] == nil && is(1, number) && is(2, bytes):
		return toSums, []any{row.RowID, v[1], v[2]}
	case !row.Indexed && len(v) == 3 && is(0, number) && is(1, number) && is(2, number):
		if g, slots := v[0].(int64), v[1].(int64); g > r.generation && slots >= 0 && slots < (1<<62)/maxDim/4 {
			r.generation, r.slots = g, slots
		}
	case row.Indexed && len(v) == 7 && is(0, number) && is(1, number) && is(2, text) && is(3, text):
		return toTags, v
	case row.Indexed && len(v) == 10 && is(0, text) && is(1, bytes):
		return toFailures, v
	case row.Indexed && len(v) == 2 && is(0, text) && !isID(v[0].(string)):
		return toMeta, v
	}
	return -1, nil
}

// isID reports whether a text can be the id of a record.
func isID(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == 20
}

// readIndexes notes what indexes say of the rows that have no record.
func (r *rescue) readIndexes(ctx context.Context, tx *sql.Tx, d *salvage.Database) error {
	r.named, r.ids = map[int64][]string{}, map[int64]string{}
	have := newBitmap(r.slots)
	rowIDs, err := rowIDsOf(ctx, tx, "SELECT slot FROM records UNION ALL SELECT slot FROM freed")
	if err != nil {
		return err
	}
	for _, rowID := range rowIDs {
		if rowID >= 0 && rowID < r.slots {
			have.set(rowID)
		}
	}
	for row, err := range d.Rows(ctx) {
		if err != nil {
			return err
		}
		if !row.Indexed || len(row.Values) != 2 {
			continue
		}
		rowID, ok := row.Values[1].(int64)
		if !ok || rowID < 0 || rowID >= r.slots || have.has(rowID) {
			continue
		}
		switch v := row.Values[0].(type) {
		case string:
			r.ids[rowID] = v
		case []byte:
			r.named[rowID] = append(r.named[rowID], string(v))
		}
	}
	return nil
}

// pathOf tells the entry of the index of paths from that of the index of hashes: the id of
// the record follows from its path. Where the id is lost too, a path is what begins as one, and
// either is text or has not the length of a hash.
func (r *rescue) pathOf(rowID int64) (string, bool) {
	id, known := r.ids[rowID]
	for _, p := range r.named[rowID] {
		if known && store.ID(r.model.IDSpace, p) == id {
			return p, true
		}
		if !known && filepath.IsAbs(p) && (len(p) != sha256.Size || isText(p)) {
			return p, true
		}
	}
	return "", false
}

func isText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// recordRow is a record as the current format has it.
func (r *rescue) recordRow(row salvage.Row) []any {
	v := slices.Clone(row.Values)
	v[0] = row.RowID
	if len(v) == 14 { // of format 1
		if taken, _ := v[11].(int64); taken != 0 {
			if seconds, ok := v[12].(int64); ok {
				v[12] = floating(seconds)
			}
		}
		v = append(v, int64(store.StaleMetadata), "")
	}
	r.roots[string(v[7].([]byte))] = true
	return v
}

// completeRecords makes records again whose pages are damaged, as far as indexes repeat what
// they said, and names the pictures. Those whose paths are lost too are counted by the tags
// that they had.
func (r *rescue) completeRecords(ctx context.Context, tx *sql.Tx, d *salvage.Database) error {
	if err := r.readIndexes(ctx, tx, d); err != nil {
		return err
	}
	for _, rowID := range slices.Sorted(maps.Keys(r.named)) {
		p, ok := r.pathOf(rowID)
		if !ok {
			continue
		}
		res, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO records VALUES(?,?,-1,0,0,NULL,?,?,0,0,'',0,0,0,?,'')`,
			rowID, store.ID(r.model.IDSpace, p), []byte(p), []byte(r.rootOf(p)), int64(store.StaleMetadata))
		if err != nil {
			return sqlError(err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			continue // an entry from before the picture was replaced
		}
		r.found(fmt.Sprintf("the record of %s is damaged; its path, its embedding and its tags are kept, and the next indexer run reads the picture again", p))
	}
	var orphans int64
	if err := tx.QueryRowContext(ctx, "SELECT count(DISTINCT slot) FROM tags WHERE slot NOT IN (SELECT slot FROM records)").Scan(&orphans); err != nil {
		return sqlError(err)
	}
	if orphans > 0 {
		r.found(fmt.Sprintf("pictures with tags whose records are lost together with their paths: %d; the next indexer run reads them as new ones", orphans))
	}
	return nil
}

// rootOf is the root below which a path lies, or its folder where none is known.
func (r *rescue) rootOf(p string) string {
	best := ""
	for root := range r.roots {
		if len(root) > len(best) && (strings.HasPrefix(p, strings.TrimSuffix(root, "/")+"/") || p == root) {
			best = root
		}
	}
	if best == "" {
		return path.Dir(p)
	}
	return best
}
