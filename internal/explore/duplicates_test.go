package explore

import (
	"errors"
	"image"
	"image/color"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/query/duplicates"
	"github.com/sightline/sightline/internal/store"
)

func TestDuplicates(t *testing.T) {
	c := classifier(t)
	for name, open := range map[string]func(*testing.T) store.Store{"local": openLocal, "milvus": openMilvus} {
		t.Run(name, func(t *testing.T) {
			st := open(t)
			if _, err := OpenDuplicates(t.Context(), st); !errors.Is(err, ErrNoDuplicates) {
				t.Errorf("before they were looked for: %v", err)
			}
			records := planted(t, c, 0, 18, 0)
			records[6].ContentHash = records[0].ContentHash // the same anchor
			records[0].Size = 2
			upsert(t, st, records)
			// Of the barrels two look alike, and one cannot be read.
			look := func(r *store.Record) (*duplicates.Look, error) {
				img := image.NewGray(image.Rect(0, 0, 64, 64))
				switch {
				case strings.HasSuffix(r.Path, "barrel/13.png"):
					return nil, errors.New("no such file")
				case strings.Contains(r.Path, "barrel"):
					for i := range img.Pix {
						img.SetGray(i%64, i/64, color.Gray{Y: uint8(3 * (i % 64))})
					}
				}
				l := duplicates.LookOf(img)
				return &l, nil
			}
			found, err := FindDuplicates(t.Context(), st, look, time.Unix(9, 0))
			if err != nil {
				t.Fatal(err)
			}
			kept, err := OpenDuplicates(t.Context(), st)
			if diff := cmp.Diff(found, kept); diff != "" || err != nil {
				t.Errorf("%v (-found +kept):\n%s", err, diff)
			}
			if len(kept.Groups) != 2 || kept.Unread != 1 || !kept.Created.Equal(time.Unix(9, 0)) {
				t.Fatalf("%+v", kept)
			}
			if g := kept.Groups[0]; g.Keep != records[0].ID || g.Why != "the largest file" || len(g.Others) != 1 || !g.Others[0].Same {
				t.Errorf("the anchors: %+v", g)
			}
			if g := kept.Groups[1]; len(g.Others) != 1 || g.Others[0].Same || g.Others[0].Nearness < 0.9 {
				t.Errorf("the barrels: %+v", g)
			}
			docs, _ := store.As[store.Documents](st)
			for _, bad := range []string{"{", `{"version":7}`} {
				if err := docs.PutDocument(t.Context(), duplicatesName, []byte(bad)); err != nil {
					t.Fatal(err)
				}
				if _, err := OpenDuplicates(t.Context(), st); !errors.Is(err, ErrDamaged) {
					t.Errorf("%s: %v", bad, err)
				}
			}
		})
	}
	if _, err := FindDuplicates(t.Context(), withoutDocuments{openLocal(t)}, nil, time.Time{}); !errors.Is(err, ErrNoDocuments) {
		t.Errorf("a store without documents: %v", err)
	}
}
