package ort

// The graphs of the matrix engine have one node each and are written here, in ONNX's
// protobuf encoding. The numbers are those of the fields in onnx.proto3.

// Element types of TensorProto.DataType.
const (
	elemFloat = 1
	elemUint8 = 2
	elemInt8  = 3
	elemInt32 = 6
)

const (
	irVersion    = 8
	opsetVersion = 13
)

// message is an encoded protobuf message under construction.
type message []byte

func (m *message) varint(x uint64) {
	for ; x >= 0x80; x >>= 7 {
		*m = append(*m, byte(x)|0x80)
	}
	*m = append(*m, byte(x))
}

// number adds an integer field.
func (m *message) number(field int, x uint64) {
	m.varint(uint64(field) << 3)
	m.varint(x)
}

// bytes adds a string, bytes or message field.
func (m *message) bytes(field int, b []byte) {
	m.varint(uint64(field)<<3 | 2)
	m.varint(uint64(len(b)))
	*m = append(*m, b...)
}

func (m *message) text(field int, s string) { m.bytes(field, []byte(s)) }

// valueInfo is an input or output whose two dimensions are left open.
func valueInfo(name string, elem uint64) message {
	var shape message
	for _, dim := range []string{name + "_rows", name + "_columns"} {
		var d message
		d.text(2, dim)    // Dimension.dim_param
		shape.bytes(1, d) // TensorShapeProto.dim
	}
	var tensor, typ, info message
	tensor.number(1, elem) // TypeProto.Tensor.elem_type
	tensor.bytes(2, shape) // TypeProto.Tensor.shape
	typ.bytes(1, tensor)   // TypeProto.tensor_type
	info.text(1, name)     // ValueInfoProto.name
	info.bytes(2, typ)     // ValueInfoProto.type
	return info
}

// node is an operator. Attributes are integers, given as encoded messages.
func node(op string, inputs []string, output string, attributes ...message) message {
	var n message
	for _, in := range inputs {
		n.text(1, in) // NodeProto.input
	}
	n.text(2, output) // NodeProto.output
	n.text(4, op)     // NodeProto.op_type
	for _, a := range attributes {
		n.bytes(5, a) // NodeProto.attribute
	}
	return n
}

func intAttribute(name string, x uint64) message {
	var a message
	a.text(1, name) // AttributeProto.name
	a.number(3, x)  // AttributeProto.i
	a.number(20, 2) // AttributeProto.type = INT
	return a
}

// byteScalar is a constant tensor of no dimensions.
func byteScalar(name string, elem uint64, value byte) message {
	var t message
	t.number(2, elem)         // TensorProto.data_type
	t.text(8, name)           // TensorProto.name
	t.bytes(9, []byte{value}) // TensorProto.raw_data
	return t
}

// model wraps a graph of one node.
func model(n message, inputs []message, output message, initializers ...message) []byte {
	var g message
	g.bytes(1, n)          // GraphProto.node
	g.text(2, "sightline") // GraphProto.name
	for _, t := range initializers {
		g.bytes(5, t) // GraphProto.initializer
	}
	for _, in := range inputs {
		g.bytes(11, in) // GraphProto.input
	}
	g.bytes(12, output) // GraphProto.output

	var opset, m message
	opset.text(1, "")             // OperatorSetIdProto.domain
	opset.number(2, opsetVersion) // OperatorSetIdProto.version
	m.number(1, irVersion)        // ModelProto.ir_version
	m.bytes(7, g)                 // ModelProto.graph
	m.bytes(8, opset)             // ModelProto.opset_import
	return m
}

// The names of the graphs' inputs and output.
const (
	leftName  = "left"
	rightName = "right"
	outName   = "out"
)

// floatProduct is out = left x right^T.
func floatProduct() []byte {
	return model(node("Gemm", []string{leftName, rightName}, outName, intAttribute("transB", 1)),
		[]message{valueInfo(leftName, elemFloat), valueInfo(rightName, elemFloat)}, valueInfo(outName, elemFloat))
}

// codeProduct is out = (left - zero) x right, of unsigned and signed bytes, in int32.
func codeProduct(zero byte) []byte {
	return model(node("MatMulInteger", []string{leftName, rightName, "zero"}, outName),
		[]message{valueInfo(leftName, elemUint8), valueInfo(rightName, elemInt8)}, valueInfo(outName, elemInt32),
		byteScalar("zero", elemUint8, zero))
}
