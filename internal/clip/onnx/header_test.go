package onnx

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
)

// message builds an encoded message field by field.
type message []byte

func (m message) number(num protowire.Number, v uint64) message { return appendNumber(m, num, v) }

func (m message) bytes(num protowire.Number, b []byte) message { return appendMessage(m, num, b) }

func (m message) text(num protowire.Number, s string) message { return appendText(m, num, s) }

func tensor(name string, typ ElemType, shape ...int64) TensorInfo {
	return TensorInfo{Name: name, Type: typ, Shape: shape}
}

func valueInfo(t TensorInfo) message {
	tensor := message{}.number(tensorElemType, uint64(t.Type))
	if t.Shape != nil {
		var shape message
		for _, n := range t.Shape {
			var dim message
			if n == Dynamic {
				dim = dim.text(dimParam, "batch_size")
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
	m := message{}.number(tensorDims, 4).text(tensorName, name)
	if location == "" {
		return m.bytes(tensorRawData, make([]byte, 100_000)) // more than the reader's window
	}
	return m.bytes(tensorExternal, message{}.text(entryKey, "location").text(entryValue, location)).
		bytes(tensorExternal, message{}.text(entryKey, "offset").text(entryValue, "4096"))
}

func model(graph message) []byte {
	return message{}.number(modelIRVersion, 8).text(2, "test").bytes(modelGraph, graph).
		bytes(modelOpset, message{}.number(opsetVersion, 14))
}

func readHeader(data []byte) (Header, error) {
	return ReadHeader(bytes.NewReader(data), int64(len(data)))
}

func TestReadHeader(t *testing.T) {
	pixels := tensor("pixel_values", Float32, Dynamic, 3, 224, 224)
	embeds := tensor("image_embeds", Float32, Dynamic, 512)
	unshaped := TensorInfo{Name: "x", Type: Float16}
	scalar := TensorInfo{Name: "s", Type: Int64, Shape: []int64{}}
	graph := message{}.bytes(graphNode, opNode("Constant").bytes(nodeAttribute, message{}.bytes(5, make([]byte, 70_000)))).text(2, "main").
		bytes(graphInitializer, weight("w", "")).
		bytes(graphInitializer, weight("v", "vision_model.onnx_data")).
		bytes(graphInitializer, weight("u", "vision_model.onnx_data")).
		bytes(graphInput, valueInfo(tensor("w", Float32, 100, 1000))). // an old export
		bytes(graphInput, valueInfo(pixels)).bytes(graphInput, valueInfo(unshaped)).bytes(graphInput, nil).
		bytes(graphOutput, valueInfo(embeds)).bytes(graphOutput, valueInfo(scalar))
	got, err := readHeader(model(graph))
	if err != nil {
		t.Fatal(err)
	}
	want := Header{
		Inputs: []TensorInfo{pixels, unshaped, {}}, Outputs: []TensorInfo{embeds, scalar},
		External: []string{"vision_model.onnx_data"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func opNode(op string) message { return message{}.text(1, "in").text(nodeOpType, op) }

// branch is a node with a graph in it.
func branch(inner message) message { return nested("If", inner) }

func nested(op string, inner message) message {
	return opNode(op).bytes(nodeAttribute, message{}.text(1, "body").bytes(attributeGraph, message{}.bytes(graphNode, inner)))
}

func TestReadHeaderDynamicQuant(t *testing.T) {
	output := message{}.bytes(graphOutput, valueInfo(tensor("y", Float32, 1)))
	for _, tt := range []struct {
		name  string
		nodes []message
		want  bool
	}{
		{"no nodes", nil, false},
		{"float", []message{opNode("MatMul"), opNode("Add")}, false},
		{"weights alone", []message{opNode("DequantizeLinear"), opNode("MatMul")}, false},
		{"activations", []message{opNode("MatMul"), opNode("DynamicQuantizeLinear"), opNode("MatMulInteger")}, true},
		{"fused", []message{opNode("DynamicQuantizeMatMul"), opNode("Add")}, true},
		{"in a branch", []message{branch(branch(opNode("DynamicQuantizeLinear")))}, true},
		{"each row by itself", []message{nested("Scan", opNode("DynamicQuantizeMatMul")), opNode("Add")}, false},
		{"in a loop with one value", []message{nested("Loop", opNode("DynamicQuantizeMatMul"))}, true},
		{"in a branch of a row", []message{nested("Scan", branch(opNode("DynamicQuantizeLinear")))}, false},
		{"rows and all", []message{nested("Scan", opNode("MatMul")), opNode("DynamicQuantizeLinear")}, true},
		{"float in a branch", []message{branch(opNode("MatMul"))}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var graph message
			for _, n := range tt.nodes {
				graph = graph.bytes(graphNode, n)
			}
			got, err := readHeader(model(append(graph, output...)))
			if err != nil || got.DynamicQuant != tt.want {
				t.Errorf("got %v, %v, want %v", got.DynamicQuant, err, tt.want)
			}
		})
	}
	deep := opNode("Add")
	for range maxDepth {
		deep = branch(deep)
	}
	if _, err := readHeader(model(append(message{}.bytes(graphNode, deep), output...))); err == nil {
		t.Error("endless branches were read")
	}
}

func TestReadHeaderDamaged(t *testing.T) {
	out := message{}.bytes(graphOutput, valueInfo(tensor("y", Float32, 1)))
	whole := model(message{}.bytes(graphInput, valueInfo(tensor("x", Float32, Dynamic, 3))).bytes(graphInitializer, weight("w", "")))
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "it is empty"},
		{"no graph", message{}.number(1, 8), "no graph"},
		{"no outputs", whole, "no graph"},
		{"cut off", whole[:len(whole)/2], "it is cut short: at least "},
		{"weights outside", model(append(message{}.bytes(graphInitializer, weight("w", "../../etc/passwd")), out...)), "outside the folder"},
		{"absolute weights", model(append(message{}.bytes(graphInitializer, weight("w", "/etc/passwd")), out...)), "outside the folder"},
		{"many axes", model(message{}.bytes(graphOutput, valueInfo(tensor("y", Float32, make([]int64, 17)...)))), "more than 16 axes"},
		{"long name", model(message{}.bytes(graphOutput, valueInfo(tensor(strings.Repeat("y", maxName+1), Float32)))), "a name of"},
		{"HTML", []byte("<!DOCTYPE html><html>"), "it is a web page"},
		{"JSON", []byte(`{"error": "not found"}`), "it is JSON"},
		{"pointer", []byte("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 12\n"), "it is a pointer of Git LFS"},
		{"archive", []byte("PK\x03\x04\x00\x00"), "it is a ZIP archive"},
		{"noise", []byte{0x07, 0x01, 0x02}, "it is no ONNX file"},
		{"noise inside", append(message{}.number(1, 8), 0x07, 0x01), "it is damaged near byte 2"},
		{"field 0", []byte{0x00, 0x01}, "it is no ONNX file"},
		{"endless number", bytes.Repeat([]byte{0xff}, 20), "it is no ONNX file"},
		{"length beyond int64", append(message{0x3a}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01), "it is no ONNX file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readHeader(tt.data)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// A damaged file must give an error or a graph within its own bounds, never a
// panic, an endless loop or an allocation beyond the file's size.
func FuzzReadHeader(f *testing.F) {
	f.Add(model(message{}.bytes(graphInput, valueInfo(tensor("x", Float32, Dynamic, 3))).
		bytes(graphInitializer, message{}.text(tensorName, "w").bytes(tensorExternal, message{}.text(entryKey, "location").text(entryValue, "w.onnx_data"))).
		bytes(graphOutput, valueInfo(tensor("y", Float32, Dynamic, 4)))))
	f.Add([]byte("<!DOCTYPE html>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := readHeader(data)
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

// The weights of a graph are stepped over, not read.
func TestReadHeaderSkipsWeights(t *testing.T) {
	graph := message{}.bytes(graphOutput, valueInfo(tensor("y", Float32, 1)))
	for range 20 {
		graph = graph.bytes(graphInitializer, message{}.text(tensorName, "w").bytes(tensorRawData, make([]byte, 1<<20)))
	}
	data := model(graph)
	src := &countingReader{r: bytes.NewReader(data)}
	if _, err := ReadHeader(src, int64(len(data))); err != nil {
		t.Fatal(err)
	}
	if most := int64(len(data) / 10); src.n > most {
		t.Errorf("read %d of %d bytes", src.n, len(data))
	}
}

type countingReader struct {
	r io.ReaderAt
	n int64
}

func (c *countingReader) ReadAt(b []byte, at int64) (int, error) {
	n, err := c.r.ReadAt(b, at)
	c.n += int64(n)
	return n, err
}

// A file that fails to be read, or that became shorter, is an error of reading.
func TestReadHeaderPassesErrorsOn(t *testing.T) {
	data := model(message{}.bytes(graphInitializer, weight("w", "")).bytes(graphOutput, valueInfo(tensor("y", Float32, 1))))
	if _, err := ReadHeader(bytes.NewReader(data[:50_000]), int64(len(data))); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("shorter: %v", err)
	}
	if _, err := ReadHeader(broken{}, int64(len(data))); !errors.Is(err, errBroken) {
		t.Errorf("broken: %v", err)
	}
}

var errBroken = errors.New("broken disk")

type broken struct{}

func (broken) ReadAt([]byte, int64) (int, error) { return 0, errBroken }

// The products that are written here declare what the matrix engine feeds.
func TestProducts(t *testing.T) {
	open := []int64{Dynamic, Dynamic}
	for _, tt := range []struct {
		name             string
		model            []byte
		left, right, out ElemType
	}{
		{"float32", FloatProduct(), Float32, Float32, Float32},
		{"integers", IntegerProduct(64), Uint8, Int8, Int32},
	} {
		got, err := readHeader(tt.model)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		want := Header{
			Inputs:  []TensorInfo{tensor(ProductLeft, tt.left, open...), tensor(ProductRight, tt.right, open...)},
			Outputs: []TensorInfo{tensor(ProductOut, tt.out, open...)},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, diff)
		}
	}
}
