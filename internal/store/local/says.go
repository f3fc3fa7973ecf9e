package local

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"modernc.org/sqlite"

	"github.com/sightline/sightline/internal/store"
)

// Filters by names and by what pictures say about themselves compare texts as package
// label folds them, which SQL cannot. They are functions of SQL that are written in Go.
//
// addFunctions adds them to the driver, whose functions are those of the whole process:
// the driver has no others.
var addFunctions = sync.OnceValue(func() error {
	if err := sqlite.RegisterDeterministicScalarFunction("sightline_name_like", 2, nameLike); err != nil {
		return err
	}
	return sqlite.RegisterDeterministicScalarFunction("sightline_says", 3, says)
})

// nameLike is sightline_name_like(glob, path).
func nameLike(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	return store.NameLike(text(args[0])).Match(text(args[1])), nil
}

// says is sightline_says(kind, value, about): whether what a record says meets a filter,
// as saysArguments writes it.
func says(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	f, err := parseSays(text(args[0]), text(args[1]))
	if err != nil {
		return nil, err
	}
	var a store.About
	if about := text(args[2]); about != "" {
		if err := json.Unmarshal([]byte(about), &a); err != nil {
			return nil, fmt.Errorf("%w: what a record says about itself: %w", store.ErrDamaged, err)
		}
	}
	return store.MatchAbout(f, &a), nil
}

func text(v driver.Value) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	}
	return ""
}

// saysArguments writes a filter as the first two arguments of sightline_says.
func saysArguments(f store.Filter) (kind, value string, ok bool) {
	number := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	switch f := f.(type) {
	case store.CameraHas:
		return "camera", string(f), true
	case store.CaptionHas:
		return "caption", string(f), true
	case store.RatedAtLeast:
		return "rated at least", number(float64(f)), true
	case store.RatedAtMost:
		return "rated at most", number(float64(f)), true
	case store.Has:
		return "has", string(f), true
	case store.Within:
		return "within", number(f.Latitude) + " " + number(f.Longitude) + " " + number(f.Radius), true
	}
	return "", "", false
}

// parseSays is the inverse of saysArguments.
func parseSays(kind, value string) (store.Filter, error) {
	numbers := make([]float64, 0, 3)
	switch kind {
	case "camera":
		return store.CameraHas(value), nil
	case "caption":
		return store.CaptionHas(value), nil
	case "has":
		return store.Has(value), nil
	}
	for _, part := range strings.Fields(value) {
		x, err := strconv.ParseFloat(part, 64)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, x)
	}
	switch {
	case kind == "rated at least" && len(numbers) == 1:
		return store.RatedAtLeast(numbers[0]), nil
	case kind == "rated at most" && len(numbers) == 1:
		return store.RatedAtMost(numbers[0]), nil
	case kind == "within" && len(numbers) == 3:
		return store.Within{Position: store.Position{Latitude: numbers[0], Longitude: numbers[1]}, Radius: numbers[2]}, nil
	}
	return nil, fmt.Errorf("no filter is called %q with %q", kind, value)
}

// compileSays compiles the filters of this file.
func compileSays(f store.Filter) (condition, bool) {
	if name, ok := f.(store.NameLike); ok {
		return condition{"sightline_name_like(?, r.path)", []any{string(name)}}, true
	}
	if has, ok := f.(store.Has); ok && store.Thing(has) == store.HasTags {
		return condition{sql: "(r.slot IN (SELECT slot FROM tags))"}, true
	}
	if has, ok := f.(store.Has); ok && store.Thing(has) == store.HasDamage {
		// Few records have it, and status counts them over a whole index.
		return condition{"(instr(r.about, '\"damage\":') > 0 AND sightline_says(?, ?, r.about))", []any{"has", string(has)}}, true
	}
	kind, value, ok := saysArguments(f)
	return condition{"sightline_says(?, ?, r.about)", []any{kind, value}}, ok
}

// asksAbout reports whether a condition reads what records say about themselves, which an
// index of format 1 does not hold.
func (c condition) asksAbout() bool { return strings.Contains(c.sql, "r.about") }

// canAnswer returns an error where the index is too old for a condition.
func (st *state) canAnswer(c condition) error {
	if st.format < formatAbout && c.asksAbout() {
		return fmt.Errorf("%w: it does not hold captions, ratings, cameras and places", store.ErrOlderFormat)
	}
	return nil
}
