// Package onnx rewrites ONNX graphs so that they compute no more than the output
// that is wanted.
//
// It works on the encoded ModelProto and keeps whatever it does not understand, weights
// above all, byte for byte. Field numbers are those of onnx.proto (ONNX IR, stable since
// version 3).
package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

const (
	modelGraph = 7

	graphNode        = 1
	graphInitializer = 5
	graphOutput      = 12
	graphValueInfo   = 13

	valueName = 1

	nodeInput     = 1
	nodeOutput    = 2
	nodeOpType    = 4
	nodeAttribute = 5
	nodeDomain    = 7

	attributeName   = 1
	attributeInt    = 3
	attributeTensor = 5
	attributeGraph  = 6
	attributeInts   = 8
	attributeGraphs = 11
	attributeType   = 20
	typeInt         = 2

	tensorDims      = 1
	tensorType      = 2
	tensorInt32Data = 5
	tensorInt64Data = 7
	tensorName      = 8
	tensorRawData   = 9
	elemInt64       = 7
)

// microsoft is the domain of ONNX Runtime's own operators.
const microsoft = "com.microsoft"

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

// field is one field of an encoded message.
type field struct {
	num   protowire.Number
	raw   []byte // with its tag
	bytes []byte // content of a text, a message or a packed list
	value uint64 // of a number
	isNum bool
}

// fields calls fn for each field of an encoded message.
func fields(b []byte, fn func(field) error) error {
	for len(b) > 0 {
		num, typ, tag := protowire.ConsumeTag(b)
		if tag < 0 {
			return protowire.ParseError(tag)
		}
		n := protowire.ConsumeFieldValue(num, typ, b[tag:])
		if n < 0 {
			return protowire.ParseError(n)
		}
		f := field{num: num, raw: b[:tag+n]}
		switch typ {
		case protowire.VarintType:
			f.value, _ = protowire.ConsumeVarint(b[tag:])
			f.isNum = true
		case protowire.BytesType:
			f.bytes, _ = protowire.ConsumeBytes(b[tag:])
		}
		if err := fn(f); err != nil {
			return err
		}
		b = b[tag+n:]
	}
	return nil
}

// parse takes a model apart. The result refers to the bytes of model.
func parse(model []byte) (*graph, error) {
	var g *graph
	var before, after []byte
	err := fields(model, func(f field) error {
		switch {
		case f.num == modelGraph && f.bytes != nil:
			if g != nil {
				return errors.New("two graphs")
			}
			g = &graph{constants: make(map[string]constant)}
			return g.read(f.bytes)
		case g == nil:
			before = append(before, f.raw...)
		default:
			after = append(after, f.raw...)
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

func (g *graph) read(b []byte) error {
	return fields(b, func(f field) error {
		switch f.num {
		case graphNode:
			n, err := readNode(f)
			g.nodes = append(g.nodes, n)
			return err
		case graphOutput:
			name, err := readText(f.bytes, valueName)
			g.outputs = append(g.outputs, output{name, f.raw})
			return err
		case graphValueInfo: // shapes that may no longer hold; whoever needs them infers them
			return nil
		case graphInitializer:
			name, c, err := readTensor(f.bytes)
			if err != nil {
				return err
			}
			g.constants[name] = c
		}
		g.rest = append(g.rest, f.raw...)
		return nil
	})
}

func readNode(f field) (*node, error) {
	n := &node{raw: f.bytes, ints: make(map[string][]int64)}
	err := fields(f.bytes, func(f field) error {
		switch f.num {
		case nodeInput:
			n.inputs = append(n.inputs, string(f.bytes))
		case nodeOutput:
			n.outputs = append(n.outputs, string(f.bytes))
		case nodeOpType:
			n.op = string(f.bytes)
		case nodeDomain:
			n.domain = string(f.bytes)
		case nodeAttribute:
			return n.readAttribute(f.bytes)
		}
		return nil
	})
	return n, err
}

func (n *node) readAttribute(b []byte) error {
	name, err := readText(b, attributeName)
	if err != nil {
		return err
	}
	return fields(b, func(f field) error {
		switch f.num {
		case attributeInt, attributeInts:
			some, err := readInts(f)
			n.ints[name] = append(n.ints[name], some...)
			return err
		case attributeTensor:
			_, c, err := readTensor(f.bytes)
			n.constant = &c
			return err
		case attributeGraph, attributeGraphs:
			n.branches = true
		}
		return nil
	})
}

// readText returns the text in field num of a message.
func readText(b []byte, num protowire.Number) (text string, err error) {
	err = fields(b, func(f field) error {
		if f.num == num {
			text = string(f.bytes)
		}
		return nil
	})
	return text, err
}

func readTensor(b []byte) (name string, c constant, err error) {
	elements := int64(1)
	var elem uint64
	var numbers []int64
	var raw []byte
	err = fields(b, func(f field) error {
		switch f.num {
		case tensorDims:
			dims, err := readInts(f)
			for _, d := range dims {
				c.rank++
				elements *= d
			}
			return err
		case tensorType:
			elem = f.value
		case tensorName:
			name = string(f.bytes)
		case tensorRawData:
			raw = f.bytes
		case tensorInt32Data, tensorInt64Data:
			some, err := readInts(f)
			numbers = append(numbers, some...)
			return err
		}
		return nil
	})
	switch {
	case err != nil || elements != 1:
	case len(numbers) == 1:
		c.number = &numbers[0]
	case elem == elemInt64 && len(raw) == 8:
		v := int64(binary.LittleEndian.Uint64(raw))
		c.number = &v
	}
	return name, c, err
}

// readInts reads a repeated integer, which may come packed or one a field.
func readInts(f field) ([]int64, error) {
	if f.isNum {
		return []int64{int64(f.value)}, nil
	}
	var out []int64
	for b := f.bytes; len(b) > 0; {
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
	_ = fields(n.raw, func(f field) error { // it has been read before
		if to, ok := names[string(f.bytes)]; ok && f.num == nodeInput {
			raw = appendText(raw, nodeInput, to)
		} else {
			raw = append(raw, f.raw...)
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

func appendText(b []byte, num protowire.Number, text string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, num, protowire.BytesType), text)
}

func appendNumber(b []byte, num protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), v)
}

func appendMessage(b []byte, num protowire.Number, m []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), m)
}
