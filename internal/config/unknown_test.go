package config

import (
	"slices"
	"testing"
)

func TestUnknownVariables(t *testing.T) {
	for _, c := range []struct {
		line  string
		meant []string // nil for one that is not reported
		known bool
	}{
		{"PATH=/bin", nil, true},
		{"SIGHTLINE_DB=/srv", nil, true},
		{"SIGHTLINE_INDEX_WORKERS=3", nil, true},
		{"SIGHTLINE_CONFIG=x", nil, true},
		{"SIGHTLINE_TOKEN=x", nil, true},
		{"SIGHTLINE_COMPLETE_WITHIN=1s", nil, true},
		{"SIGHTLINE_WORKERZ=", nil, true}, // without a value
		{"SIGHTLINE_PORT=tcp://10.0.0.3:80", []string{}, true},
		{"SIGHTLINE_PORT_80_TCP_ADDR=10.0.0.3", nil, true},
		{"SIGHTLINE_SERVICE_HOST=10.0.0.3", nil, true},
		{"SIGHTLINE_COLECTION=x", []string{"SIGHTLINE_COLLECTION"}, false},
		{"SIGHTLINE_WORKERS=3", []string{"SIGHTLINE_INDEX_WORKERS"}, false},
		{"sightline_collection=x", []string{"SIGHTLINE_COLLECTION"}, false},
		{"SIGHTLINE_MILVUS_ADRESS=x", []string{"SIGHTLINE_MILVUS_ADDRESS"}, false},
		{"SIGHTLINE_NO_SUCH_THING_AT_ALL=1", nil, false},
	} {
		got := UnknownVariables([]string{"HOME=/root", c.line})
		if c.known {
			if len(got) != 0 {
				t.Errorf("%s: got %v", c.line, got)
			}
			continue
		}
		if len(got) != 1 || !slices.Equal(got[0].Meant, c.meant) {
			t.Errorf("%s: got %v, want %v", c.line, got, c.meant)
		}
	}
}
