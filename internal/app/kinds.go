package app

import (
	"path"
	"strings"

	"github.com/sightline/sightline/internal/imaging"
)

// kindsByName says what files certainly are by their endings, so that a run need not
// open them. An ending that other files have too (.ts, .mod, .dat) is not among them.
var kindsByName = func() map[string]string {
	kinds := make(map[string]string)
	for kind, endings := range map[string]string{
		"video":   "mp4 m4v mov qt avi mkv webm mts m2ts m2t 3gp 3g2 wmv asf mpg mpeg m2v vob ogv flv f4v insv lrv",
		"audio":   "mp3 m4a m4b aac wav flac ogg oga opus wma aif aiff mid midi amr",
		"sidecar": "xmp thm aae json pp3 dop cos on1 xml lrf vrd nksc ini",
		"archive": "zip rar 7z tar gz tgz bz2 xz zst iso dmg",
	} {
		for ending := range strings.FieldsSeq(endings) {
			kinds[ending] = kind
		}
	}
	return kinds
}()

// kindByName is walk.Options.OtherKind.
func kindByName(name string) string {
	return kindsByName[strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))]
}

// sniff is walk.Options.Sniff.
func sniff(_ string, head []byte) (picture bool, kind string) {
	return imaging.Sniff(head) != imaging.FormatUnknown, ""
}
