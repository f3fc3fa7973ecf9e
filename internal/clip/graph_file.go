package clip

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// GraphFile is what an ONNX file declares about itself, read without running it.
type GraphFile struct {
	Inputs  []TensorInfo // without those that an initializer already fills
	Outputs []TensorInfo
	// External are the files beside it that hold its weights, as slash-separated
	// paths relative to its folder, without repeats. Empty for most.
	External []string
	// DynamicQuant says that activations are quantised while the graph runs, with a scale
	// that is taken over a whole tensor: the rows of a call depend on one another. Files
	// named int8 need not be so: weights alone may be quantised, or each picture by itself
	// in a loop over them (Scan), as scripts/quantize makes image towers.
	DynamicQuant bool
}

// Field numbers of onnx.proto (ONNX IR, stable since version 3).
const (
	modelGraph = 7

	graphNode        = 1
	graphInitializer = 5
	graphInput       = 11
	graphOutput      = 12

	nodeOpType    = 4
	nodeAttribute = 5
	attributeBody = 6 // the graph of a branch or a loop

	tensorName         = 8
	tensorExternalData = 13
	entryKey           = 1
	entryValue         = 2

	valueName      = 1
	valueType      = 2
	typeTensor     = 1
	tensorElemType = 1
	tensorShape    = 2
	shapeDim       = 1
	dimValue       = 1
)

// maxDeclaredAxes bounds a shape; more means a damaged file.
const maxDeclaredAxes = 16

// ReadGraphFile reads the declared inputs and outputs of the ONNX file at path. It
// steps over the weights, so that it costs milliseconds however large the file is.
func ReadGraphFile(path string) (GraphFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return GraphFile{}, fmt.Errorf("open graph: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return GraphFile{}, fmt.Errorf("open graph: %w", err)
	}
	g, err := readGraph(newWireReader(f, st.Size()))
	if err != nil {
		return GraphFile{}, fmt.Errorf("%w: read %s as ONNX: %w", ErrUnreadable, path, err)
	}
	return g, nil
}

func readGraph(r *wireReader) (GraphFile, error) {
	var g GraphFile
	filled := map[string]bool{}
	found := false
	err := r.fields(r.size, func(f wireField) error {
		if f.num != modelGraph || !f.bytes {
			return nil
		}
		found = true
		return r.fields(f.end, func(f wireField) error {
			switch {
			case !f.bytes:
			case f.num == graphNode && !g.DynamicQuant:
				var err error
				if g.DynamicQuant, err = readNode(r, f.end, 0); err != nil {
					return fmt.Errorf("nodes: %w", err)
				}
			case f.num == graphInitializer:
				name, external, err := readInitializer(r, f.end)
				if err != nil {
					return fmt.Errorf("weights: %w", err)
				}
				filled[name] = true
				if external != "" && !slices.Contains(g.External, external) {
					g.External = append(g.External, external)
				}
			case f.num == graphInput || f.num == graphOutput:
				t, err := readValueInfo(r, f.end)
				if err != nil {
					return fmt.Errorf("inputs and outputs: %w", err)
				}
				if f.num == graphInput {
					g.Inputs = append(g.Inputs, t)
				} else {
					g.Outputs = append(g.Outputs, t)
				}
			}
			return nil
		})
	})
	if err != nil {
		return GraphFile{}, err
	}
	if !found || len(g.Outputs) == 0 {
		return GraphFile{}, errors.New("there is no graph in it")
	}
	// Old exports list the weights among the inputs too.
	g.Inputs = slices.DeleteFunc(g.Inputs, func(t TensorInfo) bool { return filled[t.Name] })
	return g, nil
}

// maxDepth bounds branches within branches; more means a damaged file.
const maxDepth = 16

// readNode reports whether a node, or one in its branches, quantises activations
// dynamically. ONNX has one operator for that; ONNX Runtime's own fused ones
// (DynamicQuantizeMatMul, DynamicQuantizeLSTM) begin with the same word. Scan gives its
// body one row of a call at a time, so that what is quantised there depends on no other.
func readNode(r *wireReader, end int64, depth int) (dynamic bool, err error) {
	if depth == maxDepth {
		return false, fmt.Errorf("more than %d graphs within one another", maxDepth)
	}
	var op string
	err = r.fields(end, func(f wireField) (err error) {
		switch {
		case !f.bytes:
		case f.num == nodeOpType:
			op, err = r.text(f.end)
			return err
		case f.num == nodeAttribute:
			return r.fields(f.end, func(f wireField) error {
				if f.num != attributeBody || !f.bytes {
					return nil
				}
				return r.fields(f.end, func(f wireField) error {
					if f.num != graphNode || !f.bytes {
						return nil
					}
					inner, err := readNode(r, f.end, depth+1)
					dynamic = dynamic || inner
					return err
				})
			})
		}
		return nil
	})
	return strings.HasPrefix(op, "DynamicQuantize") || dynamic && op != "Scan", err
}

// readInitializer returns the name of a weight and the file that holds it, empty
// where the weight is in the graph itself.
func readInitializer(r *wireReader, end int64) (name, external string, err error) {
	err = r.fields(end, func(f wireField) (err error) {
		switch {
		case !f.bytes:
		case f.num == tensorName:
			name, err = r.text(f.end)
		case f.num == tensorExternalData:
			var key, value string
			err = r.fields(f.end, func(f wireField) (err error) {
				switch {
				case f.bytes && f.num == entryKey:
					key, err = r.text(f.end)
				case f.bytes && f.num == entryValue:
					value, err = r.text(f.end)
				}
				return err
			})
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

func readValueInfo(r *wireReader, end int64) (TensorInfo, error) {
	var t TensorInfo
	err := r.fields(end, func(f wireField) (err error) {
		switch {
		case f.bytes && f.num == valueName:
			t.Name, err = r.text(f.end)
		case f.bytes && f.num == valueType:
			err = r.fields(f.end, func(f wireField) error {
				if f.num != typeTensor || !f.bytes {
					return nil
				}
				return readTensorType(r, f.end, &t)
			})
		}
		return err
	})
	return t, err
}

func readTensorType(r *wireReader, end int64, t *TensorInfo) error {
	return r.fields(end, func(f wireField) error {
		switch {
		case f.num == tensorElemType && !f.bytes:
			t.Type = ElemType(f.value)
		case f.num == tensorShape && f.bytes:
			t.Shape = []int64{}
			return r.fields(f.end, func(f wireField) error {
				if f.num != shapeDim || !f.bytes {
					return nil
				}
				if len(t.Shape) == maxDeclaredAxes {
					return fmt.Errorf("%q has more than %d axes", t.Name, maxDeclaredAxes)
				}
				length := Dynamic // an axis with a name instead of a length is open
				err := r.fields(f.end, func(f wireField) error {
					if f.num == dimValue && !f.bytes && int64(f.value) > 0 {
						length = int64(f.value)
					}
					return nil
				})
				t.Shape = append(t.Shape, length)
				return err
			})
		}
		return nil
	})
}
