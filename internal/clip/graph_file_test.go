package clip

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// message builds protocol buffers by hand: enough of it for a graph.
type message []byte

func (m message) number(field int, v uint64) message {
	return binary.AppendUvarint(binary.AppendUvarint(m, uint64(field)<<3), v)
}

func (m message) bytes(field int, b []byte) message {
	m = binary.AppendUvarint(m, uint64(field)<<3|wireBytes)
	return append(binary.AppendUvarint(m, uint64(len(b))), b...)
}

func (m message) text(field int, s string) message { return m.bytes(field, []byte(s)) }

func valueInfo(t TensorInfo) message {
	tensor := message{}.number(tensorElemType, uint64(t.Type))
	if t.Shape != nil {
		var shape message
		for _, n := range t.Shape {
			var dim message
			if n == Dynamic {
				dim = dim.text(2, "batch_size")
			} else {
				dim = dim.number(dimValue, uint64(n))
			}
			shape = shape.bytes(shapeDim, dim)
		}
		tensor = tensor.bytes(tensorShape, shape)
	}
	return message{}.text(valueName, t.Name).bytes(valueType, message{}.bytes(typeTensor, tensor))
}

func weight(name, location string) message {
	m := message{}.number(1, 4).text(tensorName, name)
	if location == "" {
		return m.bytes(9, make([]byte, 100_000)) // more than the reader's buffer
	}
	return m.bytes(tensorExternalData, message{}.text(entryKey, "location").text(entryValue, location)).
		bytes(tensorExternalData, message{}.text(entryKey, "offset").text(entryValue, "4096"))
}

func model(graph message) []byte {
	return message{}.number(1, 8).text(2, "test").bytes(modelGraph, graph).bytes(8, message{}.number(2, 14))
}

func parse(data []byte) (GraphFile, error) {
	return readGraph(newWireReader(bytes.NewReader(data), int64(len(data))))
}

func TestReadGraph(t *testing.T) {
	pixels := tensor("pixel_values", Float32, Dynamic, 3, 224, 224)
	embeds := tensor("image_embeds", Float32, Dynamic, 512)
	unshaped := TensorInfo{Name: "x", Type: Float16}
	scalar := TensorInfo{Name: "s", Type: Int64, Shape: []int64{}}
	graph := message{}.bytes(graphNode, node("Constant").bytes(nodeAttribute, message{}.bytes(5, make([]byte, 70_000)))).text(2, "main").
		bytes(graphInitializer, weight("w", "")).
		bytes(graphInitializer, weight("v", "vision_model.onnx_data")).
		bytes(graphInitializer, weight("u", "vision_model.onnx_data")).
		bytes(graphInput, valueInfo(tensor("w", Float32, 100, 1000))). // an old export
		bytes(graphInput, valueInfo(pixels)).bytes(graphInput, valueInfo(unshaped)).bytes(graphInput, nil).
		bytes(graphOutput, valueInfo(embeds)).bytes(graphOutput, valueInfo(scalar))
	got, err := parse(model(graph))
	if err != nil {
		t.Fatal(err)
	}
	want := GraphFile{
		Inputs: []TensorInfo{pixels, unshaped, {}}, Outputs: []TensorInfo{embeds, scalar},
		External: []string{"vision_model.onnx_data"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func node(op string) message { return message{}.text(1, "in").text(nodeOpType, op) }

// branch is a node with a graph in it.
func branch(inner message) message { return nested("If", inner) }

func nested(op string, inner message) message {
	return node(op).bytes(nodeAttribute, message{}.text(1, "body").bytes(attributeBody, message{}.bytes(graphNode, inner)))
}

func TestReadGraphDynamicQuant(t *testing.T) {
	output := message{}.bytes(graphOutput, valueInfo(tensor("y", Float32, 1)))
	for _, tt := range []struct {
		name  string
		nodes []message
		want  bool
	}{
		{"no nodes", nil, false},
		{"float", []message{node("MatMul"), node("Add")}, false},
		{"weights alone", []message{node("DequantizeLinear"), node("MatMul")}, false},
		{"activations", []message{node("MatMul"), node("DynamicQuantizeLinear"), node("MatMulInteger")}, true},
		{"fused", []message{node("DynamicQuantizeMatMul"), node("Add")}, true},
		{"in a branch", []message{branch(branch(node("DynamicQuantizeLinear")))}, true},
		{"each row by itself", []message{nested("Scan", node("DynamicQuantizeMatMul")), node("Add")}, false},
		{"in a loop with one value", []message{nested("Loop", node("DynamicQuantizeMatMul"))}, true},
		{"in a branch of a row", []message{nested("Scan", branch(node("DynamicQuantizeLinear")))}, false},
		{"rows and all", []message{nested("Scan", node("MatMul")), node("DynamicQuantizeLinear")}, true},
		{"float in a branch", []message{branch(node("MatMul"))}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var graph message
			for _, n := range tt.nodes {
				graph = graph.bytes(graphNode, n)
			}
			got, err := parse(model(append(graph, output...)))
			if err != nil || got.DynamicQuant != tt.want {
				t.Errorf("got %v, %v, want %v", got.DynamicQuant, err, tt.want)
			}
		})
	}
	deep := node("Add")
	for range maxDepth {
		deep = branch(deep)
	}
	if _, err := parse(model(append(message{}.bytes(graphNode, deep), output...))); err == nil {
		t.Error("endless branches were read")
	}
}

func TestReadGraphDamaged(t *testing.T) {
	out := message{}.bytes(graphOutput, valueInfo(tensor("y", Float32, 1)))
	whole := model(message{}.bytes(graphInput, valueInfo(tensor("x", Float32, Dynamic, 3))).bytes(graphInitializer, weight("w", "")))
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "no graph"},
		{"no graph", message{}.number(1, 8), "no graph"},
		{"no outputs", whole, "no graph"},
		{"cut off", whole[:len(whole)/2], "runs past the end"},
		{"weights outside", model(append(message{}.bytes(graphInitializer, weight("w", "../../etc/passwd")), out...)), "outside the folder"},
		{"absolute weights", model(append(message{}.bytes(graphInitializer, weight("w", "/etc/passwd")), out...)), "outside the folder"},
		{"many axes", model(message{}.bytes(graphOutput, valueInfo(tensor("y", Float32, make([]int64, 17)...)))), "more than 16 axes"},
		{"long name", model(message{}.bytes(graphOutput, valueInfo(tensor(strings.Repeat("y", maxWireText+1), Float32)))), "a name of"},
		{"HTML", []byte("<!DOCTYPE html><html>"), "wire type"},
		{"JSON", []byte(`{"error": "not found"}`), "wire type"},
		{"field 0", []byte{0x00, 0x01}, "field number 0"},
		{"endless number", bytes.Repeat([]byte{0xff}, 20), "overflow"},
		{"length beyond int64", append(message{0x3a}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01), "runs past the end"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parse(tt.data)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// A damaged file must give an error or a graph within its own bounds, never a
// panic, an endless loop or an allocation beyond the file's size.
func FuzzReadGraph(f *testing.F) {
	f.Add(model(message{}.bytes(graphInput, valueInfo(tensor("x", Float32, Dynamic, 3))).
		bytes(graphInitializer, message{}.text(tensorName, "w").bytes(tensorExternalData, message{}.text(entryKey, "location").text(entryValue, "w.onnx_data"))).
		bytes(graphOutput, valueInfo(tensor("y", Float32, Dynamic, 4)))))
	f.Add([]byte("<!DOCTYPE html>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := parse(data)
		if err != nil {
			return
		}
		size := 0
		for _, v := range append(g.Inputs, g.Outputs...) {
			size += len(v.Name) + len(v.Shape)
		}
		if size > len(data) || len(g.Outputs) == 0 {
			t.Errorf("%d bytes gave %+v", len(data), g)
		}
	})
}
