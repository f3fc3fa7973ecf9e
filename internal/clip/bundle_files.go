package clip

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ErrIncomplete is wrapped by the errors of OpenBundle when a file that the model
// needs isn't there, so that callers can offer to fetch it.
var ErrIncomplete = errors.New("model bundle is incomplete")

// ErrUnreadable is wrapped by the errors about a file that is there but is not
// what its name says, as after a download that was cut.
var ErrUnreadable = errors.New("model file is damaged")

// The two towers, by the names of their files on the hub.
const (
	visionTower = "vision_model"
	textTower   = "text_model"
)

// precisions are the names that BundleOptions.Precision takes, in the order in which an
// unset one is tried: the full weights first, then the smallest.
var precisions = []string{"fp32", "int8", "fp16"}

// suffixes are those of the hub's file names that stand for a precision, the best first;
// nil for an unknown precision. See the table of package clip/hub for the hub's own names.
func suffixes(precision string) []string {
	switch precision {
	case "fp32":
		return []string{""}
	case "fp16":
		return []string{"_fp16"}
	case "int8":
		return []string{"_int8", "_quantized", "_uint8"}
	}
	return nil
}

// locateTowers returns the folder of the graphs (dir/onnx, or dir itself) and the
// paths of both towers in the wanted precision, or in the best one that is there.
func locateTowers(dir, precision string) (vision, text, found string, err error) {
	if precision != "" && suffixes(precision) == nil {
		return "", "", "", fmt.Errorf("unknown precision %q: it must be one of %s", precision, strings.Join(precisions, ", "))
	}
	folder := filepath.Join(dir, "onnx")
	names, err := onnxNames(folder)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && len(names) == 0) {
		folder = dir
		names, err = onnxNames(folder)
	}
	if err != nil {
		return "", "", "", fmt.Errorf("look for the graphs of the model: %w", err)
	}
	wanted := precisions
	if precision != "" {
		wanted = []string{precision}
	}
	for _, p := range wanted {
		v, t := firstOf(names, visionTower, p), firstOf(names, textTower, p)
		if v != "" && t != "" {
			return filepath.Join(folder, v), filepath.Join(folder, t), p, nil
		}
	}
	return "", "", "", missingTower(folder, names, precision)
}

func onnxNames(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".onnx") {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func firstOf(names []string, tower, precision string) string {
	for _, suffix := range suffixes(precision) {
		if name := tower + suffix + ".onnx"; slices.Contains(names, name) {
			return name
		}
	}
	return ""
}

func missingTower(folder string, names []string, precision string) error {
	want := "vision_model*.onnx and text_model*.onnx of one precision"
	if precision != "" {
		var files []string
		for _, tower := range []string{visionTower, textTower} {
			if firstOf(names, tower, precision) == "" {
				files = append(files, tower+suffixes(precision)[0]+".onnx")
			}
		}
		want = strings.Join(files, " and ") + " (precision " + precision + ")"
	}
	there := "no .onnx file at all"
	if len(names) > 0 {
		there = strings.Join(names, ", ")
	}
	advice := "another --precision may be there"
	if slices.Contains(names, "model.onnx") {
		advice = "model.onnx with both towers in one can't be used: fetch or export the separate towers"
	}
	return fmt.Errorf("%w: %s lacks %s; it has %s; %s", ErrIncomplete, folder, want, there, advice)
}

// requireFile turns the absence of a file into advice.
func requireFile(dir, name string) (string, error) {
	path := filepath.Join(dir, name)
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%w: %s lacks %s", ErrIncomplete, dir, name)
	case err != nil:
		return "", fmt.Errorf("open model bundle: %w", err)
	case !st.Mode().IsRegular():
		return "", fmt.Errorf("open model bundle: %s is not a file", path)
	}
	return path, nil
}
