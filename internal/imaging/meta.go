package imaging

import (
	"fmt"

	"github.com/sightline/sightline/internal/imaging/metadata"
)

// readMeta reads what a file says about itself. Metadata is a courtesy, so nothing
// that is wrong with it is an error, and not even a reader that panics may cost the
// picture.
func readMeta(data []byte) (m metadata.Metadata) {
	defer func() {
		if r := recover(); r != nil {
			m = metadata.Metadata{Warnings: []string{fmt.Sprintf("the metadata could not be read: %v", r)}}
		}
	}()
	return metadata.Read(data)
}
