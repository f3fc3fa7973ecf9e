package query

import (
	"fmt"

	"github.com/sightline/sightline/internal/query/syntax"
	"github.com/sightline/sightline/internal/store"
)

// columnFilter compiles a condition that there is no flag for.
func columnFilter(c syntax.Condition) (store.Filter, error) {
	switch c.Field {
	case syntax.Width, syntax.Height:
		side := store.Width
		if c.Field == syntax.Height {
			side = store.Height
		}
		switch c.How {
		case syntax.Least:
			return store.SideAtLeast{Side: side, Pixels: c.Number}, nil
		case syntax.Less:
			return store.Not{Part: store.SideAtLeast{Side: side, Pixels: c.Number}}, nil
		case syntax.More:
			return store.Not{Part: store.SideAtMost{Side: side, Pixels: c.Number}}, nil
		case syntax.Most:
			return store.SideAtMost{Side: side, Pixels: c.Number}, nil
		default:
			return store.And{store.SideAtLeast{Side: side, Pixels: c.Number}, store.SideAtMost{Side: side, Pixels: c.Number}}, nil
		}
	}
	return nil, fmt.Errorf("the index does not know %s", c.Field)
}
