//go:build !unix

package e2e

import "os"

// mostMemory is not known here.
func mostMemory(*os.ProcessState) int64 { return 0 }
