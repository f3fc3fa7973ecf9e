package clip

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/imaging"
)

func TestParsePreprocess(t *testing.T) {
	openai := Preprocess{
		Size: Size{224, 224}, Crop: Size{224, 224}, Fit: FitCrop, Filter: imaging.Bicubic,
		Mean: [3]float32{0.48145466, 0.4578275, 0.40821073}, Std: [3]float32{0.26862954, 0.26130258, 0.27577711},
	}
	with := func(edit func(*Preprocess)) Preprocess { p := openai; edit(&p); return p }
	const clipClass = `"image_processor_type": "CLIPImageProcessor"`

	tests := []struct {
		name, in string
		want     Preprocess
		err      string
	}{
		{name: "defaults of the class", in: `{` + clipClass + `}`, want: openai},
		{name: "fast class", in: `{"image_processor_type": "CLIPImageProcessorFast", "data_format": "channels_first", "do_pad": null, "disable_grouping": null}`, want: openai},
		{name: "before 2022", in: `{"crop_size": 224, "do_center_crop": true, "do_normalize": true, "do_resize": true, "feature_extractor_type": "CLIPFeatureExtractor",
			"image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711], "resample": 3, "size": 224}`, want: openai},
		{name: "no class, all stated", in: `{"size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}, "resample": 2, "do_normalize": false}`,
			want: with(func(p *Preprocess) {
				p.Size, p.Filter, p.Mean, p.Std = Size{256, 256}, imaging.Bilinear, [3]float32{}, [3]float32{1, 1, 1}
			})},
		{name: "SigLIP", in: `{"do_convert_rgb": null, "do_normalize": true, "do_rescale": true, "do_resize": true, "image_mean": [0.5, 0.5, 0.5],
			"image_processor_type": "SiglipImageProcessor", "image_std": [0.5, 0.5, 0.5], "processor_class": "SiglipProcessor", "resample": 3,
			"rescale_factor": 0.00392156862745098, "size": {"height": 384, "width": 384}}`,
			want: Preprocess{Size: Size{384, 384}, Crop: Size{384, 384}, Fit: FitSquash, Filter: imaging.Bicubic, Mean: [3]float32{0.5, 0.5, 0.5}, Std: [3]float32{0.5, 0.5, 0.5}}},
		{name: "SigLIP with a plain size", in: `{"image_processor_type": "SiglipImageProcessor", "size": 256}`,
			want: Preprocess{Size: Size{256, 256}, Crop: Size{256, 256}, Fit: FitSquash, Filter: imaging.Bicubic, Mean: [3]float32{0.5, 0.5, 0.5}, Std: [3]float32{0.5, 0.5, 0.5}}},
		{name: "ViT is bilinear", in: `{"feature_extractor_type": "ViTFeatureExtractor", "size": {"height": 224, "width": 200}}`,
			want: Preprocess{Size: Size{200, 224}, Crop: Size{200, 224}, Fit: FitSquash, Filter: imaging.Bilinear, Mean: [3]float32{0.5, 0.5, 0.5}, Std: [3]float32{0.5, 0.5, 0.5}}},
		{name: "Chinese-CLIP squashes", in: `{"image_processor_type": "ChineseCLIPImageProcessor", "size": {"height": 224, "width": 224}}`,
			want: with(func(p *Preprocess) { p.Fit = FitSquash })},
		{name: "a number made square", in: `{` + clipClass + `, "size": 224, "default_to_square": true}`, want: with(func(p *Preprocess) { p.Fit = FitSquash })},
		{name: "Lanczos", in: `{` + clipClass + `, "resample": 1}`, want: with(func(p *Preprocess) { p.Filter = imaging.Lanczos })},
		{name: "0..255", in: `{` + clipClass + `, "do_rescale": false, "image_mean": [127.5, 127.5, 127.5], "image_std": [51, 51, 51]}`,
			want: with(func(p *Preprocess) { p.Mean, p.Std = [3]float32{0.5, 0.5, 0.5}, [3]float32{0.2, 0.2, 0.2} })},
		{name: "another factor", in: `{` + clipClass + `, "rescale_factor": 0.00784313725490196, "image_mean": [1, 1, 1], "image_std": [1, 1, 1]}`,
			want: with(func(p *Preprocess) { p.Mean, p.Std = [3]float32{0.5, 0.5, 0.5}, [3]float32{0.5, 0.5, 0.5} })},

		{name: "no class and no size", in: `{"resample": 3, "do_normalize": false}`, err: "does not state size"},
		{name: "nothing", in: `{}`, err: "size, resample, image_mean and image_std"},
		{name: "not an object", in: `[]`, err: "not the configuration"},
		{name: "another class", in: `{"image_processor_type": "EfficientNetImageProcessor"}`, err: "EfficientNetImageProcessor is not supported"},
		{name: "unknown setting", in: `{` + clipClass + `, "do_flip_channel_order": true}`, err: "unsupported setting do_flip_channel_order: true"},
		{name: "unknown setting off", in: `{` + clipClass + `, "do_flip_channel_order": false}`, want: openai},
		{name: "no resize", in: `{` + clipClass + `, "do_resize": false}`, err: "do_resize"},
		{name: "nearest", in: `{` + clipClass + `, "resample": 0}`, err: "unsupported resample: 0"},
		{name: "resample by name", in: `{` + clipClass + `, "resample": "bicubic"}`, err: "unsupported resample"},
		{name: "no crop", in: `{` + clipClass + `, "do_center_crop": false}`, err: "nothing is cropped"},
		{name: "longest edge", in: `{` + clipClass + `, "size": {"shortest_edge": 224, "longest_edge": 448}}`, err: "unsupported size"},
		{name: "crop beyond the size", in: `{` + clipClass + `, "size": 200}`, err: "larger than the size"},
		{name: "squash then crop", in: `{` + clipClass + `, "size": {"height": 256, "width": 256}}`, err: "after both sides are resized"},
		{name: "crop by its edge", in: `{` + clipClass + `, "crop_size": {"shortest_edge": 224}}`, err: "unsupported crop_size"},
		{name: "size of 0", in: `{` + clipClass + `, "size": 0}`, err: "impossible size: 0"},
		{name: "enormous size", in: `{` + clipClass + `, "size": 100000}`, err: "impossible size"},
		{name: "two means", in: `{` + clipClass + `, "image_mean": [1, 2]}`, err: "image_mean has 2 values"},
		{name: "std of 0", in: `{` + clipClass + `, "image_std": [1, 0, 1]}`, err: "impossible image_std"},
		{name: "enormous mean", in: `{` + clipClass + `, "image_mean": [1e300, 0, 1]}`, err: "impossible image_mean"},
		{name: "factor of 0", in: `{` + clipClass + `, "rescale_factor": 0}`, err: "impossible rescale_factor"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParsePreprocess([]byte(tt.in))
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("error %v, want one with %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
