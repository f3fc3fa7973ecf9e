package clip

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip/onnx"
)

func tensor(name string, typ onnx.ElemType, shape ...int64) onnx.TensorInfo {
	return onnx.TensorInfo{Name: name, Type: typ, Shape: shape}
}

func TestPickVisionIO(t *testing.T) {
	pixels := tensor("pixel_values", onnx.Float32, onnx.Dynamic, 3, 224, 224)
	embeds := tensor("image_embeds", onnx.Float32, onnx.Dynamic, 512)
	hidden := tensor("last_hidden_state", onnx.Float32, onnx.Dynamic, 50, 768)
	pooler := tensor("pooler_output", onnx.Float32, onnx.Dynamic, 768)
	hub := VisionIO{
		Pixels: "pixel_values", PixelsType: onnx.Float32, Embeds: "image_embeds", EmbedsType: onnx.Float32,
		Batch: onnx.Dynamic, Height: 224, Width: 224, Dim: 512,
	}
	with := func(io VisionIO, edit func(*VisionIO)) VisionIO { edit(&io); return io }

	tests := []struct {
		name    string
		in, out []onnx.TensorInfo
		head    headKind
		want    VisionIO
		err     string
	}{
		{name: "hub export", in: []onnx.TensorInfo{pixels}, out: []onnx.TensorInfo{hidden, pooler, embeds}, want: hub},
		{name: "embedding first", in: []onnx.TensorInfo{pixels}, out: []onnx.TensorInfo{embeds, hidden}, want: hub},
		{name: "all open", in: []onnx.TensorInfo{tensor("pixel_values", onnx.Float32, -1, -1, -1, -1)}, out: []onnx.TensorInfo{tensor("image_embeds", onnx.Float32, -1, -1)},
			want: with(hub, func(io *VisionIO) { io.Height, io.Width, io.Dim = onnx.Dynamic, onnx.Dynamic, onnx.Dynamic })},
		{name: "no shapes", in: []onnx.TensorInfo{{Name: "pixel_values", Type: onnx.Float32}}, out: []onnx.TensorInfo{{Name: "image_embeds", Type: onnx.Float32}},
			want: with(hub, func(io *VisionIO) { io.Height, io.Width, io.Dim = onnx.Dynamic, onnx.Dynamic, onnx.Dynamic })},
		{name: "fixed batch", in: []onnx.TensorInfo{tensor("pixel_values", onnx.Float32, 1, 3, 224, 224)}, out: []onnx.TensorInfo{tensor("image_embeds", onnx.Float32, 1, 512)},
			want: with(hub, func(io *VisionIO) { io.Batch = 1 })},
		{name: "float16", in: []onnx.TensorInfo{tensor("pixel_values", onnx.Float16, -1, 3, 224, 224)}, out: []onnx.TensorInfo{tensor("image_embeds", onnx.Float16, -1, 512)},
			want: with(hub, func(io *VisionIO) { io.PixelsType, io.EmbedsType = onnx.Float16, onnx.Float16 })},
		{name: "other names", in: []onnx.TensorInfo{tensor("image", onnx.Float32, -1, 3, 224, 224)}, out: []onnx.TensorInfo{hidden, tensor("features", onnx.Float32, -1, 512)},
			want: with(hub, func(io *VisionIO) { io.Pixels, io.Embeds = "image", "features" })},
		{name: "SigLIP", in: []onnx.TensorInfo{pixels}, out: []onnx.TensorInfo{hidden, pooler}, head: headPooled,
			want: with(hub, func(io *VisionIO) { io.Embeds, io.Dim = "pooler_output", 768 })},
		{name: "SigLIP with a projection", in: []onnx.TensorInfo{pixels}, out: []onnx.TensorInfo{pooler, embeds}, head: headPooled, want: hub},

		{name: "without the projection", in: []onnx.TensorInfo{pixels}, out: []onnx.TensorInfo{hidden, pooler}, err: "outputs: last_hidden_state float32[-1 50 768], pooler_output float32[-1 768]"},
		{name: "pooler alone", in: []onnx.TensorInfo{pixels}, out: []onnx.TensorInfo{pooler}, err: "export the model with its projection"},
		{name: "two candidates", in: []onnx.TensorInfo{pixels}, out: []onnx.TensorInfo{tensor("a", onnx.Float32, -1, 4), tensor("b", onnx.Float32, -1, 4)}, err: "no output image_embeds"},
		{name: "embedding of rank 3", in: []onnx.TensorInfo{pixels}, out: []onnx.TensorInfo{tensor("image_embeds", onnx.Float32, -1, 50, 512)}, err: "is not a float matrix"},
		{name: "both towers", in: []onnx.TensorInfo{tensor("input_ids", onnx.Int64, -1, -1), pixels, tensor("attention_mask", onnx.Int64, -1, -1)},
			out: []onnx.TensorInfo{tensor("logits_per_image", onnx.Float32, -1, -1), embeds, tensor("text_embeds", onnx.Float32, -1, 512)}, err: "both towers in one"},
		{name: "bytes", in: []onnx.TensorInfo{tensor("pixel_values", onnx.Uint8, -1, 3, 224, 224)}, out: []onnx.TensorInfo{embeds}, err: "only float32 and float16"},
		{name: "channels last", in: []onnx.TensorInfo{tensor("pixel_values", onnx.Float32, -1, 224, 224, 3)}, out: []onnx.TensorInfo{embeds}, err: "not [batch 3 height width]"},
		{name: "one more input", in: []onnx.TensorInfo{pixels, tensor("mask", onnx.Bool, -1)}, out: []onnx.TensorInfo{embeds}, err: "not known here: mask bool[-1]"},
		{name: "text tower", in: []onnx.TensorInfo{tensor("input_ids", onnx.Int64, -1, -1)}, out: []onnx.TensorInfo{embeds}, err: "no pixel_values"},
		{name: "nothing", err: "no pixel_values"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.head == "" {
				tt.head = headProjected
			}
			got, err := pickVisionIO(tt.in, tt.out, tt.head)
			checkPick(t, got, tt.want, err, tt.err)
		})
	}
}

func TestPickTextIO(t *testing.T) {
	ids := tensor("input_ids", onnx.Int64, onnx.Dynamic, onnx.Dynamic)
	mask := tensor("attention_mask", onnx.Int64, onnx.Dynamic, onnx.Dynamic)
	embeds := tensor("text_embeds", onnx.Float32, onnx.Dynamic, 512)
	hidden := tensor("last_hidden_state", onnx.Float32, onnx.Dynamic, onnx.Dynamic, 512)
	pooler := tensor("pooler_output", onnx.Float32, onnx.Dynamic, 512)
	hub := TextIO{IDs: "input_ids", IDsType: onnx.Int64, Embeds: "text_embeds", EmbedsType: onnx.Float32, Batch: onnx.Dynamic, Sequence: onnx.Dynamic, Dim: 512}
	with := func(edit func(*TextIO)) TextIO { io := hub; edit(&io); return io }

	tests := []struct {
		name    string
		in, out []onnx.TensorInfo
		head    headKind
		want    TextIO
		err     string
	}{
		{name: "hub export", in: []onnx.TensorInfo{ids}, out: []onnx.TensorInfo{embeds, hidden}, want: hub},
		{name: "with a mask", in: []onnx.TensorInfo{ids, mask}, out: []onnx.TensorInfo{embeds},
			want: with(func(io *TextIO) { io.Mask, io.MaskType = "attention_mask", onnx.Int64 })},
		{name: "BERT", in: []onnx.TensorInfo{mask, ids, tensor("token_type_ids", onnx.Int64, -1, -1), tensor("position_ids", onnx.Int32, 1, -1)}, out: []onnx.TensorInfo{embeds},
			want: with(func(io *TextIO) {
				io.Mask, io.MaskType = "attention_mask", onnx.Int64
				io.Types, io.TypesType = "token_type_ids", onnx.Int64
				io.Positions, io.PositionsType = "position_ids", onnx.Int32
			})},
		{name: "int32", in: []onnx.TensorInfo{tensor("input_ids", onnx.Int32, 1, 77)}, out: []onnx.TensorInfo{embeds},
			want: with(func(io *TextIO) { io.IDsType, io.Batch, io.Sequence = onnx.Int32, 1, 77 })},
		{name: "other names", in: []onnx.TensorInfo{tensor("text", onnx.Int32, -1, 77)}, out: []onnx.TensorInfo{tensor("features", onnx.Float32, -1, 512)},
			want: with(func(io *TextIO) { io.IDs, io.IDsType, io.Sequence, io.Embeds = "text", onnx.Int32, 77, "features" })},
		{name: "SigLIP", in: []onnx.TensorInfo{ids}, out: []onnx.TensorInfo{hidden, pooler}, head: headPooled,
			want: with(func(io *TextIO) { io.Embeds = "pooler_output" })},

		{name: "without the projection", in: []onnx.TensorInfo{ids}, out: []onnx.TensorInfo{hidden, pooler}, err: "no output text_embeds"},
		{name: "float ids", in: []onnx.TensorInfo{tensor("input_ids", onnx.Float32, -1, -1)}, out: []onnx.TensorInfo{embeds}, err: "only int64 and int32"},
		{name: "ids of rank 1", in: []onnx.TensorInfo{tensor("input_ids", onnx.Int64, -1)}, out: []onnx.TensorInfo{embeds}, err: "not [batch sequence]"},
		{name: "unknown input", in: []onnx.TensorInfo{ids, tensor("decoder_input_ids", onnx.Int64, -1, -1)}, out: []onnx.TensorInfo{embeds}, err: "decoder_input_ids"},
		{name: "no ids", in: []onnx.TensorInfo{mask}, out: []onnx.TensorInfo{embeds}, err: "one input for token ids"},
		{name: "both towers", in: []onnx.TensorInfo{ids, tensor("pixel_values", onnx.Float32, -1, 3, 224, 224)}, out: []onnx.TensorInfo{embeds}, err: "both towers in one"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.head == "" {
				tt.head = headProjected
			}
			got, err := pickTextIO(tt.in, tt.out, tt.head)
			checkPick(t, got, tt.want, err, tt.err)
		})
	}
}

func checkPick[T any](t *testing.T, got, want T, err error, wantErr string) {
	t.Helper()
	if wantErr != "" {
		if err == nil || !strings.Contains(err.Error(), wantErr) {
			t.Fatalf("error %v, want one with %q", err, wantErr)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestCheckSameDim(t *testing.T) {
	for _, tt := range []struct{ vision, text, want int64 }{
		{512, 512, 512}, {512, onnx.Dynamic, 512}, {onnx.Dynamic, 384, 384}, {onnx.Dynamic, onnx.Dynamic, 0},
	} {
		got, err := checkSameDim(VisionIO{Dim: tt.vision}, TextIO{Dim: tt.text})
		if err != nil || int64(got) != tt.want {
			t.Errorf("%d and %d: %d, %v, want %d", tt.vision, tt.text, got, err, tt.want)
		}
	}
	_, err := checkSameDim(VisionIO{Dim: 512, Embeds: "image_embeds"}, TextIO{Dim: 768, Embeds: "text_embeds"})
	if err == nil || !strings.Contains(err.Error(), "image_embeds has 512 values and text_embeds has 768") {
		t.Errorf("512 and 768: %v", err)
	}
}
