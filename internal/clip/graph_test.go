package clip

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func tensor(name string, typ ElemType, shape ...int64) TensorInfo {
	return TensorInfo{Name: name, Type: typ, Shape: shape}
}

func TestPickVisionIO(t *testing.T) {
	pixels := tensor("pixel_values", Float32, Dynamic, 3, 224, 224)
	embeds := tensor("image_embeds", Float32, Dynamic, 512)
	hidden := tensor("last_hidden_state", Float32, Dynamic, 50, 768)
	pooler := tensor("pooler_output", Float32, Dynamic, 768)
	hub := VisionIO{
		Pixels: "pixel_values", PixelsType: Float32, Embeds: "image_embeds", EmbedsType: Float32,
		Batch: Dynamic, Height: 224, Width: 224, Dim: 512,
	}
	with := func(io VisionIO, edit func(*VisionIO)) VisionIO { edit(&io); return io }

	tests := []struct {
		name    string
		in, out []TensorInfo
		head    Head
		want    VisionIO
		err     string
	}{
		{name: "hub export", in: []TensorInfo{pixels}, out: []TensorInfo{hidden, pooler, embeds}, want: hub},
		{name: "embedding first", in: []TensorInfo{pixels}, out: []TensorInfo{embeds, hidden}, want: hub},
		{name: "all open", in: []TensorInfo{tensor("pixel_values", Float32, -1, -1, -1, -1)}, out: []TensorInfo{tensor("image_embeds", Float32, -1, -1)},
			want: with(hub, func(io *VisionIO) { io.Height, io.Width, io.Dim = Dynamic, Dynamic, Dynamic })},
		{name: "no shapes", in: []TensorInfo{{Name: "pixel_values", Type: Float32}}, out: []TensorInfo{{Name: "image_embeds", Type: Float32}},
			want: with(hub, func(io *VisionIO) { io.Height, io.Width, io.Dim = Dynamic, Dynamic, Dynamic })},
		{name: "fixed batch", in: []TensorInfo{tensor("pixel_values", Float32, 1, 3, 224, 224)}, out: []TensorInfo{tensor("image_embeds", Float32, 1, 512)},
			want: with(hub, func(io *VisionIO) { io.Batch = 1 })},
		{name: "float16", in: []TensorInfo{tensor("pixel_values", Float16, -1, 3, 224, 224)}, out: []TensorInfo{tensor("image_embeds", Float16, -1, 512)},
			want: with(hub, func(io *VisionIO) { io.PixelsType, io.EmbedsType = Float16, Float16 })},
		{name: "other names", in: []TensorInfo{tensor("image", Float32, -1, 3, 224, 224)}, out: []TensorInfo{hidden, tensor("features", Float32, -1, 512)},
			want: with(hub, func(io *VisionIO) { io.Pixels, io.Embeds = "image", "features" })},
		{name: "SigLIP", in: []TensorInfo{pixels}, out: []TensorInfo{hidden, pooler}, head: HeadPooled,
			want: with(hub, func(io *VisionIO) { io.Embeds, io.Dim = "pooler_output", 768 })},
		{name: "SigLIP with a projection", in: []TensorInfo{pixels}, out: []TensorInfo{pooler, embeds}, head: HeadPooled, want: hub},

		{name: "without the projection", in: []TensorInfo{pixels}, out: []TensorInfo{hidden, pooler}, err: "outputs: last_hidden_state float32[-1 50 768], pooler_output float32[-1 768]"},
		{name: "pooler alone", in: []TensorInfo{pixels}, out: []TensorInfo{pooler}, err: "export the model with its projection"},
		{name: "two candidates", in: []TensorInfo{pixels}, out: []TensorInfo{tensor("a", Float32, -1, 4), tensor("b", Float32, -1, 4)}, err: "no output image_embeds"},
		{name: "embedding of rank 3", in: []TensorInfo{pixels}, out: []TensorInfo{tensor("image_embeds", Float32, -1, 50, 512)}, err: "is not a float matrix"},
		{name: "both towers", in: []TensorInfo{tensor("input_ids", Int64, -1, -1), pixels, tensor("attention_mask", Int64, -1, -1)},
			out: []TensorInfo{tensor("logits_per_image", Float32, -1, -1), embeds, tensor("text_embeds", Float32, -1, 512)}, err: "both towers in one"},
		{name: "bytes", in: []TensorInfo{tensor("pixel_values", Uint8, -1, 3, 224, 224)}, out: []TensorInfo{embeds}, err: "only float32 and float16"},
		{name: "channels last", in: []TensorInfo{tensor("pixel_values", Float32, -1, 224, 224, 3)}, out: []TensorInfo{embeds}, err: "not [batch 3 height width]"},
		{name: "one more input", in: []TensorInfo{pixels, tensor("mask", Bool, -1)}, out: []TensorInfo{embeds}, err: "not known here: mask bool[-1]"},
		{name: "text tower", in: []TensorInfo{tensor("input_ids", Int64, -1, -1)}, out: []TensorInfo{embeds}, err: "no pixel_values"},
		{name: "nothing", err: "no pixel_values"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.head == "" {
				tt.head = HeadProjected
			}
			got, err := PickVisionIO(tt.in, tt.out, tt.head)
			checkPick(t, got, tt.want, err, tt.err)
		})
	}
}

func TestPickTextIO(t *testing.T) {
	ids := tensor("input_ids", Int64, Dynamic, Dynamic)
	mask := tensor("attention_mask", Int64, Dynamic, Dynamic)
	embeds := tensor("text_embeds", Float32, Dynamic, 512)
	hidden := tensor("last_hidden_state", Float32, Dynamic, Dynamic, 512)
	pooler := tensor("pooler_output", Float32, Dynamic, 512)
	hub := TextIO{IDs: "input_ids", IDsType: Int64, Embeds: "text_embeds", EmbedsType: Float32, Batch: Dynamic, Sequence: Dynamic, Dim: 512}
	with := func(edit func(*TextIO)) TextIO { io := hub; edit(&io); return io }

	tests := []struct {
		name    string
		in, out []TensorInfo
		head    Head
		want    TextIO
		err     string
	}{
		{name: "hub export", in: []TensorInfo{ids}, out: []TensorInfo{embeds, hidden}, want: hub},
		{name: "with a mask", in: []TensorInfo{ids, mask}, out: []TensorInfo{embeds},
			want: with(func(io *TextIO) { io.Mask, io.MaskType = "attention_mask", Int64 })},
		{name: "BERT", in: []TensorInfo{mask, ids, tensor("token_type_ids", Int64, -1, -1), tensor("position_ids", Int32, 1, -1)}, out: []TensorInfo{embeds},
			want: with(func(io *TextIO) {
				io.Mask, io.MaskType = "attention_mask", Int64
				io.Types, io.TypesType = "token_type_ids", Int64
				io.Positions, io.PositionsType = "position_ids", Int32
			})},
		{name: "int32", in: []TensorInfo{tensor("input_ids", Int32, 1, 77)}, out: []TensorInfo{embeds},
			want: with(func(io *TextIO) { io.IDsType, io.Batch, io.Sequence = Int32, 1, 77 })},
		{name: "other names", in: []TensorInfo{tensor("text", Int32, -1, 77)}, out: []TensorInfo{tensor("features", Float32, -1, 512)},
			want: with(func(io *TextIO) { io.IDs, io.IDsType, io.Sequence, io.Embeds = "text", Int32, 77, "features" })},
		{name: "SigLIP", in: []TensorInfo{ids}, out: []TensorInfo{hidden, pooler}, head: HeadPooled,
			want: with(func(io *TextIO) { io.Embeds = "pooler_output" })},

		{name: "without the projection", in: []TensorInfo{ids}, out: []TensorInfo{hidden, pooler}, err: "no output text_embeds"},
		{name: "float ids", in: []TensorInfo{tensor("input_ids", Float32, -1, -1)}, out: []TensorInfo{embeds}, err: "only int64 and int32"},
		{name: "ids of rank 1", in: []TensorInfo{tensor("input_ids", Int64, -1)}, out: []TensorInfo{embeds}, err: "not [batch sequence]"},
		{name: "unknown input", in: []TensorInfo{ids, tensor("decoder_input_ids", Int64, -1, -1)}, out: []TensorInfo{embeds}, err: "decoder_input_ids"},
		{name: "no ids", in: []TensorInfo{mask}, out: []TensorInfo{embeds}, err: "one input for token ids"},
		{name: "both towers", in: []TensorInfo{ids, tensor("pixel_values", Float32, -1, 3, 224, 224)}, out: []TensorInfo{embeds}, err: "both towers in one"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.head == "" {
				tt.head = HeadProjected
			}
			got, err := PickTextIO(tt.in, tt.out, tt.head)
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
		{512, 512, 512}, {512, Dynamic, 512}, {Dynamic, 384, 384}, {Dynamic, Dynamic, 0},
	} {
		got, err := CheckSameDim(VisionIO{Dim: tt.vision}, TextIO{Dim: tt.text})
		if err != nil || int64(got) != tt.want {
			t.Errorf("%d and %d: %d, %v, want %d", tt.vision, tt.text, got, err, tt.want)
		}
	}
	_, err := CheckSameDim(VisionIO{Dim: 512, Embeds: "image_embeds"}, TextIO{Dim: 768, Embeds: "text_embeds"})
	if err == nil || !strings.Contains(err.Error(), "image_embeds has 512 values and text_embeds has 768") {
		t.Errorf("512 and 768: %v", err)
	}
}
