package index

import (
	"maps"
	"strings"
	"sync"
	"testing"
)

func byKey(table *otherTable) map[uint64]string {
	return maps.Collect(table.all(false))
}

func TestOthersCode(t *testing.T) {
	for name, files := range map[string]map[uint64]string{
		"none":  {},
		"some":  {1: "text", 1 << 63: "archive", 7: "text", 9: ""},
		"kinds": {1: strings.Repeat("k", 255), 2: "東京"},
	} {
		code := encodeOthers(files)
		if got := byKey(decodeOthers(code)); !maps.Equal(got, files) {
			t.Errorf("%s: %v comes back as %v", name, files, got)
		}
		for i := range code {
			bad := append([]byte(nil), code...)
			bad[i] ^= 0x10
			if got := decodeOthers(bad); got != nil {
				t.Fatalf("%s: byte %d flipped gives %v", name, i, got)
			}
			if got := decodeOthers(code[:i]); got != nil {
				t.Fatalf("%s: cut to %d bytes gives %v", name, i, got)
			}
		}
	}
}

func FuzzOthers(f *testing.F) {
	f.Add(encodeOthers(map[uint64]string{1: "text", 2: "archive"}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		if files := decodeOthers(data); files != nil && !maps.Equal(byKey(decodeOthers(encodeOthers(byKey(files)))), byKey(files)) {
			t.Error("what was read is not what is written")
		}
	})
}

func TestOtherTable(t *testing.T) {
	const files = 5000
	table := newOtherTable([]string{"text", "other"}, files)
	table.add(0, 0)
	for i := range uint64(files) {
		table.add(i*i+1, uint16(i%2)) // crowded at the start
	}
	table.add(1, 1) // a second time
	if _, ok := table.meet(0); ok {
		t.Error("the empty key is there")
	}
	if _, ok := table.meet(3); ok {
		t.Error("3 is there")
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for i := range uint64(files / 2) {
				if kind, ok := table.meet(i*i + 1); !ok || kind != table.kinds[i%2] {
					t.Errorf("%d is %q, %v", i*i+1, kind, ok)
				}
			}
		})
	}
	wg.Wait()
	if met, missed := maps.Collect(table.all(true)), maps.Collect(table.all(false)); len(met) != files/2 || len(missed) != files/2 ||
		met[1] != "text" || missed[(files-1)*(files-1)+1] != "other" {
		t.Errorf("%d met, %d missed", len(met), len(missed))
	}
}
