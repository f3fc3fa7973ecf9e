package imaging

import (
	"bytes"
	"strings"
)

// unreadFormats are formats of pictures that Decode does not read, so that a run names
// what it passes over. A format is known by its first bytes, by its extensions, or both;
// the names are the field's.
var unreadFormats = []struct {
	kind       Kind
	extensions string
	marks      []string // at the start of the file
}{
	{"JPEG 2000", "jp2 j2k j2c jpc jpx jpf jpm jpt jph jhc", []string{"\x00\x00\x00\x0cjP  \r\n\x87\n", "\xff\x4f\xff\x51\x00"}},
	{"JPEG XR", "jxr wdp hdp", []string{"II\xbc\x00", "II\xbc\x01"}},
	{"JPEG XS", "jxs", []string{"\xff\x10\xff\x50"}},
	{"SGI", "sgi rgb rgba bw int inta", []string{"\x01\xda\x00\x01", "\x01\xda\x01\x01", "\x01\xda\x00\x02", "\x01\xda\x01\x02"}},
	{"OS/2 icon", "", []string{"CI\x1a\x00", "CIN\x00", "BA\x28\x00\x00\x00", "BA\x5c\x00\x00\x00", "IC\x1a\x00", "CP\x1a\x00"}},
	{"ICNS", "icns", []string{"icns"}},
	{"DDS", "dds", []string{"DDS |\x00\x00\x00"}},
	{"KTX", "ktx ktx2", []string{"\xabKTX 11\xbb\r\n\x1a\n", "\xabKTX 20\xbb\r\n\x1a\n"}},
	{"OpenEXR", "exr", []string{"\x76\x2f\x31\x01"}},
	{"Radiance HDR", "hdr rgbe xyze", []string{"#?RADIANCE", "#?RGBE"}},
	{"FITS", "fits fit fts", []string{"SIMPLE  ="}},
	{"XCF", "xcf", []string{"gimp xcf "}},
	{"Krita", "kra krz", nil},
	{"OpenRaster", "ora", nil},
	{"Procreate", "procreate", nil},
	{"Paint Shop Pro", "psp pspimage", []string{"Paint Shop Pro Image File\n\x1a"}},
	{"Affinity Photo", "afphoto", nil},
	{"XBM", "xbm", nil},
	{"XPM", "xpm", []string{"/* XPM */"}},
	{"Sun raster", "ras sun", []string{"\x59\xa6\x6a\x95"}},
	{"MSP", "msp", []string{"DanM", "LinS"}},
	{"MNG", "mng jng", []string{"\x8aMNG\r\n\x1a\n", "\x8bJNG\r\n\x1a\n"}},
	{"FLIF", "flif", []string{"FLIF"}},
	{"BPG", "bpg", []string{"BPG\xfb"}},
	{"DPX", "dpx", []string{"SDPX\x00", "XPDS\x00"}},
	{"Cineon", "cin", []string{"\x80\x2a\x5f\xd7"}},
	{"JBIG2", "jb2 jbig2", []string{"\x97JB2\r\n\x1a\n"}},
	{"DICOM", "dcm dicom", nil}, // marked behind 128 bytes that say nothing
	{"PICT", "pict pct pic", nil},
	{"MacPaint", "pntg", nil},
	{"FlashPix", "fpx", nil},
	{"Kodak PhotoCD", "pcd", nil},
	{"IFF ILBM", "iff ilbm lbm", nil},
	{"FLIC", "fli flc", nil},
	{"BLP", "blp", []string{"BLP1", "BLP2"}},
	{"WebP 2", "wp2", []string{"\xf4\xff\x6f"}},
}

// IsUnreadPicture reports whether a kind is a format of pictures that Decode does not
// read: "JPEG 2000".
func IsUnreadPicture(k Kind) bool {
	for _, f := range unreadFormats {
		if f.kind == k {
			return true
		}
	}
	return false
}

// unreadKind tells the format of a picture that is not read by its first bytes, or
// KindOther.
func unreadKind(head []byte) Kind {
	for _, f := range unreadFormats {
		for _, mark := range f.marks {
			if bytes.HasPrefix(head, []byte(mark)) {
				return f.kind
			}
		}
	}
	switch {
	case len(head) >= 12 && string(head[:4]) == "FORM" && (string(head[8:12]) == "ILBM" || string(head[8:12]) == "PBM "):
		return "IFF ILBM"
	case bytes.HasPrefix(head, []byte("#define ")) && bytes.Contains(head, []byte("_width ")):
		return "XBM"
	}
	return KindOther
}

// unreadByName is the format of a picture that is not read, by the extension that a file
// has: for those without a mark, and for files that nobody has looked into. Where a mark
// ought to be there and is not, the name means nothing.
func unreadByName(extension string, looked bool) Kind {
	f, ok := unreadExtensions[extension]
	if !ok || looked && f.marked {
		return KindOther
	}
	return f.kind
}

// unreadExtension is what an extension says of a file.
type unreadExtension struct {
	kind   Kind
	marked bool // files of the kind have a mark
}

// unreadExtensions is unreadFormats by their extensions: a walk asks for each name.
var unreadExtensions = func() map[string]unreadExtension {
	m := make(map[string]unreadExtension)
	for _, f := range unreadFormats {
		for extension := range strings.FieldsSeq(f.extensions) {
			m[extension] = unreadExtension{f.kind, len(f.marks) > 0}
		}
	}
	return m
}()
