package heif

import (
	"fmt"
	"image"
	"slices"
)

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
