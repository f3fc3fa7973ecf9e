package onnx

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// The fields of onnx.proto that are read or written here, by message.
const (
	modelIRVersion protowire.Number = 1
	modelGraph     protowire.Number = 7
	modelOpset     protowire.Number = 8

	opsetDomain  protowire.Number = 1
	opsetVersion protowire.Number = 2

	graphNode        protowire.Number = 1
	graphName        protowire.Number = 2
	graphInitializer protowire.Number = 5
	graphInput       protowire.Number = 11
	graphOutput      protowire.Number = 12
	graphValueInfo   protowire.Number = 13

	nodeInput     protowire.Number = 1
	nodeOutput    protowire.Number = 2
	nodeOpType    protowire.Number = 4
	nodeAttribute protowire.Number = 5
	nodeDomain    protowire.Number = 7

	attributeName   protowire.Number = 1
	attributeInt    protowire.Number = 3
	attributeTensor protowire.Number = 5
	attributeGraph  protowire.Number = 6 // the body of a branch or a loop
	attributeInts   protowire.Number = 8
	attributeGraphs protowire.Number = 11
	attributeType   protowire.Number = 20
	typeInt                          = 2 // AttributeProto.AttributeType.INT

	tensorDims      protowire.Number = 1
	tensorType      protowire.Number = 2
	tensorInt32Data protowire.Number = 5
	tensorInt64Data protowire.Number = 7
	tensorName      protowire.Number = 8
	tensorRawData   protowire.Number = 9
	tensorExternal  protowire.Number = 13
	entryKey        protowire.Number = 1
	entryValue      protowire.Number = 2

	valueName      protowire.Number = 1
	valueType      protowire.Number = 2
	typeTensor     protowire.Number = 1
	tensorElemType protowire.Number = 1
	tensorShape    protowire.Number = 2
	shapeDim       protowire.Number = 1
	dimValue       protowire.Number = 1
	dimParam       protowire.Number = 2
)

// microsoft is the domain of ONNX Runtime's own operators.
const microsoft = "com.microsoft"

// ElemType is the type of a tensor's elements, with the numbers of ONNX's
// TensorProto.DataType, which ONNX Runtime uses too.
type ElemType int

// The element types that can turn up at the edges of an encoder's graph.
const (
	Float32  ElemType = 1
	Uint8    ElemType = 2
	Int8     ElemType = 3
	Int32    ElemType = 6
	Int64    ElemType = 7
	Bool     ElemType = 9
	Float16  ElemType = 10
	Float64  ElemType = 11
	BFloat16 ElemType = 16
)

var elemNames = map[ElemType]string{
	Float32: "float32", Uint8: "uint8", Int8: "int8", Int32: "int32", Int64: "int64",
	Bool: "bool", Float16: "float16", Float64: "float64", BFloat16: "bfloat16",
}

// String is the type's usual name.
func (t ElemType) String() string {
	if s, ok := elemNames[t]; ok {
		return s
	}
	return fmt.Sprintf("element type %d", int(t))
}
