package raw

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// Sniff names the kind of RAW file by the bytes at its start. From 64 bytes it knows
// those that have a mark of their own; the makers' files that are TIFFs by the letter
// (NEF, ARW, DNG, PEF and others) need the directories, so that head must be the whole
// file, and are NotRaw otherwise, as plain TIFFs are.
func Sniff(head []byte) Kind {
	if k := Mark(head); k != NotRaw || !isTIFF(head) {
		return k
	}
	return classify(head)
}

// Mark names the kind of a RAW file that its first 64 bytes tell from all others.
func Mark(head []byte) Kind {
	has := func(at int, s string) bool {
		return len(head) >= at+len(s) && string(head[at:at+len(s)]) == s
	}
	switch {
	case has(0, "II*\x00") && has(8, "CR\x02"):
		return CR2
	case has(4, "ftypcrx "):
		return CR3
	case has(0, "FUJIFILMCCD-RAW "):
		return RAF
	case has(0, "IIRO"), has(0, "IIRS"), has(0, "MMOR"):
		return ORF
	case has(0, "IIU\x00"):
		return RW2 // or RWL, which only the maker's name tells
	case has(0, "II*\x00") && has(8, "IIII"), has(0, "MM\x00*") && has(8, "MMMM"):
		return IIQ
	case has(0, "II") && has(6, "HEAPCCDR"):
		return CRW
	case has(0, "\x00MRM"):
		return MRW
	case has(0, "FOVb"):
		return X3F
	}
	return NotRaw
}

func isTIFF(b []byte) bool {
	return len(b) >= 8 && (bytes.HasPrefix(b, []byte("II*\x00")) || bytes.HasPrefix(b, []byte("MM\x00*")))
}

// classify reads the first directories of a TIFF. It is a RAW file if it is a DNG, or
// if one of its pictures is a sensor's: a colour filter array, or a compression that
// only cameras use. A photo that was exported as TIFF has the camera's name too, and
// stays a TIFF.
func classify(data []byte) Kind {
	t, ok := newTIFF(data, 0)
	if !ok {
		return NotRaw
	}
	s := &search{data: data, entries: maxEntries}
	first, _, ok := s.directory(t, uint64(t.u32(4)))
	if !ok {
		return NotRaw
	}
	if first.has(tagDNGVersion) {
		return DNG
	}
	maker := first.text(tagMake)
	sensor := false
	s.visited = nil
	s.eachPicture(t, func(d directory, _ role) { sensor = sensor || isSensor(d) })
	if !sensor {
		return NotRaw
	}
	return maker2kind(maker, first.text(tagModel))
}

// isSensor reports whether a directory describes what a sensor saw.
func isSensor(d directory) bool {
	if d.integer(tagPhotometric) == photometricCFA {
		return true
	}
	switch d.integer(tagCompression) {
	case 34713, // Nikon
		32767,               // Sony
		32769, 32770, 32772, // Samsung and Epson
		34892,      // lossy DNG
		65535,      // Pentax
		262, 65000: // Kodak
		return true
	case 6, 7:
		// Lossless JPEG of one or two components without a photometric
		// interpretation, as in old files of Nikon and Kodak.
		return !d.has(tagPhotometric) && d.has(tagCFAPattern)
	}
	return d.has(tagCFAPattern) || d.has(tagSonyRawFileType)
}

// maker2kind chooses among the kinds that have no mark by the names in the file.
func maker2kind(maker, model string) Kind {
	m := strings.ToUpper(maker)
	for _, k := range []struct {
		maker string
		kind  Kind
	}{
		{"NIKON", NEF}, {"SONY", ARW}, {"PENTAX", PEF}, {"RICOH", PEF}, {"ASAHI", PEF},
		{"SAMSUNG", SRW}, {"CANON", CR2}, {"SEIKO EPSON", ERF}, {"EPSON", ERF}, {"HASSELBLAD", FFF},
		{"KODAK", DCR}, {"EASTMAN KODAK", DCR}, {"MAMIYA", MEF}, {"LEAF", MOS}, {"PHASE ONE", IIQ},
		{"OLYMPUS", ORF}, {"OM DIGITAL", ORF}, {"PANASONIC", RW2}, {"LEICA", RWL}, {"MINOLTA", MRW}, {"KONICA MINOLTA", MRW},
	} {
		if !strings.HasPrefix(m, k.maker) {
			continue
		}
		switch {
		case k.kind == NEF && strings.HasPrefix(strings.ToUpper(model), "COOLPIX"):
			return NRW
		case k.kind == ARW && strings.HasPrefix(model, "DSC-R1"):
			return SR2
		case k.kind == ARW && (strings.HasPrefix(model, "DSC-F828") || strings.HasPrefix(model, "DSC-V3")):
			return SRF
		}
		return k.kind
	}
	return Other
}

// newTIFF reads the header of a TIFF that starts at base; any mark in the place of
// TIFF's 42 will do.
func newTIFF(data []byte, base int) (tiffBlock, bool) {
	if base < 0 || base > len(data)-8 {
		return tiffBlock{}, false
	}
	t := tiffBlock{base: base, data: data[base:]}
	switch string(data[base : base+2]) {
	case "II":
		t.order = binary.LittleEndian
	case "MM":
		t.order = binary.BigEndian
	default:
		return tiffBlock{}, false
	}
	return t, true
}
