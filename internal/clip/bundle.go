package clip

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sightline/sightline/internal/clip/onnx"
	"github.com/sightline/sightline/internal/imaging"
)

// Bundle is a model on disk: a folder in the hub's ONNX layout, of which
// everything has been read but the weights. Nothing in it is open.
//
//	config.json               the family and its sizes; may be missing
//	preprocessor_config.json  how a picture is prepared
//	tokenizer.json            how a text is cut up
//	tokenizer_config.json     the padding token; may be missing
//	sightline.json            what we add: see BundleNotes; may be missing
//	onnx/vision_model*.onnx   the towers, with the hub's suffixes for precision;
//	onnx/text_model*.onnx     they may also lie in the folder itself
type Bundle struct {
	Dir       string
	Name      string
	Precision string // "fp32", "fp16" or "int8"
	ModelType string // model_type of config.json; empty without one

	VisionPath    string
	TextPath      string
	TokenizerPath string
	// External are the files with weights that the two graphs point to.
	External []string
	// VisionAlone and TextAlone say that a tower must get one picture or text at a time,
	// because its embeddings depend on what shares their call: see
	// onnx.Header.DynamicQuant.
	VisionAlone bool
	TextAlone   bool

	Preprocess Preprocess
	Vision     VisionIO
	Text       TextIO
	Dim        int // length of an embedding; 0 where neither the graphs nor config.json say
	Context    int // tokens a text may have, special tokens included
	Padding    Padding

	// LogitScale, LogitBias and Sigmoid are as in Spec. The scale that a model ended
	// its training with is not in config.json (logit_scale_init_value is where it
	// began). It comes from sightline.json, else from what is known of the family.
	LogitScale float64
	LogitBias  float64
	Sigmoid    bool
	// Calibration is as in Spec. It comes from sightline.json.
	Calibration Calibration

	Notice  string
	License string
	// Assumed says what the files leave open and which value was taken in its place,
	// one line for each. `indexer model verify` shows it.
	Assumed []string
}

// BundleOptions says how OpenBundle reads a folder. The zero value is usable.
type BundleOptions struct {
	Name      string         // shown to the user; "" means that in sightline.json, else the folder's
	Precision string         // "fp32", "fp16", "int8"; "" means the first of fp32, int8, fp16 that is there
	Pixels    imaging.Mode   // "" means imaging.Exact, as in imaging.Options
	Colour    imaging.Colour // "" means imaging.ColourIgnore, as in imaging.Options
}

// Padding says how the texts of one call are brought to one length.
type Padding struct {
	// Fixed is the length that every text must have. 0 means that a text may be as
	// short as it is, and a batch is padded to its longest.
	Fixed int
	ID    int64 // fills the rest
}

// OpenBundle reads the folder dir. It loads no weights and needs no ONNX Runtime:
// the inputs and outputs are read from the graph files themselves. Errors name the
// file and what to do; they wrap ErrIncomplete where a file is missing.
func OpenBundle(dir string, o BundleOptions) (*Bundle, error) {
	st, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("open model bundle: %w", err)
	}
	if !st.IsDir() {
		return nil, fmt.Errorf("open model bundle: %s is not a folder", dir)
	}
	b := &Bundle{Dir: dir, Name: o.Name}
	if b.VisionPath, b.TextPath, b.Precision, err = locateTowers(dir, o.Precision); err != nil {
		return nil, err
	}
	if b.TokenizerPath, err = requireFile(dir, "tokenizer.json"); err != nil {
		return nil, err
	}
	if err := b.readPreprocessor(o.Pixels, o.Colour); err != nil {
		return nil, err
	}
	cfg, err := readModelConfig(dir)
	if err != nil {
		return nil, err
	}
	b.ModelType = cfg.ModelType
	if cfg.absent {
		b.assume("config.json is missing: sizes come from the graphs and the tokenizer")
	}
	if err := b.readGraphs(cfg); err != nil {
		return nil, err
	}
	if err := b.readText(cfg); err != nil {
		return nil, err
	}
	return b, b.readNotes()
}

// Spec is the bundle as the rest of the program sees it. The fingerprint comes
// from Fingerprint; dim is needed where b.Dim is 0, and ignored elsewhere.
func (b *Bundle) Spec(fingerprint string, dim int) Spec {
	if b.Dim != 0 {
		dim = b.Dim
	}
	return Spec{
		Name: b.Name, Precision: b.Precision, Dim: dim, Preprocess: b.Preprocess, Context: b.Context,
		LogitScale: b.LogitScale, LogitBias: b.LogitBias, Sigmoid: b.Sigmoid, Calibration: b.Calibration,
		Fingerprint: fingerprint, Notice: b.Notice,
	}
}

func (b *Bundle) assume(format string, args ...any) {
	b.Assumed = append(b.Assumed, fmt.Sprintf(format, args...))
}

// readGraphs reads both graph files, checks that they fit together and fit the
// preprocessing, and finds the files with their weights.
func (b *Bundle) readGraphs(cfg modelConfig) error {
	head := headProjected
	if cfg.sigmoid() {
		head = headPooled
	}
	vision, err := b.readTower(b.VisionPath)
	if err != nil {
		return err
	}
	if b.Vision, err = pickVisionIO(vision.Inputs, vision.Outputs, head); err != nil {
		return fmt.Errorf("%s: %w", b.VisionPath, err)
	}
	text, err := b.readTower(b.TextPath)
	if err != nil {
		return err
	}
	if b.Text, err = pickTextIO(text.Inputs, text.Outputs, head); err != nil {
		return fmt.Errorf("%s: %w", b.TextPath, err)
	}
	b.VisionAlone, b.TextAlone = vision.DynamicQuant, text.DynamicQuant
	if b.Dim, err = checkSameDim(b.Vision, b.Text); err != nil {
		return fmt.Errorf("%s and %s: %w", b.VisionPath, b.TextPath, err)
	}
	if b.Dim == 0 {
		b.Dim = cfg.ProjectionDim
	}
	crop := b.Preprocess.Crop
	if !axisIs(b.Vision.Width, crop.Width) || !axisIs(b.Vision.Height, crop.Height) {
		return fmt.Errorf("%s takes pictures of %dx%d, but preprocessor_config.json makes them %dx%d: the files belong to two models",
			b.VisionPath, b.Vision.Width, b.Vision.Height, crop.Width, crop.Height)
	}
	return nil
}

func axisIs(axis int64, length int) bool { return axis == onnx.Dynamic || axis == int64(length) }

// readTower reads the header of the graph at path, and finds the files with its weights.
func (b *Bundle) readTower(path string) (onnx.Header, error) {
	h, err := readHeader(path)
	if err != nil {
		return onnx.Header{}, err
	}
	for _, name := range h.External {
		file, err := requireFile(filepath.Dir(path), filepath.FromSlash(name))
		if err != nil {
			return onnx.Header{}, errors.Join(fmt.Errorf("%s keeps its weights in another file", path), err)
		}
		b.External = append(b.External, file)
	}
	return h, nil
}

func readHeader(path string) (onnx.Header, error) {
	f, err := os.Open(path)
	if err != nil {
		return onnx.Header{}, fmt.Errorf("open graph: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return onnx.Header{}, fmt.Errorf("open graph: %w", err)
	}
	h, err := onnx.ReadHeader(f, st.Size())
	if err != nil {
		return onnx.Header{}, fmt.Errorf("%w: %s: %w", ErrUnreadable, path, err)
	}
	return h, nil
}
