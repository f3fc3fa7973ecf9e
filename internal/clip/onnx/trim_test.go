package onnx

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
)

// A graph under test is written as lines, one per node: "out = Op(in, in) attribute=1".
// Names that start with c are constants of rank 1, with C of rank 2, and with # the
// integers of rank 0 that they name.

func encoded(outputs, lines string) []byte {
	var body []byte
	constants := make(map[string]bool)
	for line := range strings.Lines(lines) {
		left, right, ok := strings.Cut(strings.TrimSpace(line), " = ")
		if !ok {
			continue
		}
		op, rest, _ := strings.Cut(right, "(")
		in, attributes, _ := strings.Cut(rest, ")")
		domain := ""
		if d, name, ok := strings.Cut(op, ":"); ok {
			domain, op = d, name
		}
		var n []byte
		for name := range strings.SplitSeq(in, ", ") {
			if strings.ContainsRune("cC#", rune(name[0])) {
				constants[name] = true
			}
			n = appendText(n, nodeInput, name)
		}
		for name := range strings.SplitSeq(left, ", ") {
			n = appendText(n, nodeOutput, name)
		}
		n = appendText(appendText(n, nodeOpType, op), nodeDomain, domain)
		for a := range strings.FieldsSeq(attributes) {
			name, value, _ := strings.Cut(a, "=")
			m := appendText(nil, attributeName, name)
			switch value {
			case "-1":
				m = appendNumber(m, attributeInt, ^uint64(0))
			case "graph":
				m = appendMessage(m, attributeGraph, nil)
			default:
				m = appendNumber(m, attributeInt, uint64(value[0]-'0'))
			}
			n = appendMessage(n, nodeAttribute, m)
		}
		body = appendMessage(body, graphNode, n)
	}
	for name := range constants {
		t := appendText(nil, tensorName, name)
		switch name[0] {
		case 'c':
			t = appendNumber(t, tensorDims, 8)
		case 'C':
			t = appendMessage(t, tensorDims, protowire.AppendVarint(protowire.AppendVarint(nil, 8), 8))
		case '#':
			t = appendNumber(t, tensorType, uint64(Int64))
			t = appendMessage(t, tensorRawData, []byte{name[1] - '0', 0, 0, 0, 0, 0, 0, 0})
		}
		body = appendMessage(body, graphInitializer, t)
	}
	for name := range strings.SplitSeq(outputs, ", ") {
		body = appendMessage(body, graphOutput, appendText(nil, valueName, name))
	}
	return appendMessage(appendText(nil, 2, "before"), modelGraph, body)
}

// lines writes the nodes and outputs of a model as encoded reads them.
func lines(t *testing.T, model []byte) []string {
	t.Helper()
	g, err := parse(model)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, n := range g.nodes {
		out = append(out, strings.Join(n.outputs, ", ")+" = "+n.op+"("+strings.Join(n.inputs, ", ")+")")
	}
	for _, o := range g.outputs {
		out = append(out, "output "+o.name)
	}
	return out
}

// layer is the last layer of a tower: attention that is not token by token, a residual
// sum, a perceptron.
const layer = `
	x = Reshape(pixels, c0)
	a = Softmax(x)
	o = MatMul(a, C1)
	r = Add(x, o)
	n = LayerNormalization(r, c2, c3) axis=-1
	f = MatMul(n, C4)
	g = com.microsoft:QuickGelu(f)
	p = MatMul(g, C5)
	b = Add(c6, p)
	h = Add(r, b)
	t = Gather(h, #0) axis=1
	e = MatMul(t, C7)
`

func TestTrim(t *testing.T) {
	model := encoded("e, h", layer)
	trimmed, ok, err := Trim(model, "e")
	if err != nil || !ok {
		t.Fatalf("ok %v, %v", ok, err)
	}
	want := []string{
		"x = Reshape(pixels, c0)",
		"a = Softmax(x)",
		"a/first = Gather(a, first_token)",
		"o = MatMul(a/first, C1)",
		"x/first = Gather(x, first_token)",
		"r = Add(x/first, o)",
		"n = LayerNormalization(r, c2, c3)",
		"f = MatMul(n, C4)",
		"g = QuickGelu(f)",
		"p = MatMul(g, C5)",
		"b = Add(c6, p)",
		"h = Add(r, b)",
		"t = Gather(h, #0)",
		"e = MatMul(t, C7)",
		"output e",
	}
	if diff := cmp.Diff(want, lines(t, trimmed)); diff != "" {
		t.Error(diff)
	}
	g, err := parse(trimmed)
	if err != nil {
		t.Fatal(err)
	}
	if c := g.constants["first_token"]; c.rank != 1 || c.number == nil || *c.number != 0 {
		t.Errorf("index %+v", c)
	}
	if name, err := textIn(bytesReader(trimmed), field{end: int64(len(trimmed))}, 2); err != nil || name != "before" {
		t.Errorf("the model's other fields: %q, %v", name, err)
	}
}

// What does not save anything, or might change the result, stays as it is.
func TestTrimRefuses(t *testing.T) {
	edit := func(from, to string) string {
		if !strings.Contains(layer, from) {
			t.Fatalf("no %q", from)
		}
		return strings.Replace(layer, from, to, 1)
	}
	for name, graph := range map[string]string{
		"another token":           edit("#0", "#1"),
		"another axis":            edit("Gather(h, #0) axis=1", "Gather(h, #0) axis=0"),
		"mean over tokens":        edit("Gather(h, #0) axis=1", "ReduceMean(h) axis=1"),
		"a tensor for each token": edit("c6", "C6"),
		"a stack of weights":      edit("MatMul(g, C5)", "MatMul(g, c5)"),
		"norm over tokens":        edit("b = Add(c6, p)", "b = LayerNormalization(p, c6, c6) axis=1"),
		"a scale of all tokens":   edit("b = Add(c6, p)", "b = DynamicQuantizeMatMul(p, C6)"),
		"read elsewhere":          layer + "z = Softmax(h)\n e2 = Add(e, z)\n",
		"mean over all":           edit("b = Add(c6, p)", "b = ReduceMean(p) axes=1"),
		"branches":                layer + "e2 = If(e) then=graph\n",
	} {
		output := "e"
		if strings.Contains(graph, "e2") {
			output = "e2"
		}
		if _, ok, err := Trim(encoded(output, graph), output); ok || err != nil {
			t.Errorf("%s: ok %v, %v", name, ok, err)
		}
	}
}

// A value that is needed whole as well ends the region.
func TestTrimStopsWhereAllTokensAreNeeded(t *testing.T) {
	graph := layer + "z = Softmax(n)\n e2 = Add(e, z)\n"
	trimmed, ok, err := Trim(encoded("e2", graph), "e2")
	if err != nil || !ok {
		t.Fatalf("ok %v, %v", ok, err)
	}
	got := lines(t, trimmed)
	for _, want := range []string{"n = LayerNormalization(r, c2, c3)", "f = MatMul(n/first, C4)", "h = Add(r/first, b)"} {
		if !slices.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, strings.Join(got, "\n"))
		}
	}
}

// Layer normalisation in its parts, with weights that are converted in the graph, as
// exports in half precision have it.
func TestTrimWithNormInParts(t *testing.T) {
	graph := strings.Replace(layer, "n = LayerNormalization(r, c2, c3) axis=-1", `
	w = Cast(c2)
	m = ReduceMean(r) axes=-1 keepdims=1
	s = Sub(r, m)
	d = SimplifiedLayerNormalization(s, w) axis=-1
	n = Add(d, c3)`, 1)
	trimmed, ok, err := Trim(encoded("e", graph), "e")
	if err != nil || !ok {
		t.Fatalf("ok %v, %v", ok, err)
	}
	for _, want := range []string{"r = Add(x/first, o)", "m = ReduceMean(r)", "d = SimplifiedLayerNormalization(s, w)"} {
		if got := lines(t, trimmed); !slices.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, strings.Join(got, "\n"))
		}
	}
}

// Layer normalisation as torch writes it.
func TestTrimWithPowers(t *testing.T) {
	graph := strings.Replace(layer, "n = LayerNormalization(r, c2, c3) axis=-1", `
	m = ReduceMean(r) axes=-1 keepdims=1
	s = Sub(r, m)
	q = Pow(s, #2)
	v = ReduceMean(q) axes=-1 keepdims=1
	d = Sqrt(v)
	w = Div(s, d)
	n = Mul(w, c2)`, 1)
	trimmed, ok, err := Trim(encoded("e", graph), "e")
	if err != nil || !ok {
		t.Fatalf("ok %v, %v", ok, err)
	}
	for _, want := range []string{"r = Add(x/first, o)", "q = Pow(s, #2)", "d = Sqrt(v)"} {
		if got := lines(t, trimmed); !slices.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, strings.Join(got, "\n"))
		}
	}
}

func TestTrimErrors(t *testing.T) {
	for name, test := range map[string]struct {
		model []byte
		want  string
	}{
		"no output": {encoded("h", layer), `no output "e"`},
		"empty":     {nil, "there is none"},
		"damaged":   {encoded("e", layer)[:300], "read ONNX graph"},
	} {
		if _, _, err := Trim(test.model, "e"); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzTrim(f *testing.F) {
	f.Add(encoded("e, h", layer))
	f.Add(encoded("e", "e = Identity(c0)"))
	f.Fuzz(func(t *testing.T, model []byte) {
		trimmed, ok, err := Trim(model, "e")
		if err != nil || !ok {
			return
		}
		if g, err := parse(trimmed); err != nil || len(g.outputs) == 0 {
			t.Errorf("unreadable afterwards: %v", err)
		}
	})
}
