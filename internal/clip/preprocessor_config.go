package clip

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/imaging"
)

// preprocessorConfig is preprocessor_config.json as image processors of
// transformers write it. Pointers tell "absent" from "false" and 0.
type preprocessorConfig struct {
	ImageProcessor   string          `json:"image_processor_type"`
	FeatureExtractor string          `json:"feature_extractor_type"` // its name until 2022
	DoResize         *bool           `json:"do_resize"`
	Size             json.RawMessage `json:"size"`
	Resample         json.RawMessage `json:"resample"`
	DoCenterCrop     *bool           `json:"do_center_crop"`
	CropSize         json.RawMessage `json:"crop_size"`
	DoRescale        *bool           `json:"do_rescale"`
	RescaleFactor    *float64        `json:"rescale_factor"`
	DoNormalize      *bool           `json:"do_normalize"`
	Mean             []float64       `json:"image_mean"`
	Std              []float64       `json:"image_std"`
	DoConvertRGB     *bool           `json:"do_convert_rgb"`
	DefaultToSquare  *bool           `json:"default_to_square"`
}

// knownKeys are the settings that are honoured below, and those that change no
// pixel: names, and how Python passes arrays about. do_convert_rgb is among them
// because Decode always gives RGB.
var knownKeys = []string{
	"image_processor_type", "feature_extractor_type", "do_resize", "size", "resample", "do_center_crop",
	"crop_size", "do_rescale", "rescale_factor", "do_normalize", "image_mean", "image_std", "do_convert_rgb",
	"default_to_square", "processor_class", "_valid_processor_keys", "_name_or_path", "return_tensors",
	"data_format", "input_data_format", "device", "disable_grouping", "auto_map", "model_input_names",
}

// processorDefaults is what a class of processors does where the file is silent
// (transformers 4.49). A file that names no class may not be silent: see checkStated.
type processorDefaults struct {
	resample   int
	side       int
	square     bool // a plain number is both sides, not the shorter one
	centerCrop bool
	mean, std  [3]float64
}

var (
	clipMean = [3]float64{0.48145466, 0.4578275, 0.40821073}
	clipStd  = [3]float64{0.26862954, 0.26130258, 0.27577711}
	half     = [3]float64{0.5, 0.5, 0.5}
)

func defaultsOf(class string) (processorDefaults, bool) {
	class = strings.TrimSuffix(class, "Fast")
	class = strings.TrimSuffix(class, "ImageProcessor")
	class = strings.TrimSuffix(class, "FeatureExtractor")
	switch class {
	case "CLIP", "ChineseCLIP", "":
		return processorDefaults{resample: 3, side: 224, centerCrop: true, mean: clipMean, std: clipStd}, true
	case "Siglip":
		return processorDefaults{resample: 3, side: 224, square: true, mean: half, std: half}, true
	case "ViT":
		return processorDefaults{resample: 2, side: 224, square: true, mean: half, std: half}, true
	}
	return processorDefaults{}, false
}

func (b *Bundle) readPreprocessor(mode imaging.Mode, colour imaging.Colour) error {
	path, err := requireFile(b.Dir, "preprocessor_config.json")
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := readJSON(path, &raw); err != nil {
		return err
	}
	if b.Preprocess, err = ParsePreprocess(raw); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	switch mode {
	case "":
		mode = imaging.Exact
	case imaging.Fast, imaging.Exact:
	default:
		return fmt.Errorf("unknown pixel mode %q: it must be %s or %s", mode, imaging.Fast, imaging.Exact)
	}
	switch colour {
	case "":
		colour = imaging.ColourIgnore
	case imaging.ColourSRGB, imaging.ColourIgnore:
	default:
		return fmt.Errorf("unknown colour policy %q: it must be %s or %s", colour, imaging.ColourSRGB, imaging.ColourIgnore)
	}
	b.Preprocess.Mode, b.Preprocess.Colour = mode, colour
	return nil
}

// ParsePreprocess reads the content of a preprocessor_config.json. A setting that
// cannot be honoured exactly is an error: ignoring one would give embeddings that
// are subtly wrong. Mode and Colour are left empty.
func ParsePreprocess(data []byte) (Preprocess, error) {
	var c preprocessorConfig
	if err := json.Unmarshal(data, &c); err != nil {
		return Preprocess{}, fmt.Errorf("not the configuration of an image processor: %w", err)
	}
	if err := rejectUnknownKeys(data); err != nil {
		return Preprocess{}, err
	}
	class := c.ImageProcessor
	if class == "" {
		class = c.FeatureExtractor
	}
	def, ok := defaultsOf(class)
	if !ok {
		return Preprocess{}, fmt.Errorf("image processor %s is not supported, only those of CLIP, ChineseCLIP, Siglip and ViT", class)
	}
	if class == "" {
		if err := c.checkStated(); err != nil {
			return Preprocess{}, err
		}
	}
	if c.DefaultToSquare != nil {
		def.square = *c.DefaultToSquare
	}
	var p Preprocess
	if err := c.geometry(def, &p); err != nil {
		return Preprocess{}, err
	}
	if err := c.values(def, &p); err != nil {
		return Preprocess{}, err
	}
	return p, nil
}

// checkStated refuses a file that names no image processor, so that there are no
// defaults to go by, and leaves a setting open.
func (c preprocessorConfig) checkStated() error {
	var open []string
	if c.Size == nil {
		open = append(open, "size")
	}
	if c.Resample == nil {
		open = append(open, "resample")
	}
	if orTrue(c.DoNormalize) && (c.Mean == nil || c.Std == nil) {
		open = append(open, "image_mean and image_std")
	}
	if len(open) > 0 {
		return fmt.Errorf("names no image_processor_type and does not state %s", strings.Join(open, ", "))
	}
	return nil
}

func rejectUnknownKeys(data []byte) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	for key, value := range all {
		if v := string(value); slices.Contains(knownKeys, key) || v == "null" || v == "false" {
			continue
		}
		return fmt.Errorf("unsupported setting %s: %s", key, value)
	}
	return nil
}

// geometry settles size, crop, fit and filter.
func (c preprocessorConfig) geometry(def processorDefaults, p *Preprocess) error {
	if !orTrue(c.DoResize) {
		return errors.New("unsupported setting do_resize: false")
	}
	var err error
	if p.Filter, err = filterOf(c.Resample, def.resample); err != nil {
		return err
	}
	plain := shorterSide
	if def.square {
		plain = bothSides
	}
	size, shortest, err := parseSize("size", c.Size, Size{def.side, def.side}, plain)
	if err != nil {
		return err
	}
	crops := def.centerCrop
	if c.DoCenterCrop != nil {
		crops = *c.DoCenterCrop
	}
	p.Size, p.Crop, p.Fit = size, size, FitSquash
	if shortest {
		p.Fit = FitCrop
		if !crops {
			return errors.New("unsupported: the shorter side is resized but nothing is cropped, so that pictures keep their aspect ratio")
		}
	}
	if crops {
		if p.Crop, shortest, err = parseSize("crop_size", c.CropSize, Size{def.side, def.side}, bothSides); err != nil {
			return err
		}
		if shortest {
			return errors.New("unsupported crop_size: shortest_edge")
		}
	}
	switch {
	case p.Fit == FitSquash && p.Crop != p.Size:
		return fmt.Errorf("unsupported: a crop to %dx%d after both sides are resized to %dx%d", p.Crop.Width, p.Crop.Height, p.Size.Width, p.Size.Height)
	case p.Crop.Width > p.Size.Width || p.Crop.Height > p.Size.Height:
		return fmt.Errorf("unsupported: the crop %dx%d is larger than the size %dx%d", p.Crop.Width, p.Crop.Height, p.Size.Width, p.Size.Height)
	}
	return nil
}

// maxSide bounds a side, far above any encoder's, so that a damaged file cannot
// make a batch enormous.
const maxSide = 4096

// plainNumber says what a size means that is a number and not an object.
type plainNumber int

const (
	bothSides plainNumber = iota
	shorterSide
)

// parseSize reads a number, {"shortest_edge": n} or {"height": h, "width": w}. shortest
// reports whether only the shorter side is given.
func parseSize(key string, raw json.RawMessage, absent Size, plain plainNumber) (s Size, shortest bool, err error) {
	if raw == nil || string(raw) == "null" {
		return absent, plain == shorterSide, nil
	}
	var n int
	var sides map[string]*int
	if json.Unmarshal(raw, &n) == nil {
		s, shortest = Size{n, n}, plain == shorterSide
	} else if err := json.Unmarshal(raw, &sides); err != nil {
		return Size{}, false, fmt.Errorf("unsupported %s: %s", key, raw)
	} else if h, w := sides["height"], sides["width"]; h != nil && w != nil && len(sides) == 2 {
		s = Size{Width: *w, Height: *h}
	} else if e := sides["shortest_edge"]; e != nil && len(sides) == 1 {
		s, shortest = Size{*e, *e}, true
	} else {
		return Size{}, false, fmt.Errorf("unsupported %s: %s", key, raw)
	}
	if min(s.Width, s.Height) < 1 || max(s.Width, s.Height) > maxSide {
		return Size{}, false, fmt.Errorf("impossible %s: %s", key, raw)
	}
	return s, shortest, nil
}

// filterOf reads one of Pillow's numbers for its kernels.
func filterOf(raw json.RawMessage, absent int) (imaging.Filter, error) {
	n := absent
	if raw != nil && string(raw) != "null" {
		if err := json.Unmarshal(raw, &n); err != nil {
			return "", fmt.Errorf("unsupported resample: %s", raw)
		}
	}
	switch n {
	case 1:
		return imaging.Lanczos, nil
	case 2:
		return imaging.Bilinear, nil
	case 3:
		return imaging.Bicubic, nil
	}
	return "", fmt.Errorf("unsupported resample: %d (Pillow's 1 Lanczos, 2 bilinear and 3 bicubic are supported)", n)
}

// values settles mean and std. A rescale factor other than 1/255 is folded into
// them: (x*f - mean)/std is (x/255 - mean/(255*f)) / (std/(255*f)).
func (c preprocessorConfig) values(def processorDefaults, p *Preprocess) error {
	factor := 1.0 / 255
	if !orTrue(c.DoRescale) {
		factor = 1
	} else if c.RescaleFactor != nil {
		factor = *c.RescaleFactor
	}
	if !(factor > 0) || math.IsInf(factor, 0) {
		return fmt.Errorf("impossible rescale_factor: %v", factor)
	}
	fold := 255 * factor
	if math.Abs(fold-1) < 1e-6 { // the file's decimals of 1/255
		fold = 1
	}
	mean, std := [3]float64{}, [3]float64{1, 1, 1}
	if orTrue(c.DoNormalize) {
		var err error
		if mean, err = three("image_mean", c.Mean, def.mean); err != nil {
			return err
		}
		if std, err = three("image_std", c.Std, def.std); err != nil {
			return err
		}
	}
	for i := range 3 {
		p.Mean[i], p.Std[i] = float32(mean[i]/fold), float32(std[i]/fold)
		if !(p.Std[i] > 0) || math.IsInf(float64(p.Std[i]), 0) {
			return fmt.Errorf("impossible image_std: %v", c.Std)
		}
		if m := float64(p.Mean[i]); math.IsNaN(m) || math.IsInf(m, 0) {
			return fmt.Errorf("impossible image_mean: %v", c.Mean)
		}
	}
	return nil
}

func three(key string, v []float64, absent [3]float64) ([3]float64, error) {
	switch len(v) {
	case 0:
		return absent, nil
	case 3:
		return [3]float64(v), nil
	}
	return absent, fmt.Errorf("%s has %d values, not 3", key, len(v))
}

func orTrue(b *bool) bool { return b == nil || *b }
