// Package onnx knows ONNX's file format, and no more of it than is needed to run a model:
//
//   - ReadHeader reads what a graph declares about itself (inputs, outputs, files with weights)
//     and steps over the weights.
//   - Trim cuts a graph down to what one output needs.
//   - FloatProduct and IntegerProduct write the graphs of one node that multiply matrices.
//
// An ONNX file is a ModelProto in the encoding of protocol buffers. There are no generated
// types: a graph's weights are most of its bytes, and they are neither copied nor kept in
// memory. Everything here goes through one reader (wire.go) over the encoded bytes, in a
// file or in memory, and what is rewritten keeps whatever is not understood byte for byte.
// The field numbers (schema.go) are those of onnx.proto: ONNX IR, stable since version 3.
package onnx
