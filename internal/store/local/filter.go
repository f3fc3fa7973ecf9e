package local

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
)

// condition is a filter as SQL over a table called r. Whatever came from a user is
// an argument; the SQL is made of constants.
type condition struct {
	sql  string
	args []any
}

// maxFilterNodes keeps a condition within SQLite's limits on arguments and depth of
// expressions.
const maxFilterNodes = 500

// compile turns a filter into a condition that holds for the same records as
// store.Match.
func compile(f store.Filter) (condition, error) {
	budget := maxFilterNodes
	return compileNode(f, &budget)
}

func compileNode(f store.Filter, budget *int) (condition, error) {
	if *budget--; *budget < 0 {
		return condition{}, fmt.Errorf("the filter has more than %d parts", maxFilterNodes)
	}
	switch f := f.(type) {
	case nil:
		return condition{sql: "1"}, nil
	case store.And:
		return join(f, " AND ", "1", budget)
	case store.Or:
		return join(f, " OR ", "0", budget)
	case store.Not:
		part, err := compileNode(f.Part, budget)
		return condition{"NOT " + part.sql, part.args}, err
	case store.Under:
		// Everything that begins with prefix lies in [prefix, next): the prefix ends in
		// a slash, so next is the same with the following byte for its last.
		exact, prefix := f.Bounds()
		next := prefix[:len(prefix)-1] + string(rune('/'+1))
		return condition{"(r.path = ? OR (r.path >= ? AND r.path < ?))",
			[]any{[]byte(exact), []byte(prefix), []byte(next)}}, nil
	case store.Since:
		s, ns := secondsOf(time.Time(f))
		return condition{"((r.when_s, r.when_ns) >= (?, ?))", []any{s, ns}}, nil
	case store.Until:
		s, ns := secondsOf(time.Time(f))
		return condition{"((r.when_s, r.when_ns) < (?, ?))", []any{s, ns}}, nil
	case store.Dated:
		return condition{sql: "(r.taken <> 0)"}, nil
	case store.HasTag:
		return condition{"(r.slot IN (SELECT slot FROM tags WHERE folded = ?))",
			[]any{label.Fold(string(f))}}, nil
	case store.FormatIs:
		return condition{"(r.format = ?)", []any{string(f)}}, nil
	case store.SideAtLeast:
		return condition{"(r." + sideColumn(f.Side) + " >= ?)", []any{f.Least()}}, nil
	case store.SideAtMost:
		return condition{"(r." + sideColumn(f.Side) + " <= ?)", []any{f.Most()}}, nil
	case store.WithContent:
		if len(f) == 0 {
			return condition{sql: "0"}, nil
		}
		return condition{"(r.hash IS NOT NULL AND r.hash = ?)", []any{[]byte(f)}}, nil
	case store.WithID:
		// One argument, however many they are.
		list, err := json.Marshal([]string(f))
		return condition{"(r.id IN (SELECT value FROM json_each(?)))", []any{string(list)}}, err
	}
	if c, ok := compileSays(f); ok {
		return c, nil
	}
	return condition{}, fmt.Errorf("the store does not know filters of type %T", f)
}

// sideColumn is the column of a side.
func sideColumn(s store.Side) string {
	if s == store.Height {
		return "height"
	}
	return "width"
}

func join(parts []store.Filter, operator, empty string, budget *int) (condition, error) {
	if len(parts) == 0 {
		return condition{sql: empty}, nil
	}
	var c condition
	sqls := make([]string, len(parts))
	for i, part := range parts {
		p, err := compileNode(part, budget)
		if err != nil {
			return condition{}, err
		}
		sqls[i] = p.sql
		c.args = append(c.args, p.args...)
	}
	c.sql = "(" + strings.Join(sqls, operator) + ")"
	return c, nil
}
