package heif

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// boxOf is one box of the given parts.
func boxOf(name string, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	out := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
	return append(append(out, name...), body...)
}

// TestHostileBoxes holds that what a box claims takes no memory before it is there.
func TestHostileBoxes(t *testing.T) {
	zeros := make([]byte, 4)
	ftyp := boxOf("ftyp", []byte("heic\x00\x00\x00\x00mif1"))
	infe := boxOf("infe", []byte("\x02\x00\x00\x00\x00\x01\x00\x00hvc1\x00"))
	iinf := boxOf("iinf", zeros, []byte{0, 1}, infe)
	pitm := boxOf("pitm", zeros, []byte{0, 1})
	iloc := boxOf("iloc", zeros, []byte{0, 0, 0xff, 0xff}, bytes.Repeat([]byte{0, 1, 0, 0, 0xff, 0xff}, 1<<13))
	ipma := boxOf("iprp", boxOf("ipco"), boxOf("ipma", zeros, []byte{0xff, 0xff, 0xff, 0xff}))
	iref := boxOf("iref", zeros, boxOf("dimg", []byte{0, 1, 0xff, 0xff}))
	deep := []byte{}
	for range 10000 {
		deep = boxOf("meta", zeros, deep)
	}
	tests := map[string][]byte{
		"extents of no bytes":  boxOf("meta", zeros, iinf, pitm, iloc),
		"4 billion properties": boxOf("meta", zeros, iinf, pitm, ipma),
		"references missing":   boxOf("meta", zeros, iinf, pitm, iref),
		"boxes in boxes":       deep,
		"no primary item":      boxOf("meta", zeros, iinf, boxOf("pitm", zeros, []byte{0, 9})),
		"an empty meta box":    boxOf("meta", zeros),
		"an empty sequence":    boxOf("moov"),
		"a sample of no bytes": boxOf("moov", boxOf("trak", boxOf("tkhd", make([]byte, 84)))),
	}
	for name, b := range tests {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Open(append(slices.Clone(ftyp), b...))
		runtime.ReadMemStats(&after)
		if err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 8<<20 {
			t.Errorf("%s: %d bytes allocated", name, n)
		}
	}
}

// TestItemsThatRefer to themselves or to each other must end.
func TestItemsWithoutEnd(t *testing.T) {
	size := box{"ispe", []byte{0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 4}}
	m := &meta{primary: 1, items: map[uint32]*item{
		1: {id: 1, kind: "iden", properties: []box{size}},
		2: {id: 2, kind: "iden", properties: []box{size}},
	}, references: []reference{{"dimg", 1, []uint32{2}}, {"dimg", 2, []uint32{1}}}}
	f, err := open(m)
	if err != nil {
		t.Fatal(err)
	}
	if n := f.DecodeBytes(); n != 0 {
		t.Errorf("%d bytes for a picture without end", n)
	}
	if _, err := f.Decode(t.Context(), 1, nil); err == nil || !strings.Contains(err.Error(), "without end") {
		t.Errorf("got %v", err)
	}
}
