package onnx

// The names of the inputs and the output of FloatProduct and IntegerProduct.
const (
	ProductLeft  = "left"
	ProductRight = "right"
	ProductOut   = "out"
)

// Versions of the format and of the operators that the products are written in. Any ONNX
// Runtime that the binding accepts reads them.
const (
	productIR    = 8
	productOpset = 13
)

// FloatProduct is an encoded model of one node: out = left x right^T, all float32
// matrices of any size.
func FloatProduct() []byte {
	transposed := appendText(nil, attributeName, "transB")
	transposed = appendNumber(transposed, attributeInt, 1)
	transposed = appendNumber(transposed, attributeType, typeInt)
	gemm := encodeNode("Gemm", []string{ProductLeft, ProductRight}, ProductOut, transposed)
	return encodeProduct(gemm, Float32, Float32, Float32)
}

// IntegerProduct is an encoded model of one node: out = (left - zeroPoint) x right, of a matrix of
// uint8, one of int8 and their product of int32.
func IntegerProduct(zeroPoint byte) []byte {
	const zeroName = "zero_point"
	product := encodeNode("MatMulInteger", []string{ProductLeft, ProductRight, zeroName}, ProductOut)
	scalar := appendNumber(nil, tensorType, uint64(Uint8))
	scalar = appendText(scalar, tensorName, zeroName)
	scalar = appendMessage(scalar, tensorRawData, []byte{zeroPoint})
	return encodeProduct(product, Uint8, Int8, Int32, scalar)
}

// encodeNode is a NodeProto with encoded attributes.
func encodeNode(op string, inputs []string, output string, attributes ...[]byte) []byte {
	var n []byte
	for _, in := range inputs {
		n = appendText(n, nodeInput, in)
	}
	n = appendText(n, nodeOutput, output)
	n = appendText(n, nodeOpType, op)
	for _, a := range attributes {
		n = appendMessage(n, nodeAttribute, a)
	}
	return n
}

// encodeProduct is a ModelProto around one node of two matrices.
func encodeProduct(node []byte, left, right, out ElemType, initializers ...[]byte) []byte {
	g := appendMessage(nil, graphNode, node)
	g = appendText(g, graphName, "sightline")
	for _, t := range initializers {
		g = appendMessage(g, graphInitializer, t)
	}
	g = appendMessage(g, graphInput, encodeMatrix(ProductLeft, left))
	g = appendMessage(g, graphInput, encodeMatrix(ProductRight, right))
	g = appendMessage(g, graphOutput, encodeMatrix(ProductOut, out))

	opset := appendText(nil, opsetDomain, "")
	opset = appendNumber(opset, opsetVersion, productOpset)
	m := appendNumber(nil, modelIRVersion, productIR)
	m = appendMessage(m, modelGraph, g)
	return appendMessage(m, modelOpset, opset)
}

// encodeMatrix is a ValueInfoProto whose two dimensions are left open.
func encodeMatrix(name string, elem ElemType) []byte {
	var shape []byte
	for _, dim := range []string{name + "_rows", name + "_columns"} {
		shape = appendMessage(shape, shapeDim, appendText(nil, dimParam, dim))
	}
	tensor := appendNumber(nil, tensorElemType, uint64(elem))
	tensor = appendMessage(tensor, tensorShape, shape)
	info := appendText(nil, valueName, name)
	return appendMessage(info, valueType, appendMessage(nil, typeTensor, tensor))
}
