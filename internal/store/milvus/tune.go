package milvus

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/sightline/sightline/internal/store/milvus/service"
)

// parameterOf names the search parameter of each type of index; the others have none.
var parameterOf = map[string]string{
	"HNSW": "ef", "IVF_FLAT": "nprobe", "IVF_SQ8": "nprobe", "DISKANN": "search_list",
}

// maxParameter is the largest value that servers take, by parameter.
var maxParameter = map[string]int{"ef": 32768, "nprobe": 65536, "search_list": 65535}

// parameter is the value of the search parameter for k hits: what the caller fixed, else
// what was saved with the index, else what usually reaches the recall asked for.
func (s *Store) parameter(k int) int {
	parameter := parameterOf[s.meta.Index]
	fixed := map[string]int{"ef": s.search.Ef, "nprobe": s.search.Nprobe, "search_list": s.search.SearchList}[parameter]
	if fixed > 0 {
		return fixed
	}
	s.mu.Lock()
	tuned := s.tuned
	s.mu.Unlock()
	usual := usualParameter(parameter, k, s.recall)
	if tuned.Parameter != parameter {
		return usual
	}
	if value := tuned.value(k); value > 0 {
		return value
	}
	// More hits than it was tuned for are not looked for less hard.
	for _, x := range tuned.at() {
		usual = max(usual, x.Value)
	}
	return usual
}

// usualParameter is fitted to what was measured on text queries and real pictures, see
// docs/benchmarks.md: of their true nearest HNSW misses a share of about 12 / ef, up to
// a recall of 0.95, and IVF of 1024 clusters 2.5 / nprobe. Text queries lie outside the
// distribution of the images, so that a graph must look much further for them than for
// images, and some it never reaches. search tune replaces this by a value measured on
// the user's own.
func usualParameter(parameter string, k int, recall float64) int {
	miss := math.Max(1-recall, 0.001)
	switch parameter {
	case "ef":
		return max(2*k, int(math.Round(12/miss)), 64)
	case "nprobe":
		return max(8, int(math.Round(2.5/miss)))
	case "search_list":
		return max(k+k/2, int(math.Ceil(5/miss)), 100)
	}
	return 0
}

// parameters are the search parameters for k hits. A list of
// candidates must have room for all of them.
func parameters(index string, value, k int) map[string]any {
	p := make(map[string]any)
	if name, ok := parameterOf[index]; ok {
		if name != "nprobe" {
			value = max(value, k)
		}
		p[name] = min(value, maxParameter[name])
	}
	if index == "AUTOINDEX" {
		p["level"] = 1
	}
	return p
}

// SearchParameters implements store.Tunable.
func (s *Store) SearchParameters(k int) (parameter string, values []int) {
	parameter, ok := parameterOf[s.meta.Index]
	if !ok {
		return "", nil
	}
	low, high := 1, 512
	if parameter != "nprobe" {
		low, high = max(8, k), max(2048, 8*k)
	}
	for v := low; v <= min(high, maxParameter[parameter]); {
		values = append(values, v)
		v += max(1, v/2)
	}
	return parameter, values
}

// decides says which value of the parameter holds, and why. The caller holds mu.
func (s *Store) decides(parameter string) string {
	fixed := map[string]int{"ef": s.search.Ef, "nprobe": s.search.Nprobe, "search_list": s.search.SearchList}[parameter]
	switch {
	case fixed > 0:
		return fmt.Sprintf("%s %d, by the settings", parameter, fixed)
	case s.tuned.Parameter == parameter && len(s.tuned.at()) > 0:
		var each []string
		for _, t := range s.tuned.at() {
			each = append(each, fmt.Sprintf("%d for %s (recall %.3f)", t.Value, t.hits(), t.Recall))
		}
		return fmt.Sprintf("%s %s, by search tune", parameter, strings.Join(each, ", "))
	}
	return fmt.Sprintf("%s %d for 10 hits, by recall %g", parameter, usualParameter(parameter, 10, s.recall), s.recall)
}

// SetSearchParameter implements store.Tunable.
func (s *Store) SetSearchParameter(ctx context.Context, k, value int, recall float64) error {
	if err := s.beginChange(ctx); err != nil {
		return err
	}
	parameter, ok := parameterOf[s.meta.Index]
	if !ok {
		return fmt.Errorf("an index of type %s has no search parameter", s.meta.Index)
	}
	var t tuning // as it is now, and not as it was when the store was opened
	if _, err := s.readMeta(ctx, s.physical, idTuning, service.Strong, &t); err != nil {
		return fmt.Errorf("reading what was tuned: %w", err)
	}
	switch {
	case value == 0:
		t = tuning{}
	case t.Parameter == parameter:
		t = t.with(tuned{K: k, Value: value, Recall: recall})
	default: // the kind of index was another
		t = tuning{Parameter: parameter}.with(tuned{K: k, Value: value, Recall: recall})
	}
	if err := s.writeMeta(ctx, s.physical, metaRow{id: idTuning, kind: kindMeta, data: t}); err != nil {
		return fmt.Errorf("saving the search parameter: %w", err)
	}
	s.mu.Lock()
	s.tuned = t
	s.mu.Unlock()
	return nil
}
