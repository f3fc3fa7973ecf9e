package imaging

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/bep/imagemeta"

	"github.com/sightline/sightline/internal/imaging/jxl"
	"github.com/sightline/sightline/internal/imaging/psd"
)

// meta is what the EXIF, IPTC and XMP blocks of a file say.
type meta struct {
	orientation int // 1..8
	takenAt     time.Time
	keywords    []string
}

// The XMP namespace of dc:subject.
const dublinCore = "http://purl.org/dc/elements/1.1/"

// readMeta reads what it can. Metadata is a courtesy, so nothing that is wrong with
// it is an error: a block that cannot be read says nothing.
func readMeta(data []byte, f Format) meta {
	if f.IsRAW() {
		return readRAWMeta(data)
	}
	switch f {
	case FormatJXL:
		h, _ := jxl.ReadHeader(data)
		return readBlocks(h.Exif, h.XMP, nil)
	case FormatPSD:
		h, _ := psd.ReadHeader(data)
		return readBlocks(h.EXIF, h.XMP, h.IPTC)
	}
	format, ok := metaFormat(f)
	if !ok {
		return meta{orientation: 1}
	}
	var c metaCollector
	// One pass for each source, so that a broken block does not hide the next.
	switch f {
	case FormatWebP:
		blocks := webpMeta(data)
		c.read(blocks, format, imagemeta.EXIF)
		c.read(blocks, format, imagemeta.XMP)
	case FormatPNG:
		c.read(data, format, imagemeta.EXIF)
		c.read(data, format, imagemeta.IPTC)
		// imagemeta v1.0.1 finds no XMP in PNG.
		if xmp := pngXMP(data); xmp != nil {
			c.read(metaContainer(nil, xmp), imagemeta.WebP, imagemeta.XMP)
		}
	default:
		for _, source := range []imagemeta.Source{imagemeta.EXIF, imagemeta.IPTC, imagemeta.XMP} {
			c.read(data, format, source)
		}
	}
	return c.meta()
}

func metaFormat(f Format) (imagemeta.ImageFormat, bool) {
	switch f {
	case FormatJPEG:
		return imagemeta.JPEG, true
	case FormatPNG:
		return imagemeta.PNG, true
	case FormatWebP:
		return imagemeta.WebP, true
	case FormatTIFF:
		return imagemeta.TIFF, true
	case FormatHEIC:
		return imagemeta.HEIF, true
	case FormatAVIF:
		return imagemeta.AVIF, true
	}
	return 0, false
}

// metaCollector holds the tags we want, as they are found.
type metaCollector struct {
	orientation  int
	date, offset string
	keywords     []string
}

func (c *metaCollector) read(data []byte, format imagemeta.ImageFormat, source imagemeta.Source) {
	// The library recovers from its own panics, but not from all of them.
	defer func() { _ = recover() }()
	_, _ = imagemeta.Decode(imagemeta.Options{
		R:               bytes.NewReader(data),
		ImageFormat:     format,
		Sources:         source,
		ShouldHandleTag: wantedTag,
		HandleTag: func(t imagemeta.TagInfo) error {
			c.take(t)
			return nil
		},
	})
}

// wantedTag keeps the library from decoding the many tags that we do not use.
// IFD1 describes the thumbnail, whose orientation is not the picture's.
func wantedTag(t imagemeta.TagInfo) bool {
	switch t.Source {
	case imagemeta.EXIF:
		switch t.Tag {
		case "Orientation":
			return t.Namespace == "IFD0"
		case "DateTimeOriginal", "OffsetTimeOriginal":
			return strings.HasPrefix(t.Namespace, "IFD0")
		}
		return false
	case imagemeta.IPTC:
		return t.Tag == "Keywords"
	case imagemeta.XMP:
		return t.Tag == "Subject" && t.Namespace == dublinCore
	}
	return false
}

func (c *metaCollector) take(t imagemeta.TagInfo) {
	switch t.Tag {
	case "Orientation":
		if v, ok := t.Value.(uint16); ok && c.orientation == 0 {
			c.orientation = int(v)
		}
	case "DateTimeOriginal":
		c.date, _ = t.Value.(string)
	case "OffsetTimeOriginal":
		c.offset, _ = t.Value.(string)
	case "Keywords", "Subject":
		switch v := t.Value.(type) {
		case string:
			c.addKeyword(v)
		case []string:
			for _, k := range v {
				c.addKeyword(k)
			}
		}
	}
}

// addKeyword drops repeats: most programs write IPTC and XMP alike.
func (c *metaCollector) addKeyword(k string) {
	k = strings.TrimSpace(strings.ToValidUTF8(strings.Trim(k, "\x00"), "�"))
	if k != "" && !slices.Contains(c.keywords, k) {
		c.keywords = append(c.keywords, k)
	}
}

func (c *metaCollector) meta() meta {
	m := meta{orientation: 1, takenAt: exifTime(c.date, c.offset), keywords: c.keywords}
	if c.orientation >= 1 && c.orientation <= 8 {
		m.orientation = c.orientation
	}
	return m
}

// exifTime reads an EXIF date, which has no zone of its own: it is local time
// unless the file states the offset. What is no date, or lies outside the years
// that a photograph can be of, is the zero time.
func exifTime(date, offset string) time.Time {
	const (
		layout = "2006:01:02 15:04:05"
		first  = 1826 // the view from Niépce's window
		last   = 2099
	)
	zone := time.Local
	if o, err := time.Parse("-07:00", strings.TrimRight(offset, " \x00")); err == nil {
		zone = o.Location()
	}
	t, err := time.ParseInLocation(layout, strings.TrimRight(date, " \x00"), zone)
	if err != nil || t.Year() < first || t.Year() > last {
		return time.Time{}
	}
	return t
}
