package query

import (
	"fmt"
	"strings"

	"github.com/sightline/sightline/internal/query/syntax"
	"github.com/sightline/sightline/internal/store"
)

// columnFilter compiles a condition that there is no flag for.
func columnFilter(c syntax.Condition) (store.Filter, error) {
	switch c.Field {
	case syntax.Width:
		return compare(c, sides(store.Width))
	case syntax.Height:
		return compare(c, sides(store.Height))
	case syntax.Rating:
		return compare(c, bounds{
			least: func(x float64) store.Filter { return store.RatedAtLeast(x) },
			most:  func(x float64) store.Filter { return store.RatedAtMost(x) },
		})
	case syntax.Name:
		if strings.Contains(c.Value, "/") {
			return nil, fmt.Errorf("a name holds no slash; under:%s means what is below a folder", c.Value)
		}
		return store.NameLike(c.Value), nil
	case syntax.Camera:
		return store.CameraHas(c.Value), nil
	case syntax.Caption:
		return store.CaptionHas(c.Value), nil
	case syntax.Near:
		a, err := syntax.ParseArea(c.Value)
		at := store.Position{Latitude: a.Latitude, Longitude: a.Longitude}
		return store.Within{Position: at, Radius: a.Radius}, err
	case syntax.Has:
		if c.Value == "date" {
			return store.Dated{}, nil
		}
		return store.Has(c.Value), nil
	}
	return nil, fmt.Errorf("the index does not know %s", c.Field)
}

// bounds make the filters of a number.
type bounds struct{ least, most func(float64) store.Filter }

func sides(side store.Side) bounds {
	return bounds{
		least: func(x float64) store.Filter { return store.SideAtLeast{Side: side, Pixels: x} },
		most:  func(x float64) store.Filter { return store.SideAtMost{Side: side, Pixels: x} },
	}
}

// compare compiles the comparison of a number.
func compare(c syntax.Condition, b bounds) (store.Filter, error) {
	switch c.How {
	case syntax.Least:
		return b.least(c.Number), nil
	case syntax.Most:
		return b.most(c.Number), nil
	case syntax.Less:
		return store.Not{Part: b.least(c.Number)}, nil
	case syntax.More:
		return store.Not{Part: b.most(c.Number)}, nil
	case syntax.Exactly:
		return store.And{b.least(c.Number), b.most(c.Number)}, nil
	}
	return nil, fmt.Errorf("%s is compared as in %s>=%s", c.Field, c.Field, c.Value)
}
