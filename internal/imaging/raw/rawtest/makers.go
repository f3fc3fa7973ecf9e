package rawtest

import (
	"encoding/binary"
)

// Picture is what goes into a RAW file.
type Picture struct {
	Width, Height int // of the sensor
	Orientation   uint16
	Date          string // DateTimeOriginal; "" for none
	Preview       []byte // the largest JPEG
	Thumbnail     []byte // a smaller JPEG
}

func (p Picture) exif(more ...Tag) Dir {
	d := Dir{{36864, []byte("0230")}}
	if p.Date != "" {
		d = append(d, Tag{36867, p.Date})
	}
	return append(d, more...)
}

func (p Picture) first(maker, model string, more ...Tag) Dir {
	d := Dir{{271, maker}, {272, model}}
	if p.Orientation != 0 {
		d = append(d, Tag{274, p.Orientation})
	}
	return append(d, more...)
}

// sensor is the directory of the sensor's data, of which a few bytes stand here.
func (p Picture) sensor(compression uint16, more ...Tag) Dir {
	return append(Dir{
		{254, uint32(0)}, {256, uint32(p.Width)}, {257, uint32(p.Height)}, {258, uint16(14)},
		{259, compression}, {262, uint16(32803)}, {273, Blob("sensor data")}, {277, uint16(1)}, {279, uint32(11)},
	}, more...)
}

// jpeg are the tags that lead to a JPEG as EXIF's thumbnails are found.
func jpeg(b []byte) Dir {
	return Dir{{254, uint32(1)}, {259, uint16(6)}, {513, Blob(b)}, {514, uint32(len(b))}}
}

// strip are the tags that lead to a JPEG in the place of a strip.
func strip(compression uint16, b []byte) Dir {
	return Dir{
		{254, uint32(1)}, {259, compression}, {262, uint16(6)}, {273, Blob(b)}, {277, uint16(3)}, {279, uint32(len(b))},
	}
}

func littleTIFF(chain ...Dir) []byte { return TIFF("II*\x00\x00\x00\x00\x00", chain...) }
func bigTIFF(chain ...Dir) []byte    { return TIFF("MM\x00*\x00\x00\x00\x00", chain...) }

// CR2 has its preview in the first directory's strip, and the sensor's data in the
// fourth, as lossless JPEG.
func CR2(p Picture) []byte {
	first := append(p.first("Canon", "Canon EOS 7D", Tag{34665, p.exif()}), strip(6, p.Preview)[1:]...)
	lossless := []byte("\xff\xd8\xff\xc4\x00\x04\x00\x00\xff\xc3\x00\x0b\x0e\x10\x00\x20\x00\x02\x01\x11\x00\xff\xd9")
	sensor := Dir{{259, uint16(6)}, {273, Blob(lossless)}, {279, uint32(len(lossless))}, {0xc5d8, uint32(1)}}
	first = append(first, Tag{256, uint16(p.Width)}, Tag{257, uint16(p.Height)})
	return TIFF("II*\x00\x00\x00\x00\x00CR\x02\x00\x00\x00\x00\x00", first, jpeg(p.Thumbnail), sensor)
}

// NEF has the preview and the sensor's data below its first directory, which is an
// uncompressed thumbnail.
func NEF(p Picture) []byte {
	first := p.first("NIKON CORPORATION", "NIKON D90", Tag{34665, p.exif()},
		Tag{254, uint32(1)}, Tag{256, uint32(2)}, Tag{257, uint32(1)}, Tag{258, []uint16{8, 8, 8}}, Tag{259, uint16(1)},
		Tag{262, uint16(2)}, Tag{273, Blob("abcdef")}, Tag{277, uint16(3)}, Tag{279, uint32(6)},
		Tag{330, []Dir{jpeg(p.Preview), p.sensor(34713)}})
	return bigTIFF(first)
}

// OldNEF has its only preview in the maker's notes.
func OldNEF(p Picture) []byte {
	note := append([]byte("Nikon\x00\x02\x10\x00\x00"), bigTIFF(Dir{{0x11, jpeg(p.Preview)}})...)
	return bigTIFF(p.first("NIKON CORPORATION", "NIKON D70", Tag{34665, p.exif(Tag{37500, note})}, Tag{330, p.sensor(34713)}))
}

// NRW is NEF of another camera.
func NRW(p Picture) []byte {
	return littleTIFF(p.first("NIKON", "COOLPIX P7800", Tag{34665, p.exif()}, Tag{330, []Dir{p.sensor(34713), jpeg(p.Preview)}}))
}

// ARW has the preview in its first directory and a thumbnail in its second.
func ARW(p Picture) []byte {
	return littleTIFF(append(p.first("SONY", "ILCE-7M3", Tag{34665, p.exif()}, Tag{330, p.sensor(32767)}), jpeg(p.Preview)...),
		jpeg(p.Thumbnail))
}

// OldARW has a thumbnail in the tags, and the preview in the maker's notes.
func OldARW(p Picture) []byte {
	note := func(at int) []byte {
		block, _ := AppendDirs(append(make([]byte, at), "SONY DSC \x00\x00\x00"...), binary.LittleEndian, Dir{{0x2001, p.Preview}})
		return block[at:]
	}
	return littleTIFF(p.first("SONY", "DSLR-A700", Tag{34665, p.exif(Tag{37500, note})}, Tag{330, p.sensor(32767)}), jpeg(p.Thumbnail))
}

// SR2 is the DSC-R1's.
func SR2(p Picture) []byte {
	return littleTIFF(append(p.first("SONY", "DSC-R1", Tag{34665, p.exif()}, Tag{330, p.sensor(1)}), jpeg(p.Preview)...))
}

// DNG as ProRAW is: the preview is a picture beside the sensor's, which JPEG XL or
// lossless JPEG compresses.
func DNG(p Picture) []byte {
	linear := Dir{
		{254, uint32(0)}, {256, uint32(p.Width + 8)}, {257, uint32(p.Height + 8)}, {258, []uint16{12, 12, 12}},
		{259, uint16(52546)}, {262, uint16(34892)}, {277, uint16(3)},
		{322, uint32(p.Width)}, {323, uint32(p.Height)}, {324, Blob("\xff\x0a")}, {325, uint32(2)},
		{50720, []uint32{uint32(p.Width), uint32(p.Height)}},
	}
	return bigTIFF(p.first("Apple", "iPhone 16 Pro", Tag{34665, p.exif()}, Tag{50706, []byte{1, 7, 0, 0}},
		Tag{330, []Dir{strip(7, p.Thumbnail), linear, strip(7, p.Preview)}}))
}

// PEF has the preview in its third directory.
func PEF(p Picture) []byte {
	return bigTIFF(append(p.first("PENTAX", "PENTAX K-5", Tag{34665, p.exif()}), p.sensor(65535)...), jpeg(p.Thumbnail), jpeg(p.Preview))
}

// SRW has the preview below its first directory.
func SRW(p Picture) []byte {
	return littleTIFF(p.first("SAMSUNG", "NX20", Tag{34665, p.exif()}, Tag{330, []Dir{jpeg(p.Preview), p.sensor(32770)}}))
}

// ORF has the preview in the camera settings of the maker's notes.
func ORF(p Picture) []byte {
	settings := Dir{{0x101, Blob(p.Preview)}, {0x102, uint32(len(p.Preview))}}
	note, _ := AppendDirs([]byte("OLYMPUS\x00II\x03\x00"), binary.LittleEndian, Dir{{0x2020, settings}})
	first := append(p.first("OLYMPUS IMAGING CORP.", "E-M5", Tag{34665, p.exif(Tag{37500, note})}),
		Tag{256, uint32(p.Width)}, Tag{257, uint32(p.Height)}, Tag{259, uint16(1)}, Tag{262, uint16(32803)})
	return TIFF("IIRO\x00\x00\x00\x00", first)
}

// RW2 has the preview as a value, and states the borders of the sensor.
func RW2(p Picture) []byte { return panasonic("Panasonic", "DMC-GH4", p) }

// RWL is the same of Leica's name.
func RWL(p Picture) []byte { return panasonic("LEICA", "D-LUX 6", p) }

func panasonic(maker, model string, p Picture) []byte {
	return TIFF("IIU\x00\x00\x00\x00\x00", p.first(maker, model, Tag{34665, p.exif()},
		Tag{2, uint16(p.Width + 30)}, Tag{3, uint16(p.Height + 20)},
		Tag{4, uint16(4)}, Tag{5, uint16(8)}, Tag{6, uint16(p.Height + 4)}, Tag{7, uint16(p.Width + 8)},
		Tag{0x2e, p.Preview}))
}

// EXIFBlock is the metadata that a JPEG of this picture would have.
func EXIFBlock(p Picture, maker, model string) []byte {
	return bigTIFF(p.first(maker, model, Tag{34665, p.exif()}))
}

// WithEXIF puts a block of metadata into a JPEG.
func WithEXIF(jpeg, block []byte) []byte {
	payload := append([]byte("Exif\x00\x00"), block...)
	out := append([]byte{}, jpeg[:2]...)
	out = append(out, 0xff, 0xe1)
	out = binary.BigEndian.AppendUint16(out, uint16(len(payload)+2))
	return append(append(out, payload...), jpeg[2:]...)
}

// RAF has a JPEG with all metadata in it; RAFPreview is that JPEG.
func RAF(p Picture) []byte {
	const list = 100
	preview := RAFPreview(p)
	out := append([]byte("FUJIFILMCCD-RAW 0201FF383501X-E1"), make([]byte, list-32)...)
	out = binary.BigEndian.AppendUint32(out, 2)
	out = append(out, 0x01, 0x00, 0, 4, 0xff, 0xff, 0xff, 0xff) // the whole sensor
	out = append(out, 0x01, 0x11, 0, 4, byte(p.Height>>8), byte(p.Height), byte(p.Width>>8), byte(p.Width))
	binary.BigEndian.PutUint32(out[84:], uint32(len(out)))
	binary.BigEndian.PutUint32(out[88:], uint32(len(preview)))
	binary.BigEndian.PutUint32(out[92:], list)
	return append(append(out, preview...), "sensor data"...)
}

// RAFPreview is the JPEG in RAF.
func RAFPreview(p Picture) []byte {
	return WithEXIF(p.Preview, EXIFBlock(p, "FUJIFILM", "X-E1"))
}

func box(name string, parts ...[]byte) []byte {
	out := append([]byte("\x00\x00\x00\x00"), name...)
	for _, b := range parts {
		out = append(out, b...)
	}
	binary.BigEndian.PutUint32(out, uint32(len(out)))
	return out
}

// CR3 has the thumbnail in a box of its own and the preview as the sample of a track.
func CR3(p Picture) []byte {
	be := binary.BigEndian
	canon := box("uuid", []byte("\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48"),
		box("CNCV", []byte("CanonCR3_001/00.09.00/00.00.00")),
		box("CMT1", littleTIFF(p.first("Canon", "Canon EOS R", Tag{256, uint16(p.Width)}, Tag{257, uint16(p.Height)}))),
		box("CMT2", littleTIFF(p.exif())),
		box("THMB", make([]byte, 8), be.AppendUint32(nil, uint32(len(p.Thumbnail))), make([]byte, 4), p.Thumbnail))
	head := box("ftyp", []byte("crx \x00\x00\x00\x01crx isom"))
	build := func(offset int) []byte {
		table := box("stbl",
			box("stsz", make([]byte, 4), be.AppendUint32(nil, uint32(len(p.Preview))), be.AppendUint32(nil, 1)),
			box("co64", make([]byte, 4), be.AppendUint32(nil, 1), be.AppendUint64(nil, uint64(offset))))
		return append(append([]byte{}, head...), box("moov", canon, box("trak", box("mdia", box("minf", table))))...)
	}
	front := build(0)
	return append(build(len(front)+8), box("mdat", p.Preview, []byte("sensor data"))...)
}

// CRW is a heap in a heap, with directories at their ends.
func CRW(p Picture) []byte {
	le := binary.LittleEndian
	type item struct {
		tag  uint16
		data []byte
	}
	heap := func(items ...item) []byte {
		var out []byte
		dir := le.AppendUint16(nil, uint16(len(items)))
		for _, it := range items {
			dir = le.AppendUint16(dir, it.tag)
			dir = le.AppendUint32(dir, uint32(len(it.data)))
			dir = le.AppendUint32(dir, uint32(len(out)))
			out = append(out, it.data...)
		}
		at := uint32(len(out))
		return le.AppendUint32(append(out, dir...), at)
	}
	degrees := map[uint16]uint32{6: 90, 3: 180, 8: 270}[p.Orientation]
	var spec []byte
	for _, v := range []uint32{uint32(p.Width), uint32(p.Height), 0x3f800000, degrees, 12, 36, 1} {
		spec = le.AppendUint32(spec, v)
	}
	header := append([]byte("II\x1a\x00\x00\x00HEAPCCDR\x02\x00\x01\x00"), make([]byte, 8)...)
	return append(header, heap(item{0x2008, p.Thumbnail}, item{0x2007, p.Preview}, item{0x300a, heap(item{0x1810, spec})})...)
}

// MRW has its preview in the maker's notes, with the first byte spoilt.
func MRW(p Picture) []byte {
	be := binary.BigEndian
	spoilt := append([]byte{0x02}, p.Preview[1:]...)
	note := func(at int) []byte {
		block, _ := AppendDirs(make([]byte, at), be, Dir{{0x88, Blob(spoilt)}, {0x89, uint32(len(spoilt))}})
		return block[at:]
	}
	tiff := bigTIFF(p.first("KONICA MINOLTA", "DYNAX 7D", Tag{34665, p.exif(Tag{37500, note})}))
	prd := []byte("27820001")
	for _, v := range []int{p.Height + 8, p.Width + 8, p.Height, p.Width} {
		prd = be.AppendUint16(prd, uint16(v))
	}
	block := func(name string, b []byte) []byte {
		return append(be.AppendUint32([]byte(name), uint32(len(b))), b...)
	}
	body := append(block("\x00PRD", append(prd, make([]byte, 8)...)), block("\x00TTW", tiff)...)
	return append(block("\x00MRM", body), "sensor data"...)
}

// X3F has sections and a directory of them at its end.
func X3F(p Picture) []byte {
	le := binary.LittleEndian
	out := append([]byte("FOVb\x02\x00\x02\x00"), make([]byte, 20)...)
	degrees := map[uint16]uint32{6: 90, 3: 180, 8: 270}[p.Orientation]
	for _, v := range []uint32{uint32(p.Width), uint32(p.Height), degrees} {
		out = le.AppendUint32(out, v)
	}
	var dir []byte
	for _, b := range [][]byte{p.Thumbnail, p.Preview} {
		section := []byte("SECi\x00\x00\x02\x00\x02\x00\x00\x00\x12\x00\x00\x00")
		section = append(append(section, make([]byte, 12)...), b...)
		dir = le.AppendUint32(dir, uint32(len(out)))
		dir = le.AppendUint32(dir, uint32(len(section)))
		dir = append(dir, "IMA2"...)
		out = append(out, section...)
	}
	at := uint32(len(out))
	out = append(out, "SECd\x00\x00\x02\x00\x02\x00\x00\x00"...)
	return le.AppendUint32(append(out, dir...), at)
}
