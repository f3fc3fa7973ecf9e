package query

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/imaging"
)

// SplitPictures divides arguments into pictures and what follows them. A picture is an @
// and an id or a path, what has a picture's ending, a path that begins as one or leads to
// something, or a file that exists; a plain word that comes last, behind a picture, is a tag
// even where a file has that name. A picture behind the first tag is an error: nobody can
// know what was meant.
func SplitPictures(args []string) (pictures, rest []string, err error) {
	for i, a := range args {
		name, isPicture := namesPicture(a, i > 0 && i == len(args)-1)
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

// namesPicture reports whether an argument is a picture. last says that it is the last one,
// where a word is rather a tag.
func namesPicture(arg string, last bool) (name string, ok bool) {
	if rest, marked := strings.CutPrefix(arg, "@"); marked && rest != "" {
		return rest, true
	}
	for _, start := range []string{"/", "./", "../", "~/"} {
		if strings.HasPrefix(filepath.ToSlash(arg), start) {
			return arg, true
		}
	}
	if imaging.KnownExtension(arg) {
		return arg, true
	}
	info, err := os.Stat(arg)
	exists := err == nil && info.Mode().IsRegular()
	return arg, exists && (!last || strings.ContainsRune(arg, filepath.Separator))
}
