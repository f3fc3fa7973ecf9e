package milvus

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
)

// This file is the only place where expressions of Milvus are made. All that comes
// from outside passes through quote.

// condition is a compiled filter: an expression, or one of the two constants, for
// which Milvus has no expression.
type condition struct {
	text     string
	constant bool
	value    bool // of a constant
}

var (
	always = condition{constant: true, value: true}
	never  = condition{constant: true}
)

// compile turns a filter into a condition that means what store.Match says.
func compile(f store.Filter) (condition, error) {
	switch f := f.(type) {
	case nil:
		return always, nil
	case store.And:
		return join(f, "and", always)
	case store.Or:
		return join(f, "or", never)
	case store.Not:
		part, err := compile(f.Part)
		if err != nil {
			return never, err
		}
		if part.constant {
			return condition{constant: true, value: !part.value}, nil
		}
		return condition{text: "not (" + part.text + ")"}, nil
	case store.Under:
		return under(f), nil
	case store.Since:
		return condition{text: since(time.Time(f))}, nil
	case store.Until:
		return condition{text: "not (" + since(time.Time(f)) + ")"}, nil
	case store.Dated:
		// Between noTime, whose digits alone are no number of 64 bits, and all real times.
		return condition{text: fmt.Sprintf("%s > %d", fieldTaken, int64(noTime/2))}, nil
	case store.HasTag:
		return condition{text: fmt.Sprintf("array_contains(%s, %s)", fieldTags, quote(filterLabel(string(f))))}, nil
	case store.FormatIs:
		return condition{text: fieldFormat + " == " + quote(string(f))}, nil
	case store.SideAtLeast:
		return condition{text: fmt.Sprintf("%s >= %d", sideField(f.Side), f.Least())}, nil
	case store.SideAtMost:
		return condition{text: fmt.Sprintf("%s <= %d", sideField(f.Side), f.Most())}, nil
	case store.WithContent:
		if len(f) == 0 {
			return never, nil
		}
		return condition{text: fieldHash + " == " + quote(hex.EncodeToString(f))}, nil
	case store.WithID:
		if len(f) == 0 {
			return never, nil
		}
		if canFilter(f) {
			return condition{text: oneOf(f)}, nil
		}
	}
	if !canFilter(f) {
		return never, fmt.Errorf("a collection cannot be filtered by %T", f)
	}
	return never, fmt.Errorf("a filter of the unknown kind %T", f)
}

// canFilter reports whether one node of a filter has an expression. Milvus compares no
// texts whatever their case, and knows no distances.
func canFilter(f store.Filter) bool {
	switch f := f.(type) {
	case store.WithID:
		return len(f) <= maxNamedIDs
	case store.NameLike, store.CameraHas, store.CaptionHas, store.RatedAtLeast, store.RatedAtMost, store.Has, store.Within:
		return false
	}
	return true
}

// maxNamedIDs is how many ids an expression may name, which are some 700 KB: less than the
// least limit on messages that servers are set to.
const maxNamedIDs = 16_384

// CanFilter implements store.FilterLimiter.
func (s *Store) CanFilter(f store.Filter) bool {
	return !store.Mentions(f, func(node store.Filter) bool { return !canFilter(node) })
}

// sideField is the field of a side.
func sideField(s store.Side) string {
	if s == store.Height {
		return fieldHeight
	}
	return fieldWidth
}

// join compiles the parts of an And or an Or. neutral is the constant that changes
// nothing; the other one decides by itself.
func join(parts []store.Filter, operator string, neutral condition) (condition, error) {
	var texts []string
	result := neutral
	for _, f := range parts {
		c, err := compile(f)
		switch {
		case err != nil:
			return never, err
		case !c.constant:
			texts = append(texts, "("+c.text+")")
		case c.value != neutral.value:
			result = c // decided, but a part that cannot be compiled is still an error
		}
	}
	if result != neutral || len(texts) == 0 {
		return result, nil
	}
	return condition{text: strings.Join(texts, " "+operator+" ")}, nil
}

// under matches a path and everything below it. A range takes the place of LIKE,
// which has wildcards of its own: whatever begins with PREFIX/ lies between PREFIX/
// and PREFIX0, because 0 is the character after the slash.
func under(f store.Under) condition {
	exact, prefix := f.Bounds()
	return condition{text: fmt.Sprintf("%s == %s or (%s >= %s and %s < %s)",
		fieldPath, quote(exact), fieldPath, quote(prefix), fieldPath, quote(exact+"0"))}
}

// since matches dates at or after t.
func since(t time.Time) string {
	return fmt.Sprintf("%s > %d or (%s == %d and %s >= %d)",
		fieldShown, t.Unix(), fieldShown, t.Unix(), fieldShownNS, t.Nanosecond())
}

// quote makes a string literal of the stored form of s, which holds nothing that
// would have to be escaped in one.
func quote(s string) string { return `"` + escape(s) + `"` }

// oneOf matches the records with one of the given ids.
func oneOf(ids []string) string {
	var b strings.Builder
	b.WriteString(fieldID + " in [")
	for i, id := range ids {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quote(id))
	}
	b.WriteByte(']')
	return b.String()
}

// both joins two expressions; an empty one is no condition.
func both(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return "(" + a + ") and (" + b + ")"
}

// everything is the expression for a condition: Milvus wants one in a query, so that
// what holds for every record stands for none.
func (c condition) everything() string {
	if c.constant {
		return fieldID + ` >= ""`
	}
	return c.text
}

// maxLabel is the most bytes of a label that filters compare as they are; of a longer
// one they compare a hash.
const maxLabel = 512

// filterLabel is the form of a label in the array that filters look at.
func filterLabel(name string) string {
	folded := label.Fold(name)
	if len(escape(folded)) > maxLabel {
		sum := sha256.Sum256([]byte(folded))
		return "sha256:" + hex.EncodeToString(sum[:])
	}
	return folded
}
