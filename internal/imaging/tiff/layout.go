package tiff

import (
	"fmt"
	"math"
	"slices"
)

// Compressions, by the numbers of the tag.
const (
	uncompressed   = 1
	ccittRLE       = 2
	ccittG3        = 3
	ccittG4        = 4
	lzwCompressed  = 5
	oldJPEG        = 6
	newJPEG        = 7
	deflate        = 8
	next2bit       = 32766
	ccittRLEW      = 32771
	packBits       = 32773
	thunderScan    = 32809
	deflateOld     = 32946
	lzmaCompressed = 34925
	zstdCompressed = 50000
)

// Photometric interpretations, by the numbers of the tag.
const (
	whiteIsZero = 0
	blackIsZero = 1
	rgb         = 2
	palette     = 3
	cmyk        = 5
	ycbcr       = 6
	cieLab      = 8
	iccLab      = 9
)

type sampleFormat int

const (
	unsigned sampleFormat = 1
	signed   sampleFormat = 2
	float    sampleFormat = 3
)

type alphaKind int

const (
	opaque alphaKind = iota
	straight
	premultiplied
)

// layout is how the samples of a picture lie in the file.
type layout struct {
	dir           directory
	width, height int

	compression int
	photometric int
	format      sampleFormat
	bits        []int // of each sample of a pixel
	colours     int   // how many of the samples are the colour; the alpha comes next
	alpha       alphaKind
	predictor   int
	reversed    bool // the lowest bit of a byte is the first
	planar      bool // each sample has its own strips or tiles
	subsampled  bool // chroma is coarser, in units of subX by subY pixels
	subX, subY  int

	blockWidth, blockHeight int // of a strip or tile
	across, down            int // how many of them
	tiled                   bool
	offsets, counts         []uint64
}

// mostSamples is how many samples a pixel may have. Pillow reads up to six.
const mostSamples = 64

func newLayout(dir directory, c Config) (layout, error) {
	l := layout{
		dir: dir, width: c.Width, height: c.Height,
		compression: int(dir.uint(tagCompression, uncompressed)),
		predictor:   int(dir.uint(tagPredictor, 1)),
		reversed:    dir.uint(tagFillOrder, 1) == 2,
		format:      unsigned,
	}
	if err := l.readPixels(); err != nil {
		return l, err
	}
	if err := l.readBlocks(); err != nil {
		return l, err
	}
	return l, l.check()
}

// readPixels reads what a pixel consists of.
func (l *layout) readPixels() error {
	// The tag is required, but not everyone reads the specification: without it,
	// Pillow takes grey as white for zero.
	l.photometric = int(l.dir.uint(tagPhotometric, whiteIsZero))
	absent := 1
	if l.compression == oldJPEG {
		// Such files are YCbCr whatever they say.
		if l.photometric == rgb || !l.dir.has(tagPhotometric) {
			l.photometric = ycbcr
		}
		if l.photometric == ycbcr {
			absent = 3
		}
	}
	samples := l.dir.uint(tagSamples, uint64(absent))
	if samples == 0 || samples > mostSamples {
		return fmt.Errorf("%d samples a pixel", samples)
	}
	if formats := l.dir.uints(tagSampleFormat); len(formats) > 0 {
		if slices.Min(formats[:min(len(formats), int(samples))]) != slices.Max(formats[:min(len(formats), int(samples))]) {
			return unsupported("samples of different formats %v", formats)
		}
		switch formats[0] {
		case 0, 1, 4: // 4 is "undefined"
		case 2:
			l.format = signed
		case 3:
			l.format = float
		default:
			return unsupported("sample format %d", formats[0])
		}
	}
	if err := l.readBits(int(samples)); err != nil {
		return err
	}
	switch l.photometric {
	case whiteIsZero, blackIsZero, palette:
		l.colours = 1
	case rgb, cieLab, iccLab, ycbcr:
		l.colours = 3
		if len(l.bits) < 3 && l.photometric != rgb {
			l.colours, l.photometric = 1, blackIsZero // their lightness alone
		}
	case cmyk:
		l.colours = 4
		if set := l.dir.uint(332, 1); set != 1 && len(l.bits) != 4 {
			return unsupported("%d inks that are not CMYK", len(l.bits))
		}
	case 4:
		return unsupported("transparency mask without a picture")
	case 32803, 34892:
		return unsupported("pixels of a camera's sensor")
	case 32844, 32845:
		return unsupported("LogL or LogLuv pixels")
	default:
		return unsupported("photometric interpretation %d", l.photometric)
	}
	if len(l.bits) < l.colours {
		return fmt.Errorf("%d samples a pixel where the colour has %d", len(l.bits), l.colours)
	}
	l.planar = l.dir.uint(tagPlanar, 1) == 2 && len(l.bits) > 1
	l.readAlpha()
	return nil
}

// readBits reads the size of each sample. One value stands for all samples, and
// more values than samples are too many.
func (l *layout) readBits(samples int) error {
	bits := l.dir.uints(tagBits)
	if len(bits) == 0 {
		bits = []uint64{1}
		if l.compression == newJPEG || l.compression == oldJPEG {
			bits[0] = 8
		}
	}
	for i := range samples {
		b := bits[0]
		if len(bits) > 1 {
			if i >= len(bits) {
				return fmt.Errorf("bits of %d samples, %d samples a pixel", len(bits), samples)
			}
			b = bits[i]
		}
		if b == 0 || b > 64 {
			return fmt.Errorf("samples of %d bits", b)
		}
		l.bits = append(l.bits, int(b))
	}
	return nil
}

// readAlpha finds out what the sample after the colours is. As in Pillow, a fourth
// sample beside RGB about which nothing is said is alpha, and so is Corel's 999.
func (l *layout) readAlpha() {
	if len(l.bits) <= l.colours {
		return
	}
	extra := l.dir.uints(tagExtraSamples)
	switch {
	case len(extra) == 0 && l.photometric == rgb && len(l.bits) == 4:
		l.alpha = straight
	case len(extra) == 0:
	case extra[0] == 1:
		l.alpha = premultiplied
	case extra[0] == 2 || extra[0] == 999:
		l.alpha = straight
	}
	if l.photometric == palette && l.alpha == premultiplied {
		l.alpha = straight
	}
}

// readBlocks reads where the strips or tiles are.
func (l *layout) readBlocks() error {
	l.subX, l.subY = 1, 1
	if l.photometric == ycbcr && l.compression != newJPEG {
		l.readSubsampling()
	}
	l.blockWidth, l.blockHeight = l.width, l.height
	if l.dir.has(tagTileWidth) && l.dir.has(tagTileHeight) {
		w, h := l.dir.uint(tagTileWidth, 0), l.dir.uint(tagTileHeight, 0)
		if w == 0 || h == 0 || w > math.MaxInt32 || h > math.MaxInt32 || w*h > math.MaxInt32 {
			return fmt.Errorf("tiles of %dx%d", w, h)
		}
		// Tiles beyond the picture only cost memory.
		if int64(w) > max(2*int64(l.width), 1<<16) || w*h > uint64(max(4*int64(l.width)*int64(l.height), 1<<26)) {
			return fmt.Errorf("tiles of %dx%d in a picture of %dx%d", w, h, l.width, l.height)
		}
		l.tiled, l.blockWidth, l.blockHeight = true, int(w), int(h)
	} else if rows := l.dir.uint(tagRowsPerStrip, math.MaxUint32); rows > 0 && rows < uint64(l.height) {
		l.blockHeight = int(rows)
	}
	l.across = (l.width + l.blockWidth - 1) / l.blockWidth
	l.down = (l.height + l.blockHeight - 1) / l.blockHeight
	// Some writers name the tags of strips for tiles.
	l.offsets, l.counts = l.dir.uints(tagTileOffsets), l.dir.uints(tagTileCounts)
	if !l.tiled || len(l.offsets) == 0 {
		l.offsets = l.dir.uints(tagStripOffsets)
	}
	if !l.tiled || len(l.counts) == 0 {
		l.counts = l.dir.uints(tagStripCounts)
	}
	if len(l.offsets) == 0 && !l.dir.has(tagJPEGStream) {
		return fmt.Errorf("no offsets of strips or tiles")
	}
	return nil
}

// readSubsampling reads how many pixels share their chroma: two by two unless the
// file says otherwise, or its data is that of whole chroma.
func (l *layout) readSubsampling() {
	l.subX, l.subY = 2, 2
	if v := l.dir.uints(tagYCbCrSubsampling); len(v) >= 2 {
		l.subX, l.subY = int(min(v[0], 99)), int(min(v[1], 99))
	} else if counts := l.dir.uints(tagStripCounts); l.compression == uncompressed && len(counts) == 1 &&
		counts[0] == 3*uint64(l.width)*uint64(l.height) {
		l.subX, l.subY = 1, 1
	}
	l.subsampled = l.compression != oldJPEG && (l.subX != 1 || l.subY != 1)
}

// check refuses what the decoder does not know.
func (l *layout) check() error {
	switch l.compression {
	case ccittRLE, ccittG3, ccittG4, ccittRLEW:
		if len(l.bits) != 1 || l.bits[0] != 1 {
			return fmt.Errorf("fax compression of %d samples of %d bits", len(l.bits), l.bits[0])
		}
	case oldJPEG, newJPEG:
		if l.bits[0] != 8 {
			return unsupported("JPEG of %d bits", l.bits[0])
		}
		if l.blockWidth > math.MaxUint16 && l.width > math.MaxUint16 || len(l.bits) > 4 {
			return unsupported("JPEG of %d pixels by row and %d samples a pixel", l.blockWidth, len(l.bits))
		}
		// Each stream costs a decoder. The smallest that are written have 64x64 pixels.
		const always, least = 32768, 64 * 64
		if blocks := int64(l.across) * int64(l.down); blocks > max(always, int64(l.width)*int64(l.height)/least) {
			return unsupported("%d JPEG streams of %dx%d pixels", blocks, l.blockWidth, l.blockHeight)
		}
	case thunderScan:
		if len(l.bits) != 1 || l.bits[0] != 4 {
			return fmt.Errorf("ThunderScan of %d samples of %d bits", len(l.bits), l.bits[0])
		}
	case uncompressed, lzwCompressed, deflate, deflateOld, packBits, lzmaCompressed, zstdCompressed:
	default:
		return unsupported("compression %s", compressionName(l.compression))
	}
	if l.subsampled {
		if l.planar {
			return unsupported("planes of coarser chroma")
		}
		if l.bits[0] != 8 || len(l.bits) != 3 || !slices.Contains([]int{1, 2, 4}, l.subX) || !slices.Contains([]int{1, 2, 4}, l.subY) {
			return unsupported("chroma shared by %dx%d pixels of %d samples of %d bits", l.subX, l.subY, len(l.bits), l.bits[0])
		}
	}
	if l.photometric == palette {
		if l.bits[0] > 8 || l.format == float {
			return unsupported("palette of %d bits", l.bits[0])
		}
		if n := len(l.dir.uints(tagColorMap)); n < 3<<l.bits[0] {
			return fmt.Errorf("palette of %d values for indices of %d bits", n, l.bits[0])
		}
	}
	for _, b := range l.bits {
		if l.format == float && !slices.Contains([]int{16, 24, 32, 64}, b) || b > 16 && b%8 != 0 {
			return unsupported("samples of %d bits", b)
		}
		if b != l.bits[0] && (l.wide() || l.planar || b > 16) {
			return unsupported("samples of %v bits", l.bits)
		}
	}
	if l.wide() && l.photometric != whiteIsZero && l.photometric != blackIsZero && l.photometric != rgb && l.photometric != cmyk {
		return unsupported("photometric interpretation %d of %d bits", l.photometric, l.bits[0])
	}
	return l.checkPredictor()
}

func (l *layout) checkPredictor() error {
	if !l.predicts() || l.predictor == 1 {
		l.predictor = 1
		return nil
	}
	b := l.bits[0]
	for _, other := range l.bits {
		if other != b {
			return unsupported("predictor with samples of %v bits", l.bits)
		}
	}
	switch {
	case l.predictor == 2 && slices.Contains([]int{8, 16, 32, 64}, b):
	case l.predictor == 3 && l.format == float:
	default:
		return unsupported("predictor %d with samples of %d bits", l.predictor, b)
	}
	return nil
}

// predicts reports whether the compression is one of those that heed the predictor.
func (l *layout) predicts() bool {
	switch l.compression {
	case lzwCompressed, deflate, deflateOld, lzmaCompressed, zstdCompressed:
		return true
	}
	return false
}

// wide reports whether samples must be brought to 8 bits by the rule at mapping.
func (l *layout) wide() bool {
	return l.format == float || l.bits[0] > 16 || l.format == signed && l.bits[0] > 8
}

// planes is how many blocks at one place are read, each of a sample of its own.
// Samples that mean nothing are left where they are.
func (l *layout) planes() int {
	switch {
	case !l.planar:
		return 1
	case l.alpha != opaque:
		return l.colours + 1
	}
	return l.colours
}

// rowBytes is the length of a row of a block, or of a row of units where chroma is
// coarser.
func (l *layout) rowBytes() int {
	if l.subsampled {
		return (l.blockWidth + l.subX - 1) / l.subX * (l.subX*l.subY + 2)
	}
	if l.planar {
		return (l.blockWidth*l.bits[0] + 7) / 8
	}
	sum := 0
	for _, b := range l.bits {
		sum += b
	}
	return (l.blockWidth*sum + 7) / 8
}

// compressionName names the compressions that are known but not read.
func compressionName(n int) string {
	names := map[int]string{
		9: "9 (JBIG)", 10: "10 (JBIG)", 99: "99 (JPEG of 12 bits)", 262: "262 (camera)", next2bit: "32766 (NeXT)",
		32767: "32767 (Sony raw)", 32895: "32895 (CT)", 34661: "34661 (JBIG)", 34676: "34676 (SGILog)", 34677: "34677 (SGILog24)",
		33003: "33003 (JPEG 2000)", 33004: "33004 (JPEG 2000)", 33005: "33005 (JPEG 2000)", 34712: "34712 (JPEG 2000)",
		34713: "34713 (Nikon raw)", 34887: "34887 (LERC)", 34892: "34892 (lossy JPEG of DNG)", 34933: "34933 (PNG)",
		34934: "34934 (JPEG XR)", 22610: "22610 (JPEG XR)", 50001: "50001 (WebP)", 50002: "50002 (JPEG XL)", 52546: "52546 (JPEG XL)",
	}
	if s, ok := names[n]; ok {
		return s
	}
	return fmt.Sprint(n)
}
