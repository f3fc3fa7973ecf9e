package imaging

import (
	"context"
	"errors"
	"fmt"

	"github.com/sightline/sightline/internal/imaging/jxl"
	"github.com/sightline/sightline/internal/imaging/psd"
	"github.com/sightline/sightline/internal/imaging/raw"
	"github.com/sightline/sightline/internal/imaging/simple"
)

const (
	defaultMaxPixels = 500_000_000
	defaultMaxBytes  = 2 << 30
)

// codec is one format: how to recognise it, what its header says and how its
// pixels are read. decode may rely on header having accepted the same bytes.
type codec struct {
	format Format
	sniff  func(head []byte) bool
	// header reads the size and allocates no pixel memory.
	header func(data []byte) (header, error)
	// decode may give a picture and an error together: the picture is worth
	// showing, and the error says what is wrong with it.
	decode func(data []byte, h header, o Options) (*RGB, error)
}

// header is a file's own claim about its pixels, as they are stored.
type header struct {
	width, height int
	// orientation is what the container itself says about how the picture is to
	// be turned (HEIF boxes); 0 leaves the question to the EXIF block.
	orientation int
	// turns says that decode turns the pixels by orientation itself.
	turns bool
	// bytes is the memory that decode takes at its peak, besides the RGB that it
	// returns; 0 leaves the estimate to costOf.
	bytes int64
}

// codecs are tried in this order, the commonest first.
var codecs = []codec{
	{FormatJPEG, sniffJPEG, jpegHeader, decodeJPEG},
	{FormatPNG, sniffPNG, pngHeader, decodePNG},
	{FormatWebP, sniffWebP, webpHeader, decodeWebP},
	{FormatGIF, sniffGIF, gifHeader, decodeGIF},
	{FormatHEIC, sniffHEIC, heifHeader, decodeHEIF},
	{FormatAVIF, sniffAVIF, heifHeader, decodeHEIF},
	{FormatTIFF, sniffTIFF, tiffHeader, decodeTIFF},
	{FormatBMP, sniffBMP, bmpHeader, decodeBMP},
	{FormatJXL, jxl.Sniff, jxlHeader, decodeJXL},
	{FormatPSD, psd.Sniff, psdHeader, decodePSD},
	simpleCodec(FormatPNM, simple.SniffPNM, simple.PNMSize, simple.DecodePNM),
	simpleCodec(FormatQOI, simple.SniffQOI, simple.QOISize, simple.DecodeQOI),
	simpleCodec(FormatPCX, simple.SniffPCX, simple.PCXSize, simple.DecodePCX),
	{FormatICO, sniffICO, icoHeader, decodeICO},
	simpleCodec(FormatTGA, simple.SniffTGA, simple.TGASize, simple.DecodeTGA), // last: it has no mark
}

// Formats lists the formats that are read, the commonest first.
func Formats() []Format {
	var all []Format
	for _, c := range codecs {
		all = append(all, c.format)
	}
	return append(all, RAWFormats()...)
}

// Decode reads the first picture of a file. The pixels are upright (unless
// o.IgnoreOrientation) and 8-bit RGB; see Options for when they are smaller than
// Info says.
//
// The error wraps ErrUnknownFormat, ErrTooLarge, ErrUnsupported or ErrCorrupt.
// Damaged metadata is no error, nor is damage that Info.Damage tells of. A file that
// makes a decoder panic is ErrCorrupt.
func Decode(data []byte, o Options) (*RGB, Info, error) {
	return DecodeContext(context.Background(), data, o)
}

// DecodeContext is Decode for a caller that may lose interest. A picture that takes
// seconds is given up soon after the context is over; the error is then its cause,
// and says nothing about the file.
func DecodeContext(ctx context.Context, data []byte, o Options) (*RGB, Info, error) {
	p, err := Open(data, o.Limits)
	if err != nil {
		return nil, p.Info, err
	}
	return p.Decode(ctx, o)
}

// Picture is a file whose header and metadata have been read, and its pixels not yet.
type Picture struct {
	Info Info

	data   []byte
	codec  codec
	header header
	limits Limits
}

// Open reads header and metadata, so that one can tell from Info what the pixels will
// take before they exist. The error is one of Decode's, as far as the header shows
// them; the Picture is never nil and has in Info what was learned until then. data
// must stay as it is while the Picture is in use.
func Open(data []byte, l Limits) (*Picture, error) {
	c, h, info, err := inspect(data, l)
	return &Picture{Info: info, data: data, codec: c, header: h, limits: l}, err
}

// Decode is DecodeContext for a picture that Open returned without an error. The
// limits are those of Open.
func (p *Picture) Decode(ctx context.Context, o Options) (img *RGB, info Info, err error) {
	info, o.ctx, o.Limits = p.Info, ctx, p.limits
	if err := o.Limits.checkMemory(info.DecodeBytes(o)); err != nil {
		return nil, info, fmt.Errorf("decode %s: %w", p.codec.format, err)
	}
	h := p.header
	if h.orientation = info.Orientation; o.IgnoreOrientation {
		h.orientation = 1
	}
	if img = inkedJPEG(p.data, p.codec.format, o); img == nil {
		img, info.Damage, err = p.codec.pixels(p.data, h, o)
	}
	if err != nil {
		if over := context.Cause(ctx); over != nil {
			return nil, info, over
		}
		return nil, info, err
	}
	convertColours(img, p.data, p.codec.format, o)
	if !h.turns {
		img = orient(img, h.orientation)
	}
	return img, info, nil
}

// ReadInfo reads what Decode would say about a picture without its pixels.
// Errors are those of Decode, as far as the header shows them.
func ReadInfo(data []byte, l Limits) (Info, error) {
	_, _, info, err := inspect(data, l)
	return info, err
}

// inspect finds the codec, reads the header and the metadata, and holds them
// against the limits.
func inspect(data []byte, l Limits) (codec, header, Info, error) {
	info := Info{Orientation: 1}
	if err := l.checkBytes(int64(len(data))); err != nil {
		return codec{}, header{}, info, err
	}
	c, err := codecFor(data)
	if err != nil {
		return c, header{}, info, err
	}
	info.Format = c.format
	h, err := c.readHeader(data)
	if err != nil {
		return c, h, info, err
	}
	info.Width, info.Height = h.width, h.height
	if err := l.checkPixels(h.width, h.height); err != nil {
		return c, h, info, fmt.Errorf("read %s header: %w", c.format, err)
	}
	info.turns = h.turns
	if info.decode = h.bytes; h.bytes == 0 {
		n := costOf(c.format, data)
		info.decode, info.decodePixel = n.fixed, n.pixel
	}
	info.Metadata = readMeta(data)
	if info.Format.IsRAW() && info.Metadata.Date.IsZero() {
		info.Metadata = readRAWMeta(data, info.Metadata)
	}
	if info.Format == FormatJXL && info.Metadata.Date.IsZero() {
		info.Metadata = readJXLMeta(data, info.Metadata)
	}
	if o := info.Metadata.Orientation; o != 0 {
		info.Orientation = o
	}
	if h.orientation != 0 {
		info.Orientation = h.orientation
	}
	if turnsSideways(info.Orientation) {
		info.Width, info.Height = h.height, h.width
	}
	return c, h, info, nil
}

func codecFor(data []byte) (codec, error) {
	if len(data) == 0 {
		return codec{}, fmt.Errorf("%w: the file is empty", ErrUnknownFormat)
	}
	if k := raw.Sniff(data); k != raw.NotRaw {
		return rawCodec(k), nil
	}
	for _, c := range codecs {
		if c.sniff(data) {
			return c, nil
		}
	}
	kind := KindOf("", data[:min(len(data), 512)])
	if IsUnreadPicture(kind) {
		return codec{}, fmt.Errorf("%w: %s is not read", ErrUnsupported, kind)
	}
	if kind == KindVector {
		return codec{}, fmt.Errorf("%w: SVG, EPS and other drawings are not read: they are no pictures until something draws them", ErrUnsupported)
	}
	if kind == KindVideo || kind == KindDocument {
		return codec{}, fmt.Errorf("%w: it is a %s and starts with %q", ErrUnknownFormat, kind, data[:min(len(data), 16)])
	}
	return codec{}, fmt.Errorf("%w: it starts with %q", ErrUnknownFormat, data[:min(len(data), 16)])
}

// readHeader calls header and tells what goes wrong by the kinds of error.
func (c codec) readHeader(data []byte) (h header, err error) {
	defer c.recoverTo(&err, "read %s header")
	h, err = c.header(data)
	if err != nil {
		return h, fmt.Errorf("read %s header: %w", c.format, ofKind(err))
	}
	if h.width <= 0 || h.height <= 0 {
		return h, fmt.Errorf("read %s header: %w: size %dx%d", c.format, ErrCorrupt, h.width, h.height)
	}
	return h, nil
}

// pixels calls decode and tells what goes wrong by the kinds of error. damage is
// what is wrong with a picture that came all the same.
func (c codec) pixels(data []byte, h header, o Options) (img *RGB, damage string, err error) {
	defer c.recoverTo(&err, "decode %s")
	img, err = c.decode(data, h, o)
	switch {
	case err == nil:
		return img, "", nil
	case img != nil:
		return img, err.Error(), nil
	default:
		return nil, "", fmt.Errorf("decode %s: %w", c.format, ofKind(err))
	}
}

// ofKind calls an error damage unless it says itself what it is.
func ofKind(err error) error {
	if errors.Is(err, ErrUnsupported) || errors.Is(err, ErrTooLarge) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err)
}

// recoverTo stands between hostile bytes and the decoders, which are other
// people's code: one bad file must not end a run over a million.
func (c codec) recoverTo(err *error, doing string) {
	if r := recover(); r != nil {
		*err = fmt.Errorf(doing+": %w: decoder panicked: %v", c.format, ErrCorrupt, r)
	}
}

func (l Limits) checkBytes(n int64) error {
	limit := l.MaxBytes
	if limit <= 0 {
		limit = defaultMaxBytes
	}
	if n > limit {
		return fmt.Errorf("%w: %d bytes, limit %d", ErrTooLarge, n, limit)
	}
	return nil
}

func (l Limits) checkPixels(width, height int) error {
	limit := l.MaxPixels
	if limit <= 0 {
		limit = defaultMaxPixels
	}
	// Dividing, because the product of two claimed sizes can overflow.
	if int64(height) > limit/int64(width) {
		return fmt.Errorf("%w: %dx%d pixels, limit %d", ErrTooLarge, width, height, limit)
	}
	return nil
}
