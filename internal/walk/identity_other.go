//go:build !unix

package walk

import "io/fs"

func identityOf(_ fs.FileInfo, path string) identity { return identityByPath(path) }
