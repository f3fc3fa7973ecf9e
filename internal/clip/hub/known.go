package hub

import "slices"

// Model is a model on the hub that this program is known to work with.
type Model struct {
	Name    string `json:"name"`
	Summary string `json:"summary"` // one line for a list
	Licence string `json:"licence"` // of the weights
	// Revision is the commit that is fetched when the user names none. When it is
	// empty, main is resolved once and the manifest holds on to what it was.
	Revision string `json:"revision,omitempty"`
	// Sizes of the graphs where they are known, for showing before a fetch; the
	// exact ones come from the hub.
	Sizes []Size `json:"sizes,omitempty"`
}

// Size is how large the two graphs of a precision are, in megabytes of 10^6 bytes.
type Size struct {
	Precision string  `json:"variant"`
	VisionMB  float64 `json:"vision_mb"`
	TextMB    float64 `json:"text_mb"`
}

// Known lists models to recommend, the default first. All are ONNX exports with
// separate graphs for pictures and texts and CLIP's own tokenizer.
func Known() []Model {
	return []Model{
		{
			Name:     DefaultModel,
			Summary:  "CLIP ViT-B/32: the usual choice, quick on a CPU, 512 dimensions",
			Licence:  "MIT (openai/CLIP)",
			Revision: "d15189d7028b43f1d3e65039190477f6af591c2a",
			Sizes:    []Size{{"fp32", 352, 254}, {"fp16", 176, 127}, {"quantized", 89, 64.5}},
		},
		{
			Name:    "Xenova/clip-vit-base-patch16",
			Summary: "CLIP ViT-B/16: finer patches, better and about four times slower, 512 dimensions",
			Licence: "MIT (openai/CLIP)",
		},
		{
			Name:     "Xenova/clip-vit-large-patch14",
			Summary:  "CLIP ViT-L/14: large and accurate, for a GPU or patience, 768 dimensions",
			Licence:  "MIT (openai/CLIP)",
			Revision: "c307790166907339eed5a9a53a249af534102536",
			Sizes:    []Size{{"fp16", 609, 248}},
		},
		{
			Name:    "Xenova/clip-vit-large-patch14-336",
			Summary: "CLIP ViT-L/14 at 336 pixels: the most accurate of OpenAI's, the slowest here, 768 dimensions",
			Licence: "MIT (openai/CLIP)",
		},
		{
			Name:     "Xenova/mobileclip_s0",
			Summary:  "MobileCLIP-S0: small and fast, for research only, 512 dimensions",
			Licence:  "Apple Machine Learning Research Model licence (research only)",
			Revision: "757d59c9c6870a76a4b0306f05f5061bca15c39f",
			Sizes:    []Size{{"fp32", 46, 170}},
		},
	}
}

// LookUp finds a model of Known by its name.
func LookUp(name string) (Model, bool) {
	known := Known()
	i := slices.IndexFunc(known, func(m Model) bool { return m.Name == name })
	if i < 0 {
		return Model{}, false
	}
	return known[i], true
}
