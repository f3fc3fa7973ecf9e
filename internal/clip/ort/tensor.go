package ort

import (
	"encoding/binary"
	"fmt"

	"github.com/x448/float16"
	onnxruntime "github.com/yalue/onnxruntime_go"

	"github.com/sightline/sightline/internal/clip/onnx"
)

// tensor is a value at the edge of a graph. It lies over Go memory, which is why
// its owner frees it in the function that made it.
type tensor struct {
	onnxruntime.Value
	half []byte // the elements of a float16 tensor
}

func (t tensor) free() {
	if t.Value != nil {
		live.Add(-1)
		_ = t.Destroy() // releasing a value cannot fail in a way that a caller could mend
	}
}

func freeAll(ts []tensor) {
	for _, t := range ts {
		t.free()
	}
}

// newTensor lays a tensor of the given shape over data, without copying it.
func newTensor[T onnxruntime.TensorData](data []T, shape ...int64) (tensor, error) {
	v, err := onnxruntime.NewTensor(onnxruntime.NewShape(shape...), data)
	if err != nil {
		return tensor{}, fmt.Errorf("making a tensor of %v: %w", shape, err)
	}
	live.Add(1)
	return tensor{Value: v}, nil
}

// floatInput makes an input of values: over values themselves for float32, over a
// rounded copy for float16.
func floatInput(t onnx.ElemType, values []float32, shape ...int64) (tensor, error) {
	if t == onnx.Float32 {
		return newTensor(values, shape...)
	}
	half := make([]byte, 2*len(values))
	for i, x := range values {
		binary.LittleEndian.PutUint16(half[2*i:], float16.Fromfloat32(x).Bits())
	}
	return halfTensor(half, shape...)
}

// floatOutput makes an output that, once run, scatter copies into values where it
// does not lie over them already.
func floatOutput(t onnx.ElemType, values []float32, shape ...int64) (tensor, error) {
	if t == onnx.Float32 {
		return newTensor(values, shape...)
	}
	return halfTensor(make([]byte, 2*len(values)), shape...)
}

// scatter completes values from an output made by floatOutput.
func (t tensor) scatter(values []float32) {
	if t.half == nil {
		return
	}
	for i := range values {
		values[i] = float16.Frombits(binary.LittleEndian.Uint16(t.half[2*i:])).Float32()
	}
}

func halfTensor(half []byte, shape ...int64) (tensor, error) {
	v, err := onnxruntime.NewCustomDataTensor(onnxruntime.NewShape(shape...), half, onnxruntime.TensorElementDataTypeFloat16)
	if err != nil {
		return tensor{}, fmt.Errorf("making a float16 tensor of %v: %w", shape, err)
	}
	live.Add(1)
	return tensor{Value: v, half: half}, nil
}

// indexInput makes an input of token ids and the like, in the graph's own type.
func indexInput(t onnx.ElemType, values []int64, shape ...int64) (tensor, error) {
	if t == onnx.Int64 {
		return newTensor(values, shape...)
	}
	narrow := make([]int32, len(values))
	for i, x := range values {
		narrow[i] = int32(x) // vocabularies are far below 2^31
	}
	return newTensor(narrow, shape...)
}
