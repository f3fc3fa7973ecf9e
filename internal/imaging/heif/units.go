package heif

import (
	"encoding/binary"
	"errors"
	"slices"
)

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
