package imaging

import (
	"bytes"
	"path/filepath"
	"strings"

	"github.com/sightline/sightline/internal/imaging/raw"
)

// Kind says broadly what a file is, for the report of what a run passed over.
type Kind string

// The kinds of files. Pictures in formats that are not read have the names of the
// formats besides: see IsUnreadPicture.
const (
	KindPicture  Kind = "picture"  // one that Decode may read
	KindRAW      Kind = "RAW"      // a camera's, which Decode may read too
	KindVideo    Kind = "video"    //
	KindVector   Kind = "vector"   // a drawing: SVG, EPS, AI
	KindDocument Kind = "document" // PDF and what offices write
	KindSidecar  Kind = "sidecar"  // what programs keep beside a picture
	KindOther    Kind = "other"
)

// KindOf tells what a file is by its first bytes, of which 64 suffice, and by its
// name where they say nothing. A picture by its bytes is one under any name; a name
// alone makes none: head may be nil, and then only the name counts.
func KindOf(name string, head []byte) Kind {
	extension := strings.ToLower(strings.TrimPrefix(filepath.Ext(name), "."))
	byName := extensionKinds[extension]
	if len(head) == 0 {
		if byName == "" {
			return unreadByName(extension, false)
		}
		return byName
	}
	switch format := Sniff(head); {
	case format.IsRAW():
		return KindRAW
	case format == FormatTIFF && byName == KindRAW:
		return KindRAW // that are TIFFs by the letter
	case format == FormatTGA && byName != KindPicture: // anything may look like one
	case format != FormatUnknown:
		return KindPicture
	}
	for _, s := range signatures {
		if s.at+len(s.mark) <= len(head) && string(head[s.at:s.at+len(s.mark)]) == s.mark {
			return s.kind
		}
	}
	if k := unreadKind(head); k != KindOther {
		return k
	}
	if k := isoKind(head); k != KindOther {
		return k
	}
	if k := textKind(head); k != KindOther {
		return k
	}
	switch {
	case byName == "":
		return unreadByName(extension, true)
	case byName == KindPicture || byName == KindRAW:
		return KindOther // whatever it is called
	case byName == KindVideo && videoOnlyByMark(extension):
		return KindOther
	}
	return byName
}

// signatures are the marks of files that are no pictures to Decode. Their order does
// not matter: none begins with another.
var signatures = []struct {
	at   int
	mark string
	kind Kind
}{
	{0, "\x1a\x45\xdf\xa3", KindVideo}, // Matroska, WebM
	{8, "AVI ", KindVideo},
	{0, "OggS", KindVideo},
	{0, "FLV\x01", KindVideo},
	{0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11", KindVideo}, // ASF: WMV
	{0, "\x00\x00\x01\xba", KindVideo},                 // MPEG program stream
	{0, "\x00\x00\x01\xb3", KindVideo},                 // MPEG video
	{0, ".RMF", KindVideo},                             // RealMedia
	{4, "moov", KindVideo},                             // QuickTime without a brand
	{4, "mdat", KindVideo},
	{4, "wide", KindVideo},
	{0, "%PDF-", KindDocument},
	{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", KindDocument}, // Office until 2003
	{0, "{\\rtf", KindDocument},
	{0, "AT&TFORM", KindDocument}, // DjVu
	{0, "%!PS", KindVector},
	{0, "\xc5\xd0\xd3\xc6", KindVector}, // EPS with a preview
	{40, " EMF", KindVector},
	{0, "\xd7\xcd\xc6\x9a", KindVector},         // WMF
	{0, "\x01\x00\x09\x00\x00\x03", KindVector}, // WMF without a header for placing it
	{30, "mimetypeapplication/vnd.oasis", KindDocument},
	{30, "[Content_Types].xml", KindDocument},
}

// isoKind reads the brand of an ISO base media file, after those that are pictures.
func isoKind(head []byte) Kind {
	if len(head) >= 12 && string(head[4:8]) == "ftyp" {
		if strings.HasPrefix(string(head[8:12]), "M4A") || string(head[8:11]) == "M4B" {
			return KindOther // sound
		}
		return KindVideo
	}
	// A transport stream repeats its mark at every packet: of 188 bytes, with four
	// more before each in cameras' .mts. 64 bytes hold but one, so more is asked of it.
	for _, at := range []int{0, 4} {
		if len(head) < at+4 || head[at] != 0x47 {
			continue
		}
		packet, known := head[at:], len(head) > at+188
		if known && head[at+188] == 0x47 || !known && packet[1]&0x80 == 0 && packet[3]&0xc0 == 0 && packet[3]&0x30 != 0 &&
			packet[1]&0x1f == 0 && (packet[2] == 0 || packet[2] == 0x11) {
			return KindVideo // of tables, with which every stream starts
		}
	}
	return KindOther
}

// textKind looks at the start of a text.
func textKind(head []byte) Kind {
	b := bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	b = bytes.ToLower(bytes.TrimLeft(b, " \t\r\n"))
	switch {
	case bytes.HasPrefix(b, []byte("<svg")), bytes.HasPrefix(b, []byte("<!doctype svg")),
		bytes.HasPrefix(b, []byte("<?xml")) && bytes.Contains(b, []byte("<svg")),
		bytes.HasPrefix(b, []byte("<?xml")) && bytes.Contains(b, []byte("<!doctype svg")):
		return KindVector
	case bytes.HasPrefix(b, []byte("<?xpacket")), bytes.HasPrefix(b, []byte("<x:xmpmeta")),
		bytes.HasPrefix(b, []byte("<?xml")) && bytes.Contains(b, []byte("<x:xmpmeta")):
		return KindSidecar
	case bytes.HasPrefix(b, []byte("<!doctype html")), bytes.HasPrefix(b, []byte("<html")):
		return KindDocument
	}
	return KindOther
}

// videoOnlyByMark says that an extension is one that other files have too: .ts is
// TypeScript, .mod is music.
func videoOnlyByMark(extension string) bool {
	switch extension {
	case "ts", "mod", "tod", "dat":
		return true
	}
	return false
}

// extensionKinds says what names promise.
var extensionKinds = func() map[string]Kind {
	m := map[string]Kind{}
	for kind, list := range map[Kind]string{
		KindPicture: "jpg jpeg jpe jfif png gif webp bmp tif tiff heic heif hif avif jxl psd psb ppm pgm pbm pnm pam tga icb vda vst targa pcx qoi ico cur",
		KindVideo: "mp4 m4v mov qt avi mkv webm mts m2ts m2t ts 3gp 3g2 wmv asf mpg mpeg mpe m1v m2v vob ogv flv f4v rm rmvb " +
			"divx dv mod tod insv lrv",
		KindVector:   "svg svgz eps ps ai cdr wmf emf dxf dwg afdesign",
		KindDocument: "pdf doc docx odt xls xlsx ods ppt pptx odp rtf txt md html htm epub djvu pages numbers key csv",
		KindSidecar:  "xmp aae thm pp3 dop cos cop on1 xml json lrf vrd nksc",
	} {
		for ext := range strings.FieldsSeq(list) {
			m[ext] = kind
		}
	}
	for _, k := range raw.Kinds() {
		m[string(k)] = KindRAW
	}
	for _, ext := range []string{"fff", "kdc", "gpr"} {
		m[ext] = KindRAW
	}
	return m
}()

// RAWName reports whether a name ends like that of a camera's RAW file.
func RAWName(name string) bool { return KindOf(name, nil) == KindRAW }
