package heif

import (
	"context"
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
