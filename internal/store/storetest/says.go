package storetest

import (
	"math"
	"path"

	"github.com/sightline/sightline/internal/store"
)

// saysFilters are filters by names and by what pictures say about themselves, some of
// which a record meets.
func saysFilters(r store.Record) []store.Filter {
	name := path.Base(r.Path)
	filters := []store.Filter{
		store.NameLike("*"), store.NameLike("*1*"), store.NameLike("?.JPG"), store.NameLike(name), store.NameLike("' OR 1=1 --"), store.NameLike(""),
		store.CameraHas(r.About.Make), store.CameraHas(""), store.CameraHas("nothing has this"), store.CameraHas("' OR ''='"),
		store.CaptionHas("100%"), store.CaptionHas("IT'S"), store.CaptionHas("%"), store.CaptionHas("nothing has this"),
		store.RatedAtLeast(3), store.RatedAtLeast(0), store.RatedAtLeast(math.Inf(1)), store.RatedAtMost(2.5), store.RatedAtMost(-1),
		store.Within{Position: store.Position{Latitude: 45, Longitude: -0.5}, Radius: 3e6}, store.Within{Radius: 1e9}, store.Within{},
	}
	for _, thing := range []store.Thing{store.HasGPS, store.HasCaption, store.HasRating, store.HasCamera, store.HasTags, "wings"} {
		filters = append(filters, store.Has(thing))
	}
	return filters
}
