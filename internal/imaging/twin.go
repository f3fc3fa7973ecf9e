package imaging

import (
	"path/filepath"
	"strings"
)

// twinExtensions are those of the pictures that cameras write beside a RAW file, the
// likeliest first.
var twinExtensions = []string{".JPG", ".jpg", ".JPEG", ".jpeg", ".HEIC", ".heic", ".HIF", ".hif"}

// TwinNames lists the names under which the same picture may lie beside a RAW file:
// IMG_1.JPG, IMG_1.jpg and so on for IMG_1.CR2.
func TwinNames(path string) []string {
	stem := strings.TrimSuffix(path, filepath.Ext(path))
	names := make([]string, len(twinExtensions))
	for i, ext := range twinExtensions {
		names[i] = stem + ext
	}
	return names
}

// RAWName reports whether a name ends like that of a camera's RAW file.
func RAWName(name string) bool { return KindOf(name, nil) == KindRAW }
