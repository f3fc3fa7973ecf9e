package app

import (
	"path"
	"strings"

	"github.com/sightline/sightline/internal/imaging"
)

// kindsByName says what files certainly are by their endings, beside the kinds that
// package imaging knows: those that it tells by their first bytes alone.
var kindsByName = func() map[string]string {
	kinds := make(map[string]string)
	for kind, endings := range map[string]string{
		"audio":   "mp3 m4a m4b aac wav flac ogg oga opus wma aif aiff mid midi amr",
		"archive": "zip rar 7z tar gz tgz bz2 xz zst iso dmg",
	} {
		for ending := range strings.FieldsSeq(endings) {
			kinds[ending] = kind
		}
	}
	return kinds
}()

// kindByName is walk.Options.OtherKind: what a file need not be opened for. Other files
// have some of the endings of videos too.
func kindByName(name string) string {
	ending := strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
	if kind := kindsByName[ending]; kind != "" {
		return kind
	}
	switch ending {
	case "", "ts", "mod", "tod", "dat":
		return ""
	}
	switch kind := imaging.KindOf(name, nil); kind {
	case imaging.KindVideo, imaging.KindSidecar:
		return string(kind)
	}
	return ""
}

// sniff is walk.Options.Sniff. Cameras' RAW files are pictures where raw is set.
func sniff(name string, head []byte, raw bool) (picture bool, kind string) {
	switch kind := imaging.KindOf(name, head); kind {
	case imaging.KindPicture:
		return true, ""
	case imaging.KindRAW:
		return raw, string(kind)
	default:
		return false, string(kind)
	}
}
