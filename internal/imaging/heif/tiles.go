package heif

import (
	"errors"
	"fmt"
	"image"
	"slices"
)

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
