package app

import (
	"math"
	"strings"
	"testing"
)

func TestCheckAddresses(t *testing.T) {
	for _, tt := range []struct {
		limit uint64
		work  Workload
		want  string
	}{
		{math.MaxUint64, ManyFiles, ""},
		{4 << 30, ManyFiles, ""},
		{2 << 30, ManyFiles, "2.0 GiB of addresses, at least 2.5 GiB"},
		{2 << 30, OneQuery, ""},
		{1 << 30, OneQuery, "1.0 GiB of addresses, at least 1.5 GiB"},
		{0, OneQuery, "0 B of addresses"},
	} {
		err := checkAddresses(tt.limit, tt.work)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%d: %v, want %q", tt.limit, err, tt.want)
		}
	}
}
