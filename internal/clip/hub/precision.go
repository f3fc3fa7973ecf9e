package hub

import (
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/fault"
)

// precisions lists what a repository on the hub may have, largest first. Each is a pair
// of graphs, onnx/vision_model*.onnx and onnx/text_model*.onnx, told apart by a suffix.
// The hub has two names for weights of 8 bits, which differ in how they were made; to
// package clip either pair is precision int8.
var precisions = []struct{ name, suffix string }{
	{"fp32", ""},
	{"fp16", "_fp16"},
	{"quantized", "_quantized"},
	{"int8", "_int8"},
}

// The small files of a bundle. Vocabulary and merges are inside tokenizer.json.
var (
	requiredFiles = []string{"config.json", "preprocessor_config.json", "tokenizer.json"}
	optionalFiles = []string{"tokenizer_config.json", "special_tokens_map.json"}
)

// Precisions gives the names of the precisions that a bundle may have, largest
// first.
func Precisions() []string {
	names := make([]string, len(precisions))
	for i, v := range precisions {
		names[i] = v.name
	}
	return names
}

// graphsOf gives the paths of the two graphs of a precision.
func graphsOf(precision string) (vision, text string, ok bool) {
	for _, v := range precisions {
		if v.name == precision {
			return "onnx/vision_model" + v.suffix + ".onnx", "onnx/text_model" + v.suffix + ".onnx", true
		}
	}
	return "", "", false
}

// isDataOf reports whether p is external data of graph: weights beyond the 2 GB
// that a protobuf can hold lie in files named after the graph.
func isDataOf(p, graph string) bool {
	return strings.HasPrefix(p, graph+"_data") || strings.HasPrefix(p, graph+".data")
}

// precisionsIn gives the precisions whose two graphs are both there.
func precisionsIn(has func(path string) bool) []string {
	var names []string
	for _, v := range precisions {
		vision, text, _ := graphsOf(v.name)
		if has(vision) && has(text) {
			names = append(names, v.name)
		}
	}
	return names
}

// belongs reports whether the file p is needed to run a bundle in precision.
func belongs(p, precision string) bool {
	vision, text, _ := graphsOf(precision)
	return slices.Contains(requiredFiles, p) || slices.Contains(optionalFiles, p) ||
		p == vision || p == text || isDataOf(p, vision) || isDataOf(p, text)
}

// choose picks the files of a precision out of a repository's listing.
func choose(repo string, files []remoteFile, precision string) ([]remoteFile, error) {
	has := func(p string) bool {
		return slices.ContainsFunc(files, func(f remoteFile) bool { return f.path == p })
	}
	vision, text, ok := graphsOf(precision)
	if !ok {
		return nil, fault.Advise("the variants are "+strings.Join(Precisions(), ", "), "%w: %q", ErrNoPrecision, precision)
	}
	if !has(vision) || !has(text) {
		if found := precisionsIn(has); len(found) > 0 {
			return nil, fault.Advise(repo+" has "+strings.Join(found, ", "), "%w: %q", ErrNoPrecision, precision)
		}
		if has("onnx/model.onnx") {
			return nil, fault.Advise("choose a model with onnx/vision_model.onnx and onnx/text_model.onnx",
				"%w: one graph holds pictures and texts together", ErrUnusable)
		}
		return nil, fault.Advise("choose a model with onnx/vision_model.onnx and onnx/text_model.onnx, such as "+DefaultModel,
			"%w: it has no ONNX graphs for pictures and texts", ErrUnusable)
	}
	for _, p := range requiredFiles {
		if !has(p) {
			return nil, fault.Advise("choose another export of the model", "%w: it has no %s", ErrUnusable, p)
		}
	}
	var chosen []remoteFile
	for _, f := range files {
		if belongs(f.path, precision) {
			if f.sha256 == "" && f.blob == "" {
				return nil, fault.Advise("fetch from "+DefaultEndpoint, "the hub gives no checksum for %s", f.path)
			}
			chosen = append(chosen, f)
		}
	}
	// Small files first: a wrong bundle shows before hundreds of megabytes came.
	slices.SortStableFunc(chosen, func(a, b remoteFile) int {
		return strings.Compare(sortKey(a.path), sortKey(b.path))
	})
	return chosen, nil
}

func sortKey(p string) string {
	if strings.Contains(p, "/") {
		return "1" + p
	}
	return "0" + p
}
