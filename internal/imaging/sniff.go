package imaging

import (
	"bytes"
	"path/filepath"
	"strings"

	"github.com/sightline/sightline/internal/imaging/raw"
)

// KnownExtension reports whether name ends like a picture that Decode may be able
// to read. Letter case does not matter. It says nothing of what the file holds.
func KnownExtension(name string) bool {
	switch strings.ToLower(strings.TrimPrefix(filepath.Ext(name), ".")) {
	case "jpg", "jpeg", "jpe", "jfif", "png", "gif", "webp", "bmp", "tif", "tiff",
		"heic", "heif", "hif", "avif", "heics", "heifs", "avifs", "avis", "jxl", "psd", "psb",
		"ppm", "pgm", "pbm", "pnm", "pam", "tga", "icb", "vda", "vst", "targa", "pcx", "qoi", "ico", "cur":
		return true
	case "cr2", "cr3", "crw", "nef", "nrw", "arw", "sr2", "srf", "dng", "raf", "orf", "rw2", "rwl", "pef", "srw",
		"mrw", "x3f", "erf", "3fr", "fff", "iiq", "dcr", "kdc", "mef", "mos", "gpr":
		return true
	}
	return false
}

// Sniff names the format by the magic bytes at the start of a file. The first 64
// bytes suffice; fewer may give FormatUnknown. RAW files that are TIFFs by the letter
// (NEF, ARW, DNG, PEF, SRW) are FormatTIFF to it: Decode and ReadInfo, which see the
// whole file, tell them apart.
func Sniff(head []byte) Format {
	if k := raw.Mark(head); k != raw.NotRaw {
		return Format(k)
	}
	for _, c := range codecs {
		if c.sniff(head) {
			return c.format
		}
	}
	return FormatUnknown
}

func sniffJPEG(b []byte) bool { return bytes.HasPrefix(b, []byte("\xff\xd8\xff")) }
func sniffPNG(b []byte) bool  { return bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")) }
func sniffGIF(b []byte) bool {
	return bytes.HasPrefix(b, []byte("GIF87a")) || bytes.HasPrefix(b, []byte("GIF89a"))
}

func sniffWebP(b []byte) bool {
	return len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP"
}

// sniffBMP asks for a plausible header size besides the two letters, because many
// texts begin with "BM".
func sniffBMP(b []byte) bool {
	if len(b) < 18 || string(b[:2]) != "BM" {
		return false
	}
	switch b[14] {
	case 12, 16, 40, 52, 56, 64, 108, 124:
		return b[15] == 0 && b[16] == 0 && b[17] == 0
	}
	return false
}

// sniffTIFF knows classic and BigTIFF in both byte orders, and as Pillow does the
// classic one whose magic number is in the other order.
func sniffTIFF(b []byte) bool {
	if len(b) < 8 {
		return false
	}
	switch string(b[:4]) {
	case "II*\x00", "MM\x00*", "MM*\x00", "II\x00*":
		return true
	case "II+\x00", "MM\x00+":
		return true
	}
	return false
}

func sniffHEIC(b []byte) bool { return brandFormat(b) == FormatHEIC }
func sniffAVIF(b []byte) bool { return brandFormat(b) == FormatAVIF }

// brandFormat reads the ftyp box that every HEIF file starts with: the major
// brand first, then the compatible ones in their order. The generic brands mif1
// and msf1 say nothing of the codec, so they only decide when no other brand does.
func brandFormat(b []byte) Format {
	if len(b) < 12 || string(b[4:8]) != "ftyp" {
		return FormatUnknown
	}
	end := min(int(b[0])<<24|int(b[1])<<16|int(b[2])<<8|int(b[3]), len(b), 64)
	found := FormatUnknown
	for i := 8; i+4 <= end; i += 4 {
		if i == 12 { // the minor version, which is no brand
			continue
		}
		switch string(b[i : i+4]) {
		case "avif", "avis":
			return FormatAVIF
		case "heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs":
			return FormatHEIC
		case "mif1", "msf1", "mif2", "mif3", "msf2", "miaf", "jpeg", "jpgs", "MiHE", "MiHB", "MiHA":
			found = FormatHEIC
		}
	}
	return found
}
