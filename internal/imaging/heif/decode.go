package heif

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"slices"
)

// maxItems bounds how many items one picture takes. A grid has at most 65536
// tiles; overlays may nest, and could grow without end.
const maxItems = 1 << 17

// maxDepth is how far derived items may nest.
const maxDepth = 8

// decoding is the work of one call of Decode.
type decoding struct {
	ctx    context.Context
	meta   *meta
	jpeg   Still
	budget int // items that may still be visited
	depth  int
	// The decoder that was used last, with its kind and bound: tiles come in
	// numbers, and an instance serves all that its memory is enough for.
	decoder *decoder
	kind    string
	// The converter that was used last.
	converter     *converter
	row           []byte
	scratch       []uint16
	damaged       bool  // a codec made up parts of the picture
	lost, mayLose int64 // pixels that the file lacks, and how many it may
}

func (d *decoding) close() {
	if d.decoder != nil {
		d.decoder.close()
		d.decoder = nil
	}
}

// enter counts a visit of an item.
func (d *decoding) enter() error {
	d.depth++
	d.budget--
	switch {
	case d.depth > maxDepth:
		return errors.New("items are derived from each other without end")
	case d.budget < 0:
		return errors.New("the picture is made of too many items")
	}
	return context.Cause(d.ctx)
}

func (d *decoding) leave() { d.depth-- }

func (d *decoding) item(id uint32) (*item, error) {
	it := d.meta.items[id]
	if it == nil {
		return nil, fmt.Errorf("no item %d", id)
	}
	return it, nil
}

// upright decodes an item with its crop and its turns.
func (d *decoding) upright(id uint32) (*canvas, error) {
	it, err := d.item(id)
	if err != nil {
		return nil, err
	}
	size, err := it.size()
	if err != nil {
		return nil, err
	}
	t, err := transformOf(it.properties, size)
	if err != nil {
		return nil, err
	}
	return d.picture(it, t)
}

// picture decodes an item and its alpha plane, cropped and turned.
func (d *decoding) picture(it *item, t transform) (*canvas, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	defer d.leave()
	size, err := it.size()
	if err != nil {
		return nil, err
	}
	var c *canvas
	switch it.kind {
	case "iden":
		c, err = d.identity(it)
	case "iovl":
		c, err = d.overlay(it)
	case "jpeg":
		c, err = d.still(it)
	default:
		// The rows go where they will be shown, so that nothing is copied.
		c = newCanvas(t.upright())
		if err := d.tiles(it, it.properties, target{c.pix, 3, t}); err != nil {
			return nil, err
		}
		return c, d.addAlpha(c, it, t)
	}
	if err != nil {
		return nil, err
	}
	if size != image.Pt(c.width, c.height) {
		return nil, fmt.Errorf("the picture is %dx%d, its boxes say %v", c.width, c.height, size)
	}
	if err := d.addAlpha(c, it, transform{crop: image.Rectangle{Max: size}, orientation: 1}); err != nil {
		return nil, err
	}
	return c.transformed(t), nil
}

// identity is the picture of one other item.
func (d *decoding) identity(it *item) (*canvas, error) {
	to := d.meta.targets("dimg", it.id)
	if len(to) != 1 {
		return nil, fmt.Errorf("an identity of %d items", len(to))
	}
	return d.upright(to[0])
}

func (d *decoding) still(it *item) (*canvas, error) {
	if d.jpeg == nil {
		return nil, unsupported("an item of type jpeg")
	}
	data, err := d.meta.data(it)
	if err != nil {
		return nil, err
	}
	if p, ok := it.property("jpgC"); ok {
		data = slices.Concat(p.payload, data)
	}
	size, err := it.size()
	if err != nil {
		return nil, err
	}
	pix, err := d.jpeg(data, size.X, size.Y)
	if err != nil {
		return nil, err
	}
	return &canvas{width: size.X, height: size.Y, pix: pix}, nil
}

// overlay lays items over each other on a canvas of one colour (ISO/IEC 23008-12,
// 6.6.2.2).
func (d *decoding) overlay(it *item) (*canvas, error) {
	data, err := d.meta.data(it)
	if err != nil {
		return nil, err
	}
	r := reader{b: data}
	r.u8()
	number := 2 << (r.u8() & 1)
	var fill [4]byte
	for i := range fill {
		fill[i] = byte(r.u16() >> 8)
	}
	size := image.Pt(int(r.uint(number)), int(r.uint(number)))
	if want, err := it.size(); err != nil || size != want {
		return nil, fmt.Errorf("an overlay of %v, its boxes say %v", size, want)
	}
	c := newCanvas(size)
	for i := range c.width * c.height {
		copy(c.pix[3*i:], fill[:3])
	}
	if fill[3] != 255 {
		c.alpha = slices.Repeat(fill[3:], c.width*c.height)
	}
	for _, id := range d.meta.targets("dimg", it.id) {
		at := image.Pt(signed(r.uint(number), number), signed(r.uint(number), number))
		if err := r.err("iovl"); err != nil {
			return nil, err
		}
		part, err := d.upright(id)
		if err != nil {
			return nil, err
		}
		c.draw(part, at)
	}
	return c, r.err("iovl")
}

func signed(v uint64, bytes int) int {
	if bytes == 2 {
		return int(int16(v))
	}
	return int(int32(v))
}

// alphaOf finds the alpha plane of an item, or nil.
func (m *meta) alphaOf(id uint32) *item {
	for _, ref := range m.references {
		if ref.kind == "auxl" && slices.Contains(ref.to, id) {
			if it := m.items[ref.from]; it != nil && it.isAlpha() {
				return it
			}
		}
	}
	return nil
}

// addAlpha reads the alpha plane of an item, or those of its tiles, for a canvas
// that shows the item by t.
func (d *decoding) addAlpha(c *canvas, it *item, t transform) error {
	plane := d.meta.alphaOf(it.id)
	if plane == nil {
		if it.kind == "grid" {
			return d.addTileAlpha(c, it, t)
		}
		return nil
	}
	of, err := it.size()
	if err != nil {
		return err
	}
	size, err := plane.size()
	if err != nil {
		return err
	}
	if int64(size.X)*int64(size.Y) > 4*int64(of.X)*int64(of.Y) {
		return fmt.Errorf("an alpha plane of %v for a picture of %v", size, of)
	}
	alpha := make([]byte, c.width*c.height)
	c.premultiplied = slices.Contains(d.meta.targets("prem", it.id), plane.id)
	shown := target{alpha, 1, t}
	stored := shown
	if size != of {
		stored = target{make([]byte, size.X*size.Y), 1, transform{crop: image.Rectangle{Max: size}, orientation: 1}}
	}
	if err := d.tiles(plane, plane.properties, stored); err != nil {
		return fmt.Errorf("the alpha plane: %w", err)
	}
	if size != of {
		shown.scale(stored.pix, size, of)
	}
	if c.alpha == nil {
		c.alpha = alpha
		return nil
	}
	for i, a := range alpha { // an overlay whose background is clear
		c.alpha[i] = blend(a, 0, c.alpha[i])
	}
	return nil
}

// addTileAlpha serves grids whose tiles have alpha planes, and the grid has none.
func (d *decoding) addTileAlpha(c *canvas, it *item, t transform) error {
	g, err := d.meta.grid(it)
	if err != nil {
		return err
	}
	for i, id := range g.tiles {
		plane := d.meta.alphaOf(id)
		if plane == nil {
			continue
		}
		if c.alpha == nil {
			c.alpha = slices.Repeat([]byte{255}, c.width*c.height)
			c.premultiplied = slices.Contains(d.meta.targets("prem", id), plane.id)
		}
		if err := d.coded(plane, plane.properties, target{c.alpha, 1, t}, g.at(i)); err != nil {
			return fmt.Errorf("the alpha plane: %w", err)
		}
	}
	return nil
}

// grid is a derived item of equal tiles (ISO/IEC 23008-12, 6.6.2.3).
type grid struct {
	rows, columns int
	size          image.Point // of the whole
	tile          image.Point
	tiles         []uint32
}

func (g *grid) at(i int) image.Point {
	return image.Pt(i%g.columns*g.tile.X, i/g.columns*g.tile.Y)
}

func (m *meta) grid(it *item) (*grid, error) {
	data, err := m.data(it)
	if err != nil {
		return nil, err
	}
	r := reader{b: data}
	r.u8()
	number := 2 << (r.u8() & 1)
	g := &grid{rows: int(r.u8()) + 1, columns: int(r.u8()) + 1, tiles: m.targets("dimg", it.id)}
	g.size = image.Pt(int(r.uint(number)), int(r.uint(number)))
	if err := r.err("grid"); err != nil {
		return nil, err
	}
	if len(g.tiles) != g.rows*g.columns {
		return nil, fmt.Errorf("a grid of %dx%d with %d tiles", g.columns, g.rows, len(g.tiles))
	}
	first := m.items[g.tiles[0]]
	if first == nil {
		return nil, fmt.Errorf("no item %d", g.tiles[0])
	}
	if g.tile, err = first.size(); err != nil {
		return nil, err
	}
	if g.tile.X*g.columns < g.size.X || g.tile.Y*g.rows < g.size.Y {
		return nil, fmt.Errorf("a grid of %dx%d tiles of %v does not cover %v", g.columns, g.rows, g.tile, g.size)
	}
	return g, nil
}

// target is where the rows of a stored picture go: the samples of a canvas, which
// is turned and may show a part of the picture alone.
type target struct {
	pix      []byte
	channels int // 3 for colours, 1 for alpha
	transform
}

// write puts stored pixels, from (x, y) to the right, where they are shown. All must
// be inside the crop.
func (t *target) write(row []byte, x, y int) {
	i, step := t.place(x, y)
	if step == 1 {
		copy(t.pix[t.channels*i:], row)
		return
	}
	if t.channels == 1 {
		for _, v := range row {
			t.pix[i] = v
			i += step
		}
		return
	}
	for ; len(row) >= 3; row = row[3:] {
		p := t.pix[3*i : 3*i+3]
		p[0], p[1], p[2] = row[0], row[1], row[2]
		i += step
	}
}

// scale writes samples of a plane of another size than the picture has: the nearest
// ones.
func (t *target) scale(plane []byte, size, of image.Point) {
	row := make([]byte, t.crop.Dx())
	for y := t.crop.Min.Y; y < t.crop.Max.Y; y++ {
		from := plane[y*size.Y/of.Y*size.X:][:size.X]
		for i := range row {
			row[i] = from[(t.crop.Min.X+i)*size.X/of.X]
		}
		t.write(row, t.crop.Min.X, y)
	}
}

// tiles decodes a coded item or a grid of them.
func (d *decoding) tiles(it *item, properties []box, to target) error {
	size, err := it.size()
	if err != nil {
		return err
	}
	if it.kind != "grid" {
		return d.coded(it, properties, to, image.Point{})
	}
	g, err := d.meta.grid(it)
	if err != nil {
		return err
	}
	if g.size != size {
		return fmt.Errorf("a grid of %v, its boxes say %v", g.size, size)
	}
	for i, id := range g.tiles {
		tile, err := d.item(id)
		if err != nil {
			return err
		}
		if err := d.enter(); err != nil {
			return err
		}
		// What a tile does not say of its colours, the grid does.
		own := slices.Concat(tile.properties, colours(properties))
		err = d.coded(tile, own, to, g.at(i))
		d.leave()
		if errors.Is(err, ErrCut) {
			if d.lost += int64(g.tile.X) * int64(g.tile.Y); d.lost <= d.mayLose {
				continue
			}
		}
		if err != nil {
			return fmt.Errorf("tile %d of %d: %w", i+1, len(g.tiles), err)
		}
	}
	return nil
}

func colours(properties []box) []box {
	var list []box
	for _, p := range properties {
		if p.name == "colr" {
			list = append(list, p)
		}
	}
	return list
}

// coded decodes one coded item, the corner of which lies at a point of the picture.
func (d *decoding) coded(it *item, properties []box, to target, at image.Point) error {
	size, err := it.size()
	if err != nil {
		return err
	}
	visible := image.Rectangle{Min: at, Max: at.Add(size)}.Intersect(to.crop).Sub(at)
	if visible.Empty() {
		return nil
	}
	p, err := d.planes(it, properties, size)
	if err != nil {
		return err
	}
	d.damaged = d.damaged || p.damaged
	if p.width < size.X || p.height < size.Y {
		return fmt.Errorf("the coded picture is %dx%d, its boxes say %v", p.width, p.height, size)
	}
	if to.channels == 3 {
		c, said := colourOf(properties)
		if !said {
			c = p.colour
		}
		if !d.converter.fits(&p, c) {
			if d.converter, err = newConverter(&p, c, it.kind == "av01"); err != nil {
				return err
			}
		}
	}
	// Alpha uses the full range, except in AV1 of early encoders, which say so. (HEVC
	// says nothing in most files, which would mean the limited range.)
	limited := it.kind == "av01" && !p.colour.full
	row := slices.Grow(d.row[:0], to.channels*visible.Max.X)[:to.channels*visible.Max.X]
	d.row = row
	for y := visible.Min.Y; y < visible.Max.Y; y++ {
		if to.channels == 3 {
			d.converter.row(row, &p, y)
		} else {
			d.scratch = p.alphaRow(row, y, d.scratch, limited)
		}
		to.write(row[to.channels*visible.Min.X:], at.X+visible.Min.X, at.Y+y)
	}
	return nil
}

// planes runs the codec of an item.
func (d *decoding) planes(it *item, properties []box, size image.Point) (planes, error) {
	c := coded{kind: it.kind, layer: 4, maxSamples: maxSamples(size)}
	data, err := d.meta.data(it)
	if err != nil {
		return planes{}, err
	}
	switch it.kind {
	case "hvc1", "hev1":
		c.kind = "hvc1"
	case "av01":
	default:
		return planes{}, unsupported(fmt.Sprintf("a picture coded as %q", it.kind))
	}
	coding, err := codingOf(c.kind, properties)
	if err != nil {
		return planes{}, err
	}
	if c.kind == "hvc1" {
		c.data, err = hevcUnits(coding.config, data)
		if err != nil {
			return planes{}, err
		}
	} else {
		c.data = av1Units(coding.config, data)
		c.operatingPoint, c.layer = av1Layers(properties)
	}
	memory := decoderBytes(c.kind, coding, size, len(c.data))
	if d.decoder == nil || d.kind != c.kind || d.decoder.bounds < memory {
		d.close()
		if d.decoder, err = newDecoder(d.ctx, c.kind, memory); err != nil {
			return planes{}, err
		}
		d.kind = c.kind
	}
	return d.decoder.decode(d.ctx, c)
}

// hevcUnits puts the parameter sets of hvcC in front of the picture, each unit
// behind its length in 4 bytes. Units of layers above the first are left out: they
// are other views or enhancements, which the codec knows nothing of.
func hevcUnits(config, data []byte) ([]byte, error) {
	if len(config) < 23 {
		return nil, errors.New("short hvcC box")
	}
	out := make([]byte, 0, len(config)+len(data)+64)
	add := func(unit []byte) {
		if len(unit) >= 2 && unit[0]&1 == 0 && unit[1]>>3 == 0 { // nuh_layer_id
			out = binary.BigEndian.AppendUint32(out, uint32(len(unit)))
			out = append(out, unit...)
		}
	}
	lengthBytes := int(config[21]&3) + 1
	r := reader{b: config[22:]}
	for range r.u8() {
		r.u8() // the type, which the unit says as well
		for range r.u16() {
			unit := r.take(int(r.u16()))
			if r.short {
				break
			}
			add(unit)
		}
	}
	if err := r.err("hvcC"); err != nil {
		return nil, err
	}
	r = reader{b: data}
	for len(r.b) > 0 {
		unit := r.take(int(r.uint(lengthBytes)))
		if r.short {
			return nil, errors.New("the coded picture ends inside a unit")
		}
		add(unit)
	}
	return out, nil
}

// av1Units puts the sequence header of av1C in front of the picture, which need not
// have it.
func av1Units(config, data []byte) []byte {
	const header = 4
	if len(config) <= header {
		return data
	}
	return slices.Concat(config[header:], data)
}

// av1Layers reads a1op and lsel, which choose one of several layers.
func av1Layers(properties []box) (operatingPoint, layer uint32) {
	layer = 4
	for _, p := range properties {
		switch {
		case p.name == "a1op" && len(p.payload) >= 1:
			operatingPoint = uint32(p.payload[0] & 31)
		case p.name == "lsel" && len(p.payload) >= 2:
			if v := uint32(binary.BigEndian.Uint16(p.payload)); v < 4 {
				layer = v
			}
		}
	}
	return operatingPoint, layer
}
