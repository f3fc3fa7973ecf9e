package onnx

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

// Dynamic is the length of an axis that a graph leaves open.
const Dynamic int64 = -1

// TensorInfo is one declared input or output of a graph.
type TensorInfo struct {
	Name string
	Type ElemType
	// Shape has one length per axis, Dynamic for an open one. It is nil where the
	// graph does not say even how many axes there are.
	Shape []int64
}

// String is the tensor as messages show it: "pixel_values float32[-1 3 224 224]".
func (t TensorInfo) String() string {
	if t.Shape == nil {
		return fmt.Sprintf("%s %v", t.Name, t.Type)
	}
	return fmt.Sprintf("%s %v%v", t.Name, t.Type, t.Shape)
}

// Rank is the number of axes, 0 where the graph does not say.
func (t TensorInfo) Rank() int { return len(t.Shape) }

// Header is what an ONNX file declares about itself.
type Header struct {
	Inputs  []TensorInfo // without those that an initializer already fills
	Outputs []TensorInfo
	// External are the files beside it that hold its weights, as slash-separated
	// paths relative to its folder, without repeats. Empty for most.
	External []string
	// DynamicQuant says that activations are quantised while the graph runs, with one
	// scale for a whole tensor: the rows of a call then depend on one another. A file
	// named int8 need not be so. Its weights alone may be quantised, or it may quantise
	// each picture by itself in a loop over them (Scan), as the image towers of
	// scripts/quantize do.
	DynamicQuant bool
}

// Bounds of what a sound file declares; more means a damaged one.
const (
	maxAxes     = 16
	maxDeclared = 1 << 16 // inputs, or outputs
	maxDepth    = 16      // branches within branches
)

// ReadHeader reads the declared inputs and outputs of the ONNX file of size bytes in src.
// It steps over the weights, so that it costs milliseconds however large the file is. An
// error says that the file is damaged or no ONNX, or is one of reading src.
func ReadHeader(src io.ReaderAt, size int64) (Header, error) {
	h := headerReader{reader: fileReader(src, size), filled: map[string]bool{}, external: map[string]bool{}}
	err := h.message(func(f field) error {
		if f.num != modelGraph || !f.isBytes() {
			return nil
		}
		return h.fields(f, h.graphField)
	})
	if err != nil {
		return Header{}, err
	}
	if size == 0 {
		return Header{}, errors.New("it is empty")
	}
	if len(h.header.Outputs) == 0 {
		return Header{}, errors.New("it holds no graph")
	}
	// Old exports list the weights among the inputs too.
	h.header.Inputs = slices.DeleteFunc(h.header.Inputs, func(t TensorInfo) bool { return h.filled[t.Name] })
	return h.header, nil
}

type headerReader struct {
	*reader
	header   Header
	filled   map[string]bool // by the name of an initializer
	external map[string]bool // what header.External lists
}

// graphField reads one field of the GraphProto.
func (h *headerReader) graphField(f field) error {
	if !f.isBytes() {
		return nil
	}
	switch f.num {
	case graphNode:
		if h.header.DynamicQuant {
			return nil
		}
		dynamic, err := h.quantises(f, 0)
		if err != nil {
			return err
		}
		h.header.DynamicQuant = dynamic
	case graphInitializer:
		name, external, err := h.initializer(f)
		if err != nil {
			return err
		}
		h.filled[name] = true
		if external != "" && !h.external[external] {
			h.external[external] = true
			h.header.External = append(h.header.External, external)
		}
	case graphInput:
		return h.declare(&h.header.Inputs, f)
	case graphOutput:
		return h.declare(&h.header.Outputs, f)
	}
	return nil
}

// quantises reports whether a node, or one in its branches, quantises activations
// dynamically. ONNX has one operator for that; ONNX Runtime's own fused ones
// (DynamicQuantizeMatMul, DynamicQuantizeLSTM) begin with the same word. Scan gives its
// body one row of a call at a time, so what is quantised there depends on no other row.
func (h *headerReader) quantises(node field, depth int) (dynamic bool, err error) {
	if depth == maxDepth {
		return false, fmt.Errorf("more than %d graphs within one another", maxDepth)
	}
	var op string
	err = h.fields(node, func(f field) (err error) {
		switch {
		case !f.isBytes():
		case f.num == nodeOpType:
			op, err = h.text(f)
		case f.num == nodeAttribute:
			var inner bool
			inner, err = h.bodyQuantises(f, depth)
			dynamic = dynamic || inner
		}
		return err
	})
	return strings.HasPrefix(op, "DynamicQuantize") || dynamic && op != "Scan", err
}

// bodyQuantises is quantises for the nodes of the graph in an attribute, if there is one.
func (h *headerReader) bodyQuantises(attribute field, depth int) (dynamic bool, err error) {
	err = h.fields(attribute, func(f field) error {
		if f.num != attributeGraph || !f.isBytes() {
			return nil
		}
		return h.fields(f, func(f field) error {
			if f.num != graphNode || !f.isBytes() {
				return nil
			}
			inner, err := h.quantises(f, depth+1)
			dynamic = dynamic || inner
			return err
		})
	})
	return dynamic, err
}

// initializer returns the name of a weight and the file that holds it, empty where the
// weight is in the graph itself.
func (h *headerReader) initializer(tensor field) (name, external string, err error) {
	err = h.fields(tensor, func(f field) (err error) {
		switch {
		case !f.isBytes():
		case f.num == tensorName:
			name, err = h.text(f)
		case f.num == tensorExternal:
			var key, value string
			key, value, err = h.entry(f)
			if key == "location" {
				external = value
			}
		}
		return err
	})
	if err == nil && external != "" && !filepath.IsLocal(filepath.FromSlash(external)) {
		err = fmt.Errorf("%q points to %q, outside the folder of the graph", name, external)
	}
	return name, external, err
}

// entry reads a StringStringEntryProto.
func (h *headerReader) entry(e field) (key, value string, err error) {
	err = h.fields(e, func(f field) (err error) {
		switch {
		case !f.isBytes():
		case f.num == entryKey:
			key, err = h.text(f)
		case f.num == entryValue:
			value, err = h.text(f)
		}
		return err
	})
	return key, value, err
}

// declare adds the ValueInfoProto in f to list.
func (h *headerReader) declare(list *[]TensorInfo, f field) error {
	if len(*list) == maxDeclared {
		return fmt.Errorf("more than %d inputs or outputs", maxDeclared)
	}
	var t TensorInfo
	err := h.fields(f, func(f field) (err error) {
		switch {
		case !f.isBytes():
		case f.num == valueName:
			t.Name, err = h.text(f)
		case f.num == valueType:
			err = h.fields(f, func(f field) error {
				if f.num != typeTensor || !f.isBytes() {
					return nil
				}
				return h.tensorType(f, &t)
			})
		}
		return err
	})
	*list = append(*list, t)
	if err != nil {
		return fmt.Errorf("inputs and outputs: %w", err)
	}
	return nil
}

func (h *headerReader) tensorType(f field, t *TensorInfo) error {
	return h.fields(f, func(f field) error {
		switch {
		case f.num == tensorElemType && f.isNumber():
			t.Type = ElemType(f.value)
		case f.num == tensorShape && f.isBytes():
			t.Shape = []int64{}
			return h.fields(f, func(f field) error {
				if f.num != shapeDim || !f.isBytes() {
					return nil
				}
				if len(t.Shape) == maxAxes {
					return fmt.Errorf("%q has more than %d axes", t.Name, maxAxes)
				}
				length, err := h.axis(f)
				t.Shape = append(t.Shape, length)
				return err
			})
		}
		return nil
	})
}

// axis reads the length of an axis; one with a name instead of a length is open.
func (h *headerReader) axis(dim field) (int64, error) {
	length := Dynamic
	err := h.fields(dim, func(f field) error {
		if f.num == dimValue && f.isNumber() && int64(f.value) > 0 {
			length = int64(f.value)
		}
		return nil
	})
	return length, err
}
