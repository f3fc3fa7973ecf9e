package clip

import (
	"fmt"
	"slices"
	"strings"
)

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

func (t ElemType) isFloat() bool { return t == Float32 || t == Float16 }
func (t ElemType) isIndex() bool { return t == Int64 || t == Int32 }

// Dynamic is the length of an axis that a graph leaves open.
const Dynamic int64 = -1

// TensorInfo is one declared input or output of a graph.
type TensorInfo struct {
	Name string
	Type ElemType
	// Shape has one length an axis, Dynamic for an open one. It is nil where the
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

func (t TensorInfo) rank() int { return len(t.Shape) }

func describe(ts []TensorInfo) string {
	names := make([]string, len(ts))
	for i, t := range ts {
		names[i] = t.String()
	}
	return strings.Join(names, ", ")
}

// Head says which of a tower's outputs is the embedding.
type Head string

// The two kinds of export.
const (
	// HeadProjected is CLIP's: the embedding is the projected output, and a
	// pooler_output beside it lies in another space and is never taken.
	HeadProjected Head = "projected"
	// HeadPooled is SigLIP's: the pooled output itself is the embedding.
	HeadPooled Head = "pooled"
)

// VisionIO is how the image tower is called.
type VisionIO struct {
	Pixels     string   // name of the input, [batch, 3, height, width]
	PixelsType ElemType // Float32, or Float16: then the caller has to convert
	Embeds     string   // name of the output, [batch, dim]
	EmbedsType ElemType // Float32 or Float16
	Batch      int64    // pictures a call takes; Dynamic for any number
	Height     int64    // Dynamic where the graph leaves it open
	Width      int64
	Dim        int64 // length of an embedding; Dynamic where the graph does not say
}

// TextIO is how the text tower is called. The inputs are [batch, sequence].
type TextIO struct {
	IDs     string
	IDsType ElemType // Int64 or Int32
	// Mask, Types and Positions name the inputs that some exports need besides: 1
	// for a token and 0 for padding; the segment of a token, always 0; its place.
	// Each is empty where the graph has no such input.
	Mask          string
	MaskType      ElemType
	Types         string
	TypesType     ElemType
	Positions     string
	PositionsType ElemType
	Embeds        string
	EmbedsType    ElemType
	Batch         int64 // texts a call takes; Dynamic for any number
	Sequence      int64 // tokens a text must have; Dynamic for any number
	Dim           int64
}

// PickVisionIO finds the pixels and the embedding among the inputs and outputs of
// an image tower. The error says what the graph has instead.
func PickVisionIO(in, out []TensorInfo, head Head) (VisionIO, error) {
	if err := rejectCombined(in, out); err != nil {
		return VisionIO{}, err
	}
	px, err := pickPixels(in)
	if err != nil {
		return VisionIO{}, err
	}
	for _, t := range in {
		if t.Name != px.Name {
			return VisionIO{}, fmt.Errorf("image graph needs an input that is not known here: %v (inputs: %s)", t, describe(in))
		}
	}
	if !px.Type.isFloat() {
		return VisionIO{}, fmt.Errorf("image graph takes %v, only float32 and float16 pixels are supported", px)
	}
	io := VisionIO{Pixels: px.Name, PixelsType: px.Type, Batch: Dynamic, Height: Dynamic, Width: Dynamic}
	if px.Shape != nil {
		if px.rank() != 4 || (px.Shape[1] != 3 && px.Shape[1] != Dynamic) {
			return VisionIO{}, fmt.Errorf("image graph takes %v, not [batch 3 height width]", px)
		}
		io.Batch, io.Height, io.Width = px.Shape[0], px.Shape[2], px.Shape[3]
	}
	emb, err := pickEmbeds(out, "image_embeds", head)
	if err != nil {
		return VisionIO{}, fmt.Errorf("image graph: %w", err)
	}
	io.Embeds, io.EmbedsType, io.Dim = emb.Name, emb.Type, lastAxis(emb)
	return io, nil
}

// PickTextIO finds the token ids, what must go with them, and the embedding among
// the inputs and outputs of a text tower. The error says what the graph has
// instead.
func PickTextIO(in, out []TensorInfo, head Head) (TextIO, error) {
	if err := rejectCombined(in, out); err != nil {
		return TextIO{}, err
	}
	io := TextIO{Batch: Dynamic, Sequence: Dynamic}
	var ids []TensorInfo
	for _, t := range in {
		if !t.Type.isIndex() {
			return TextIO{}, fmt.Errorf("text graph takes %v, only int64 and int32 are supported", t)
		}
		switch t.Name {
		case "attention_mask":
			io.Mask, io.MaskType = t.Name, t.Type
		case "token_type_ids":
			io.Types, io.TypesType = t.Name, t.Type
		case "position_ids":
			io.Positions, io.PositionsType = t.Name, t.Type
		default:
			ids = append(ids, t)
		}
	}
	if len(ids) != 1 {
		return TextIO{}, fmt.Errorf("text graph should have one input for token ids besides attention_mask, token_type_ids and position_ids (inputs: %s)", describe(in))
	}
	io.IDs, io.IDsType = ids[0].Name, ids[0].Type
	if ids[0].Shape != nil {
		if ids[0].rank() != 2 {
			return TextIO{}, fmt.Errorf("text graph takes %v, not [batch sequence]", ids[0])
		}
		io.Batch, io.Sequence = ids[0].Shape[0], ids[0].Shape[1]
	}
	emb, err := pickEmbeds(out, "text_embeds", head)
	if err != nil {
		return TextIO{}, fmt.Errorf("text graph: %w", err)
	}
	io.Embeds, io.EmbedsType, io.Dim = emb.Name, emb.Type, lastAxis(emb)
	return io, nil
}

// CheckSameDim returns the length of the embeddings that both towers give, or 0
// where neither graph states it.
func CheckSameDim(v VisionIO, t TextIO) (int, error) {
	switch {
	case v.Dim == Dynamic && t.Dim == Dynamic:
		return 0, nil
	case v.Dim == Dynamic:
		return int(t.Dim), nil
	case t.Dim == Dynamic || t.Dim == v.Dim:
		return int(v.Dim), nil
	}
	return 0, fmt.Errorf("the towers do not belong together: %s has %d values and %s has %d", v.Embeds, v.Dim, t.Embeds, t.Dim)
}

// rejectCombined refuses a graph with both towers in it: each call would have to
// run both, at several times the cost.
func rejectCombined(in, out []TensorInfo) error {
	pixels := slices.ContainsFunc(in, func(t TensorInfo) bool { return t.Name == "pixel_values" })
	ids := slices.ContainsFunc(in, func(t TensorInfo) bool { return t.Name == "input_ids" })
	if pixels && ids {
		return fmt.Errorf("graph has both towers in one (inputs: %s; outputs: %s): use the separate vision_model.onnx and text_model.onnx of the same export", describe(in), describe(out))
	}
	return nil
}

func pickPixels(in []TensorInfo) (TensorInfo, error) {
	var images []TensorInfo
	for _, t := range in {
		if t.Name == "pixel_values" {
			return t, nil
		}
		if t.rank() == 4 {
			images = append(images, t)
		}
	}
	if len(images) != 1 {
		return TensorInfo{}, fmt.Errorf("image graph has no pixel_values and not exactly one other picture input (inputs: %s)", describe(in))
	}
	return images[0], nil
}

// notEmbeds are outputs that look like an embedding and are none. The first two
// lie before CLIP's projection: cosines between them across the towers mean
// nothing, and nothing else would tell.
var notEmbeds = []string{"pooler_output", "last_hidden_state", "logits_per_image", "logits_per_text", "hidden_states", "attentions"}

func pickEmbeds(out []TensorInfo, name string, head Head) (TensorInfo, error) {
	fits := func(t TensorInfo) error {
		if !t.Type.isFloat() || (t.Shape != nil && t.rank() != 2) {
			return fmt.Errorf("output %v is not a float matrix [batch dim]", t)
		}
		return nil
	}
	named := []string{name}
	if head == HeadPooled {
		named = append(named, "pooler_output")
	}
	for _, n := range named {
		for _, t := range out {
			if t.Name == n {
				return t, fits(t)
			}
		}
	}
	var left []TensorInfo
	for _, t := range out {
		if !slices.Contains(notEmbeds, t.Name) && t.rank() == 2 && t.Type.isFloat() {
			left = append(left, t)
		}
	}
	if len(left) != 1 {
		return TensorInfo{}, fmt.Errorf("no output %s and not exactly one other float matrix that could be the embedding (outputs: %s); export the model with its projection", strings.Join(named, " or "), describe(out))
	}
	return left[0], nil
}

func lastAxis(t TensorInfo) int64 {
	if len(t.Shape) == 0 {
		return Dynamic
	}
	return t.Shape[len(t.Shape)-1]
}
