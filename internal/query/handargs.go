package query

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/imaging"
)

// SplitPictures divides arguments into pictures and what follows them. A picture is an @
// and an id or a path, or what looks like a path: it holds a slash, has a picture's ending,
// or is a file that exists. A picture after the first argument that is none is an error:
// nobody can know whether it is a tag.
func SplitPictures(args []string) (pictures, rest []string, err error) {
	for _, a := range args {
		name, isPicture := namesPicture(a)
		switch {
		case !isPicture:
			rest = append(rest, a)
		case len(rest) > 0:
			return nil, nil, fault.Usagef("pictures come first, then tags", "%q stands behind the tag %q", a, rest[0])
		default:
			pictures = append(pictures, name)
		}
	}
	return pictures, rest, nil
}

func namesPicture(arg string) (name string, ok bool) {
	if rest, marked := strings.CutPrefix(arg, "@"); marked && rest != "" {
		return rest, true
	}
	if strings.ContainsRune(arg, filepath.Separator) || imaging.KnownExtension(arg) {
		return arg, true
	}
	info, err := os.Stat(arg)
	return arg, err == nil && info.Mode().IsRegular()
}
