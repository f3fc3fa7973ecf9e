package clip

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/clip/onnx"
)

func isFloat(t onnx.ElemType) bool { return t == onnx.Float32 || t == onnx.Float16 }
func isIndex(t onnx.ElemType) bool { return t == onnx.Int64 || t == onnx.Int32 }

func describe(ts []onnx.TensorInfo) string {
	names := make([]string, len(ts))
	for i, t := range ts {
		names[i] = t.String()
	}
	return strings.Join(names, ", ")
}

// headKind says which of a tower's outputs is the embedding.
type headKind string

// The two kinds of export.
const (
	// headProjected is CLIP's: the embedding is the projected output, and a
	// pooler_output beside it lies in another space and is never taken.
	headProjected headKind = "projected"
	// headPooled is SigLIP's: the pooled output itself is the embedding.
	headPooled headKind = "pooled"
)

// VisionIO is how the image tower is called.
type VisionIO struct {
	Pixels     string        // name of the input, [batch, 3, height, width]
	PixelsType onnx.ElemType // float32, or float16: then the caller has to convert
	Embeds     string        // name of the output, [batch, dim]
	EmbedsType onnx.ElemType // float32 or float16
	Batch      int64         // pictures per call; onnx.Dynamic for any number
	Height     int64         // onnx.Dynamic where the graph leaves it open
	Width      int64
	Dim        int64 // length of an embedding; onnx.Dynamic where the graph does not say
}

// TextIO is how the text tower is called. The inputs are [batch, sequence].
type TextIO struct {
	IDs     string
	IDsType onnx.ElemType // int64 or int32
	// Mask, Types and Positions name the inputs that some exports need besides: 1
	// for a token and 0 for padding; the segment of a token, always 0; its place.
	// Each is empty where the graph has no such input.
	Mask          string
	MaskType      onnx.ElemType
	Types         string
	TypesType     onnx.ElemType
	Positions     string
	PositionsType onnx.ElemType
	Embeds        string
	EmbedsType    onnx.ElemType
	Batch         int64 // texts per call; onnx.Dynamic for any number
	Sequence      int64 // tokens per text; onnx.Dynamic for any number
	Dim           int64
}

// pickVisionIO finds the pixels and the embedding among the inputs and outputs of
// an image tower. The error says what the graph has instead.
func pickVisionIO(in, out []onnx.TensorInfo, head headKind) (VisionIO, error) {
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
	if !isFloat(px.Type) {
		return VisionIO{}, fmt.Errorf("image graph takes %v, only float32 and float16 pixels are supported", px)
	}
	io := VisionIO{Pixels: px.Name, PixelsType: px.Type, Batch: onnx.Dynamic, Height: onnx.Dynamic, Width: onnx.Dynamic}
	if px.Shape != nil {
		if px.Rank() != 4 || (px.Shape[1] != 3 && px.Shape[1] != onnx.Dynamic) {
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

// pickTextIO finds the token ids, what must go with them, and the embedding among
// the inputs and outputs of a text tower. The error says what the graph has
// instead.
func pickTextIO(in, out []onnx.TensorInfo, head headKind) (TextIO, error) {
	if err := rejectCombined(in, out); err != nil {
		return TextIO{}, err
	}
	io := TextIO{Batch: onnx.Dynamic, Sequence: onnx.Dynamic}
	var ids []onnx.TensorInfo
	for _, t := range in {
		if !isIndex(t.Type) {
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
		if ids[0].Rank() != 2 {
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

// checkSameDim returns the length of the embeddings that both towers give, or 0
// where neither graph states it.
func checkSameDim(v VisionIO, t TextIO) (int, error) {
	switch {
	case v.Dim == onnx.Dynamic && t.Dim == onnx.Dynamic:
		return 0, nil
	case v.Dim == onnx.Dynamic:
		return int(t.Dim), nil
	case t.Dim == onnx.Dynamic || t.Dim == v.Dim:
		return int(v.Dim), nil
	}
	return 0, fmt.Errorf("the towers do not belong together: %s has %d values and %s has %d", v.Embeds, v.Dim, t.Embeds, t.Dim)
}

// rejectCombined refuses a graph with both towers in it: each call would have to
// run both, at several times the cost.
func rejectCombined(in, out []onnx.TensorInfo) error {
	pixels := slices.ContainsFunc(in, func(t onnx.TensorInfo) bool { return t.Name == "pixel_values" })
	ids := slices.ContainsFunc(in, func(t onnx.TensorInfo) bool { return t.Name == "input_ids" })
	if pixels && ids {
		return fmt.Errorf("graph has both towers in one (inputs: %s; outputs: %s): use the separate vision_model.onnx and text_model.onnx of the same export", describe(in), describe(out))
	}
	return nil
}

func pickPixels(in []onnx.TensorInfo) (onnx.TensorInfo, error) {
	var images []onnx.TensorInfo
	for _, t := range in {
		if t.Name == "pixel_values" {
			return t, nil
		}
		if t.Rank() == 4 {
			images = append(images, t)
		}
	}
	if len(images) != 1 {
		return onnx.TensorInfo{}, fmt.Errorf("image graph has no pixel_values and not exactly one other picture input (inputs: %s)", describe(in))
	}
	return images[0], nil
}

// notEmbeds are outputs that look like an embedding and are none. The first two
// lie before CLIP's projection: cosines between them across the towers mean
// nothing, and nothing else would tell.
var notEmbeds = []string{"pooler_output", "last_hidden_state", "logits_per_image", "logits_per_text", "hidden_states", "attentions"}

func pickEmbeds(out []onnx.TensorInfo, name string, head headKind) (onnx.TensorInfo, error) {
	fits := func(t onnx.TensorInfo) error {
		if !isFloat(t.Type) || (t.Shape != nil && t.Rank() != 2) {
			return fmt.Errorf("output %v is not a float matrix [batch dim]", t)
		}
		return nil
	}
	named := []string{name}
	if head == headPooled {
		named = append(named, "pooler_output")
	}
	for _, n := range named {
		for _, t := range out {
			if t.Name == n {
				return t, fits(t)
			}
		}
	}
	var left []onnx.TensorInfo
	for _, t := range out {
		if !slices.Contains(notEmbeds, t.Name) && t.Rank() == 2 && isFloat(t.Type) {
			left = append(left, t)
		}
	}
	if len(left) != 1 {
		return onnx.TensorInfo{}, fmt.Errorf("no output %s and not exactly one other float matrix that could be the embedding (outputs: %s); export the model with its projection", strings.Join(named, " or "), describe(out))
	}
	return left[0], nil
}

func lastAxis(t onnx.TensorInfo) int64 {
	if len(t.Shape) == 0 {
		return onnx.Dynamic
	}
	return t.Shape[len(t.Shape)-1]
}
