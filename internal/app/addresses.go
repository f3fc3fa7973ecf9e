package app

import (
	"github.com/dustin/go-humanize"

	"github.com/sightline/sightline/internal/fault"
)

// The least address space that a process must be allowed, measured with the starter model and
// rounded up. Most of it is only reserved, by the Go runtime, ONNX Runtime, threads and the
// memory of decoders. With less the process dies where none of us can tell why.
const (
	addressesForMany = 5 << 29 // 2.5 GiB
	addressesForFew  = 3 << 29 // 1.5 GiB
)

// checkAddresses reports a limit of the address space under which a model cannot be run.
func checkAddresses(limit uint64, w Workload) error {
	least := uint64(addressesForFew)
	if w == ManyFiles {
		least = addressesForMany
	}
	if limit >= least {
		return nil
	}
	return fault.Fatalf("allow more (ulimit -v unlimited), and bound memory by a cgroup instead: systemd-run --user --scope -p MemoryMax=2G ...",
		"this process may use %s of addresses, at least %s are needed, most of which take no memory", humanize.IBytes(limit), humanize.IBytes(least))
}
