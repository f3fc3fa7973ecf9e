package store

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/vec"
)

// Match reports whether r matches f. It is what a Filter means: the stores compile
// filters into their own languages, and the contract suite compares them with this.
// An unknown kind of filter matches nothing.
func Match(f Filter, r *Record) bool {
	switch f := f.(type) {
	case nil:
		return true
	case And:
		for _, part := range f {
			if !Match(part, r) {
				return false
			}
		}
		return true
	case Or:
		for _, part := range f {
			if Match(part, r) {
				return true
			}
		}
		return false
	case Not:
		return !Match(f.Part, r)
	case Under:
		exact, prefix := f.Bounds()
		return r.Path == exact || strings.HasPrefix(r.Path, prefix)
	case Since:
		return !r.When().Before(time.Time(f))
	case Until:
		return r.When().Before(time.Time(f))
	case Dated:
		return !r.TakenAt.IsZero()
	case HasTag:
		want := label.Fold(string(f))
		for _, t := range r.Tags {
			if label.Fold(t.Label) == want {
				return true
			}
		}
		return false
	case FormatIs:
		return r.Format == string(f)
	case NameLike:
		return f.Match(r.Path)
	case Has:
		if Thing(f) == HasTags {
			return len(r.Tags) > 0
		}
		return MatchAbout(f, &r.About)
	case CameraHas, CaptionHas, RatedAtLeast, RatedAtMost, Within:
		return MatchAbout(f, &r.About)
	case SideAtLeast:
		return int64(f.Side.Of(r)) >= f.Least()
	case SideAtMost:
		return int64(f.Side.Of(r)) <= f.Most()
	case WithID:
		return f.Has(r.ID)
	case WithContent:
		return len(f) > 0 && bytes.Equal(f, r.ContentHash)
	}
	return false
}

// Bounds returns the two things that Under can match: the path itself, and the
// prefix of everything below it. Trailing slashes do not matter; for "/" the prefix
// is "/", so that it matches every absolute path.
func (u Under) Bounds() (exact, prefix string) {
	exact = strings.TrimRight(string(u), "/")
	return exact, exact + "/"
}

// Validate reports what keeps r out of a store of the given dimension: a missing id
// or path, a NUL in one of them, a content hash that is not a SHA-256, a vector of
// another dimension or one whose length is not 1, or a tag that is not valid.
func (r *Record) Validate(dim int) error {
	if err := r.validate(dim); err != nil {
		return &RecordError{ID: r.ID, Path: r.Path, Err: err}
	}
	return nil
}

func (r *Record) validate(dim int) error {
	if err := validatePlace(r.ID, r.Path); err != nil {
		return err
	}
	if n := len(r.ContentHash); n != 0 && n != 32 {
		return fmt.Errorf("the content hash has %d bytes, not 32", n)
	}
	if len(r.Vector) != dim {
		return fmt.Errorf("the vector has %d values, the store's have %d", len(r.Vector), dim)
	}
	if !vec.IsUnit(r.Vector) {
		return errors.New("the vector is not of length 1")
	}
	for _, t := range r.Tags {
		if err := t.Validate(); err != nil {
			return err
		}
	}
	return nil
}

// Validate reports a tag without a label or a source, or with a number that is not
// finite.
func (t *Tag) Validate() error {
	switch {
	case t.Label == "":
		return fmt.Errorf("a tag from %q has no label", t.Source)
	case t.Source == "":
		return fmt.Errorf("tag %q has no source", t.Label)
	}
	for _, x := range []float32{t.Score, t.Probability} {
		if x-x != 0 { // NaN or infinite
			return fmt.Errorf("tag %q: %v is not a number to keep", t.Label, x)
		}
	}
	return nil
}

// Validate reports a missing id or path or a NUL in one of them.
func (f *Failure) Validate() error {
	return validatePlace(f.ID, f.Path)
}

func validatePlace(id, path string) error {
	switch {
	case id == "":
		return fmt.Errorf("%q: the record has no id", path)
	case path == "":
		return fmt.Errorf("record %q has no path", id)
	case strings.ContainsRune(id, 0) || strings.ContainsRune(path, 0):
		return fmt.Errorf("%q: a NUL in an id or a path", path)
	}
	return nil
}

// Validate reports a query that no store can answer: K below 1, or vectors of
// another dimension or length than the store's.
func (q *Query) Validate(dim int) error {
	if q.K < 1 {
		return fmt.Errorf("%d hits were asked for, at least 1 is needed", q.K)
	}
	if q.Vectors.Rows == 0 {
		return nil
	}
	if q.Vectors.Cols != dim {
		return fmt.Errorf("the query vector has %d values, the store's have %d", q.Vectors.Cols, dim)
	}
	for i := range q.Vectors.Rows {
		if !vec.IsUnit(q.Vectors.Row(i)) {
			return fmt.Errorf("query vector %d is not of length 1", i)
		}
	}
	return nil
}
