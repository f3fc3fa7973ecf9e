package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// graph is a ModelProto taken apart as far as rewriting needs it.
type graph struct {
	before, after []byte // the model's fields around its graph
	rest          []byte // the graph's fields other than nodes, outputs and shapes
	nodes         []*node
	outputs       []output
	constants     map[string]constant
}

type output struct {
	name string
	raw  []byte
}

// node is a NodeProto: what is read of it, and the encoding that it came in.
type node struct {
	op, domain      string
	inputs, outputs []string
	ints            map[string][]int64 // attributes that are integers, one or several
	constant        *constant          // of the operator Constant
	branches        bool               // there are graphs inside, which may use any name
	raw             []byte
}

// constant is what is known of a value that does not depend on the inputs.
type constant struct {
	rank   int
	number *int64 // of an integer tensor with one element
}

// parse takes a model apart. The result refers to the bytes of model.
func parse(model []byte) (*graph, error) {
	r := bytesReader(model)
	var g *graph
	var before, after []byte
	err := r.message(func(f field) error {
		switch {
		case f.num == modelGraph && f.isBytes():
			if g != nil {
				return errors.New("two graphs")
			}
			g = &graph{constants: make(map[string]constant)}
			return g.read(r, f)
		case g == nil:
			before = append(before, r.raw(f)...)
		default:
			after = append(after, r.raw(f)...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read ONNX graph: %w", err)
	}
	if g == nil {
		return nil, errors.New("read ONNX graph: there is none")
	}
	g.before, g.after = before, after
	g.findConstants()
	return g, nil
}

func (g *graph) read(r *reader, f field) error {
	return r.fields(f, func(f field) error {
		switch f.num {
		case graphNode:
			n, err := readNode(r, f)
			g.nodes = append(g.nodes, n)
			return err
		case graphOutput:
			name, err := textIn(r, f, valueName)
			g.outputs = append(g.outputs, output{name, r.raw(f)})
			return err
		case graphValueInfo: // shapes that may no longer hold; whoever needs them infers them
			return nil
		case graphInitializer:
			name, c, err := readTensor(r, f)
			if err != nil {
				return err
			}
			g.constants[name] = c
		}
		g.rest = append(g.rest, r.raw(f)...)
		return nil
	})
}

func readNode(r *reader, f field) (*node, error) {
	n := &node{raw: r.content(f), ints: make(map[string][]int64)}
	err := r.fields(f, func(f field) (err error) {
		var name string
		switch f.num {
		case nodeInput:
			name, err = r.text(f)
			n.inputs = append(n.inputs, name)
		case nodeOutput:
			name, err = r.text(f)
			n.outputs = append(n.outputs, name)
		case nodeOpType:
			n.op, err = r.text(f)
		case nodeDomain:
			n.domain, err = r.text(f)
		case nodeAttribute:
			err = n.readAttribute(r, f)
		}
		return err
	})
	return n, err
}

func (n *node) readAttribute(r *reader, attribute field) error {
	name, err := textIn(r, attribute, attributeName)
	if err != nil {
		return err
	}
	return r.fields(attribute, func(f field) error {
		switch f.num {
		case attributeInt, attributeInts:
			some, err := readInts(r, f)
			n.ints[name] = append(n.ints[name], some...)
			return err
		case attributeTensor:
			_, c, err := readTensor(r, f)
			n.constant = &c
			return err
		case attributeGraph, attributeGraphs:
			n.branches = true
		}
		return nil
	})
}

// textIn returns the text in field num of the message in f.
func textIn(r *reader, f field, num protowire.Number) (text string, err error) {
	err = r.fields(f, func(f field) (err error) {
		if f.num == num {
			text, err = r.text(f)
		}
		return err
	})
	return text, err
}

func readTensor(r *reader, tensor field) (name string, c constant, err error) {
	elements := int64(1)
	var elem ElemType
	var numbers []int64
	var raw []byte
	err = r.fields(tensor, func(f field) (err error) {
		switch f.num {
		case tensorDims:
			dims, err := readInts(r, f)
			for _, d := range dims {
				c.rank++
				elements *= d
			}
			return err
		case tensorType:
			elem = ElemType(f.value)
		case tensorName:
			name, err = r.text(f)
		case tensorRawData:
			raw = r.content(f)
		case tensorInt32Data, tensorInt64Data:
			some, err := readInts(r, f)
			numbers = append(numbers, some...)
			return err
		}
		return err
	})
	switch {
	case err != nil || elements != 1:
	case len(numbers) == 1:
		c.number = &numbers[0]
	case elem == Int64 && len(raw) == 8:
		v := int64(binary.LittleEndian.Uint64(raw))
		c.number = &v
	}
	return name, c, err
}

// readInts reads a repeated integer, which may come packed or one per field.
func readInts(r *reader, f field) ([]int64, error) {
	if f.isNumber() {
		return []int64{int64(f.value)}, nil
	}
	var out []int64
	for b := r.content(f); len(b) > 0; {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		out, b = append(out, int64(v)), b[n:]
	}
	return out, nil
}

// int returns an attribute that is one integer, or otherwise what it is if not given.
func (n *node) int(name string, otherwise int64) int64 {
	if v := n.ints[name]; len(v) == 1 {
		return v[0]
	}
	return otherwise
}

// findConstants adds the constants that nodes make: by value, or out of another.
func (g *graph) findConstants() {
	for _, n := range g.nodes {
		if len(n.outputs) != 1 || n.domain != "" || n.op != "Constant" && len(n.inputs) == 0 {
			continue
		}
		switch {
		case n.op == "Constant" && n.constant != nil:
			g.constants[n.outputs[0]] = *n.constant
		case n.op == "Constant" && len(n.ints["value_int"]) == 1:
			g.constants[n.outputs[0]] = constant{number: &n.ints["value_int"][0]}
		case n.op == "Identity" || n.op == "Cast":
			if c, ok := g.constants[n.inputs[0]]; ok {
				g.constants[n.outputs[0]] = c
			}
		}
	}
}

// encode puts the model together again.
func (g *graph) encode() []byte {
	var body []byte
	for _, n := range g.nodes {
		body = protowire.AppendTag(body, graphNode, protowire.BytesType)
		body = protowire.AppendBytes(body, n.raw)
	}
	body = append(body, g.rest...)
	for _, o := range g.outputs {
		body = append(body, o.raw...)
	}
	out := slices.Grow(slices.Clone(g.before), len(body)+len(g.after)+16)
	out = protowire.AppendTag(out, modelGraph, protowire.BytesType)
	out = protowire.AppendBytes(out, body)
	return append(out, g.after...)
}

// rename replaces names among the inputs of a node.
func (n *node) rename(names map[string]string) {
	var raw []byte
	r := bytesReader(n.raw)
	_ = r.message(func(f field) error { // it has been read before
		if to, ok := names[string(r.content(f))]; ok && f.num == nodeInput {
			raw = appendText(raw, nodeInput, to)
		} else {
			raw = append(raw, r.raw(f)...)
		}
		return nil
	})
	n.raw = raw
	for i, name := range n.inputs {
		if to, ok := names[name]; ok {
			n.inputs[i] = to
		}
	}
}
