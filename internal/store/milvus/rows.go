package milvus

import (
	"fmt"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/service"
)

// rows is an answer of the server, read by field and row. The first value that is
// not as expected is kept as err; what is returned from then on means nothing.
type rows struct {
	columns map[string]service.Values
	order   []int // positions of the rows in the columns; nil for as they are
	err     error
	// oddities are the rows that another client wrote otherwise than this store would.
	oddities       []oddRow
	foreignVectors bool // there are vectors that are not of length 1
}

func newRows(columns []service.Column) *rows {
	r := &rows{columns: make(map[string]service.Values, len(columns))}
	for _, c := range columns {
		r.columns[c.Name] = c.Values
	}
	return r
}

// len is the number of rows.
func (r *rows) len() int {
	if r.order != nil {
		return len(r.order)
	}
	for _, c := range r.columns {
		if c != nil {
			return c.Len()
		}
	}
	return 0
}

func (r *rows) fail(field string, row int) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: the server's answer has no proper %q in row %d", store.ErrDamaged, field, row)
	}
}

// at is the position of a row in the columns.
func (r *rows) at(row int) int {
	if r.order == nil {
		return row
	}
	return r.order[row]
}

// raw returns a string as it is stored.
func (r *rows) raw(field string, row int) string {
	c, ok := r.columns[field].(service.Texts)
	if row = r.at(row); !ok || row >= len(c) {
		r.fail(field, row)
		return ""
	}
	return c[row]
}

func (r *rows) int(field string, row int) int64 {
	c, ok := r.columns[field].(service.Numbers)
	if row = r.at(row); !ok || row >= len(c) {
		r.fail(field, row)
		return 0
	}
	return c[row]
}

func (r *rows) json(field string, row int) []byte {
	c, ok := r.columns[field].(service.Documents)
	if row = r.at(row); !ok || row >= len(c) {
		r.fail(field, row)
		return nil
	}
	return c[row]
}

func (r *rows) vector(row, dim int) []float32 {
	c, ok := r.columns[fieldVector].(service.Vectors)
	if row = r.at(row); !ok || row >= len(c) || len(c[row]) != dim {
		r.fail(fieldVector, row)
		return nil
	}
	return c[row]
}
