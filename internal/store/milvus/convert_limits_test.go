package milvus

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sightline/sightline/internal/store"
)

// TestLongTextsAreCut makes a record of as many keywords and as long texts as the
// readers of metadata let through: it must fit, at the cost of the texts alone.
func TestLongTextsAreCut(t *testing.T) {
	r := store.Record{ID: "0a", Path: "/a.jpg", About: store.About{
		Date: "2001", DateKind: "xmp", Rating: 5, Title: strings.Repeat("t", 16<<10), Caption: strings.Repeat("ä\"", 5<<10),
	}}
	for i := range 512 {
		r.Tags = append(r.Tags, store.Tag{Label: fmt.Sprintf("%064d", i), Source: "file"})
	}
	row, err := newRow(&r, filterLabels{})
	if err != nil {
		t.Fatal(err)
	}
	var e extra
	if err := json.Unmarshal(row.extra, &e); err != nil {
		t.Fatal(err)
	}
	caption, err := unescape(e.About.Caption)
	if err != nil || caption == "" || !strings.HasPrefix(r.About.Caption, caption) || !utf8.ValidString(caption) {
		t.Errorf("the caption is %.20q, %v", caption, err)
	}
	if len(e.Tags) != len(r.Tags) || e.About.Date != "2001" || e.About.Rating != 5 {
		t.Errorf("%d tags, %+v", len(e.Tags), e.About.Date)
	}
	if r.About.Caption != strings.Repeat("ä\"", 5<<10) {
		t.Error("the record itself was changed")
	}
}

func TestTakenNanoseconds(t *testing.T) {
	for _, stamp := range []uint32{0, store.StaleMetadata, 1<<32 - 1} {
		r := store.Record{MetadataStamp: stamp}
		if ns, got, floating := unpackTakenNS(packTakenNS(&r)); ns != 0 || got != stamp || !floating {
			t.Errorf("stamp %d: %d, %d, %v", stamp, ns, got, floating)
		}
	}
	if ns, stamp, floating := unpackTakenNS(999_999_999); ns != 999_999_999 || stamp != store.StaleMetadata || floating {
		t.Errorf("of an older version: %d, %d, %v", ns, stamp, floating)
	}
}
