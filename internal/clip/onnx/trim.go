package onnx

import (
	"fmt"
	"maps"
	"slices"
)

// Trim returns an encoded ModelProto that computes the named output alone, and computes
// it for no more than it needs. An image tower of CLIP takes its embedding from the first
// token of the last layer; that layer's products for the other tokens, a sixteenth of all
// work in ViT-B/32, are thrown away, and a trimmed graph does not compute them. What it
// does compute, it computes as before.
//
// ok is false where there is nothing to save, as in towers that pool over all tokens, or
// where Trim cannot be sure. Trim infers no shapes: it takes values for [batch, tokens,
// ...] if their first token is taken along axis 1 and the operators fit, so a caller
// should compare an embedding of the two graphs before it relies on the trimmed one.
func Trim(model []byte, wanted string) (trimmed []byte, ok bool, err error) {
	g, err := parse(model)
	if err != nil {
		return nil, false, err
	}
	if slices.ContainsFunc(g.nodes, func(n *node) bool { return n.branches }) {
		return nil, false, nil
	}
	if err := g.keepOutput(wanted); err != nil {
		return nil, false, err
	}
	for _, n := range slices.Backward(g.nodes) {
		if !g.takesFirst(n) {
			continue
		}
		if r := g.regionBefore(n, wanted); r.saves {
			g.hoist(r)
			return g.encode(), true, nil
		}
	}
	return nil, false, nil
}

// keepOutput drops the other outputs, and the nodes that only they needed.
func (g *graph) keepOutput(wanted string) error {
	g.outputs = slices.DeleteFunc(g.outputs, func(o output) bool { return o.name != wanted })
	if len(g.outputs) == 0 {
		return fmt.Errorf("the graph has no output %q", wanted)
	}
	needed := map[string]bool{wanted: true}
	var kept []*node
	for _, n := range slices.Backward(g.nodes) { // a node comes after those that it needs
		if !slices.ContainsFunc(n.outputs, func(o string) bool { return needed[o] }) {
			continue
		}
		kept = append(kept, n)
		for _, in := range n.inputs {
			needed[in] = true
		}
	}
	slices.Reverse(kept)
	g.nodes = kept
	return nil
}

// takesFirst reports whether n takes the first token out of [batch, tokens, ...].
func (g *graph) takesFirst(n *node) bool {
	if n.op != "Gather" || n.domain != "" || n.int("axis", 0) != 1 || len(n.inputs) != 2 {
		return false
	}
	index := g.constants[n.inputs[1]].number
	return index != nil && *index == 0
}

// region is the part of a graph that works on each token by itself and whose results are
// needed for the first token alone.
type region struct {
	nodes map[*node]bool
	// edge are the values that the region reads from outside, still of all tokens.
	edge  map[string]bool
	saves bool // there is a matrix product in it
}

// regionBefore finds the region that ends in the node first, which takes the first token.
func (g *graph) regionBefore(first *node, wanted string) region {
	readers := make(map[string][]*node)
	for _, n := range g.nodes {
		for _, in := range n.inputs {
			readers[in] = append(readers[in], n)
		}
	}
	r := region{nodes: make(map[*node]bool), edge: map[string]bool{first.inputs[0]: true}}
	for _, n := range slices.Backward(g.nodes) {
		value := n.outputs[0]
		if !r.edge[value] || value == wanted {
			continue
		}
		elsewhere := slices.ContainsFunc(readers[value], func(reader *node) bool { return reader != first && !r.nodes[reader] })
		tokens, ok := g.tokenwise(n)
		if elsewhere || !ok {
			continue
		}
		r.nodes[n] = true
		r.saves = r.saves || n.op == "MatMul"
		delete(r.edge, value)
		for _, in := range tokens {
			r.edge[in] = true
		}
	}
	return r
}

// tokenwise returns the inputs of n that have one row per token. ok says that n computes each
// row of its result from the same row of those, with constants that are the same for all.
func (g *graph) tokenwise(n *node) (tokens []string, ok bool) {
	if n.domain != "" && n.domain != microsoft || len(n.outputs) != 1 {
		return nil, false
	}
	constantFrom := len(n.inputs) // inputs from here on are constants, of this rank at most
	rank := 1
	switch n.op {
	case "Sigmoid", "Tanh", "Erf", "Relu", "Gelu", "QuickGelu", "Cast", "Sqrt":
	case "Add", "Sub", "Mul", "Div":
		constantFrom = 0
	case "BiasGelu", "FastGelu", "Pow":
		constantFrom = 1
	case "LayerNormalization", "SimplifiedLayerNormalization":
		if n.int("axis", -1) != -1 {
			return nil, false
		}
		constantFrom = 1
	case "ReduceMean":
		if !g.overLastAxis(n) {
			return nil, false
		}
		return n.inputs[:1], true
	case "MatMul":
		constantFrom, rank = 1, 2
	default:
		return nil, false
	}
	either := constantFrom == 0 // of a sum or product either side may be the constant
	for i, in := range n.inputs {
		c, constant := g.constants[in]
		switch {
		case constant && i >= constantFrom && c.rank <= rank && (n.op != "MatMul" || c.rank == rank):
		case !constant && (i < constantFrom || either):
			tokens = append(tokens, in)
		default:
			return nil, false
		}
	}
	return tokens, len(tokens) > 0
}

// overLastAxis reports whether n reduces each row to one value and keeps its axis. Up to
// version 17 of the operators the axes are an attribute, later an input.
func (g *graph) overLastAxis(n *node) bool {
	if n.int("keepdims", 1) != 1 || n.int("noop_with_empty_axes", 0) != 0 {
		return false
	}
	if len(n.inputs) == 2 {
		axis := g.constants[n.inputs[1]].number
		return axis != nil && *axis == -1
	}
	return n.int("axes", 0) == -1
}

// hoist takes the first token at the edge of a region, so that the region computes nothing
// else. The node that took it before finds one token left, the first.
func (g *graph) hoist(r region) {
	used := make(map[string]bool)
	for _, n := range g.nodes {
		for _, name := range slices.Concat(n.inputs, n.outputs) {
			used[name] = true
		}
	}
	fresh := func(name string) string {
		for used[name] || hasConstant(g, name) {
			name += "_"
		}
		used[name] = true
		return name
	}
	index := fresh("first_token")
	g.rest = appendMessage(g.rest, graphInitializer, indexTensor(index))

	names := make(map[string]string)
	for _, value := range slices.Sorted(maps.Keys(r.edge)) {
		names[value] = fresh(value + "/first")
	}
	var nodes []*node
	made := make(map[string]bool)
	take := func(value string) {
		if to, ok := names[value]; ok && !made[value] {
			made[value] = true
			nodes = append(nodes, gatherNode(value, index, to))
		}
	}
	for _, n := range g.nodes {
		if r.nodes[n] {
			for _, in := range n.inputs {
				take(in)
			}
			n.rename(names)
		}
		nodes = append(nodes, n)
	}
	g.nodes = nodes
}

func hasConstant(g *graph, name string) bool {
	_, ok := g.constants[name]
	return ok
}

// indexTensor is the initializer [0], of rank 1 so that taking it keeps the axis.
func indexTensor(name string) []byte {
	t := appendNumber(nil, tensorDims, 1)
	t = appendNumber(t, tensorType, uint64(Int64))
	t = appendText(t, tensorName, name)
	return appendMessage(t, tensorRawData, make([]byte, 8))
}

// gatherNode takes the tokens of value that index names, into to.
func gatherNode(value, index, to string) *node {
	axis := appendText(nil, attributeName, "axis")
	axis = appendNumber(axis, attributeInt, 1)
	axis = appendNumber(axis, attributeType, typeInt)
	inputs := []string{value, index}
	return &node{op: "Gather", inputs: inputs, outputs: []string{to}, raw: encodeNode("Gather", inputs, to, axis)}
}
