package milvus

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/service"
)

// The metrics whose scores are cosines of vectors of length 1, or become them.
const (
	metricIP     = "IP"
	metricCosine = "COSINE"
	metricL2     = "L2"
)

// vectorIndex is the index of the vectors as the server has it. Who runs the server may
// have replaced the one that this store made, so it is asked for whenever a collection is
// opened.
type vectorIndex struct {
	name   string
	kind   string            // HNSW, ...; "" for none
	metric string            // of it
	params map[string]string // that it was built with, by name
}

// String says what it is: HNSW (M 16, efConstruction 200), metric IP.
func (x vectorIndex) String() string {
	if x.kind == "" {
		return "none"
	}
	var params []string
	for _, name := range indexParameters[x.kind] {
		if v, ok := x.params[name]; ok {
			params = append(params, name+" "+v)
		}
	}
	text := x.kind
	if len(params) > 0 {
		text += " (" + strings.Join(params, ", ") + ")"
	}
	return text + ", metric " + x.metric
}

// is reports whether it is the index that settings ask for.
func (x vectorIndex) is(want Index) bool {
	if x.kind != want.Type {
		return false
	}
	all := want.parameters()
	return !slices.ContainsFunc(indexParameters[want.Type], func(name string) bool {
		v, told := x.params[name]
		return told && v != all[name]
	})
}

// readVectorIndex asks the server for the index of a collection's vectors.
func (s *Store) readVectorIndex(ctx context.Context, physical string) (vectorIndex, error) {
	have, err := s.client.DescribeIndex(ctx, physical, fieldVector)
	var said *service.Error
	if errors.As(err, &said) || err == nil && len(have) == 0 { // a server says that there is none with an error
		return vectorIndex{metric: metricIP}, nil
	}
	if err != nil {
		return vectorIndex{}, fmt.Errorf("looking at the index of the vectors: %w", err)
	}
	x := vectorIndex{name: have[0].Name, kind: strings.ToUpper(have[0].Type), params: make(map[string]string)}
	raw := have[0].Params
	maps.Copy(x.params, raw)
	var nested map[string]any
	if json.Unmarshal([]byte(raw["params"]), &nested) == nil {
		for name, v := range nested {
			x.params[name] = fmt.Sprint(v)
		}
	}
	x.metric = strings.ToUpper(cmp.Or(raw["metric_type"], metricIP))
	if x.metric != metricIP && x.metric != metricCosine && x.metric != metricL2 {
		return x, fmt.Errorf("the vectors of collection %s are indexed by metric %s, which is none of IP, COSINE and L2", physical, x.metric)
	}
	return x, nil
}

// cosineOf is the cosine that a score of the server stands for. L2 is the square of the
// distance: of vectors of length 1, 2 - 2 cos.
func (x vectorIndex) cosineOf(score float32) float32 {
	if x.metric == metricL2 {
		return 1 - score/2
	}
	return score
}

// adoptIndex makes the index that the server has the one that this store searches with.
// Where there is none, a writer makes one.
func (s *Store) adoptIndex(ctx context.Context, physical string) error {
	x, err := s.readVectorIndex(ctx, physical)
	if err != nil {
		return err
	}
	if x.kind == "" {
		if !s.mode.Writes() {
			return &fault.Error{
				Err:    fmt.Errorf("the vectors of collection %s have no index any more, and so cannot be searched", physical),
				Advice: command("upgrade", s.meta.Collection) + " makes one, of the kind that milvus.index.type says; no picture is embedded again",
			}
		}
		s.log.WarnContext(ctx, "the vectors had no index any more; a new one is made", "collection", physical, "kind", s.wantIndex.Type)
		if err := s.client.CreateIndex(ctx, physical, fieldVector, s.wantIndex.service()); err != nil {
			return fmt.Errorf("indexing the vectors of collection %s: %w", physical, err)
		}
		if err := s.load(ctx, physical); err != nil {
			return err
		}
		if x, err = s.readVectorIndex(ctx, physical); err != nil {
			return err
		}
	}
	if x.kind != s.meta.Index {
		s.log.InfoContext(ctx, "the index of the vectors was replaced by another", "collection", physical, "was", s.meta.Index, "is", x.kind)
		s.meta.Index = x.kind
	}
	s.index = x
	return nil
}

// replaceIndex builds the index of the settings in the place of the one that is there.
// While the server loads the collection again, searches wait for it or end with an error.
func (s *Store) replaceIndex(ctx context.Context) error {
	s.log.InfoContext(ctx, "rebuilding the index of the vectors", "collection", s.physical, "was", s.index.String(), "kind", s.wantIndex.Type)
	if err := s.client.ReleaseCollection(ctx, s.physical); err != nil {
		return fmt.Errorf("putting collection %s aside: %w", s.physical, err)
	}
	if err := s.client.DropIndex(ctx, s.physical, fieldVector, cmp.Or(s.index.name, fieldVector)); err != nil {
		return errors.Join(fmt.Errorf("removing the index of collection %s: %w", s.physical, err), s.load(ctx, s.physical))
	}
	if err := s.client.CreateIndex(ctx, s.physical, fieldVector, s.wantIndex.service()); err != nil {
		return fmt.Errorf("indexing the vectors of collection %s: %w", s.physical, err)
	}
	if err := s.load(ctx, s.physical); err != nil {
		return err
	}
	m := s.meta
	m.Index = s.wantIndex.Type
	if err := s.writeMeta(ctx, s.physical, metaRow{id: idIndex, kind: kindMeta, data: m}); err != nil {
		return fmt.Errorf("noting the kind of index: %w", err)
	}
	return s.adoptIndex(ctx, s.physical)
}

// details are what there is to know about the collection besides what every store says.
func (s *Store) details(ctx context.Context) []store.Detail {
	out := []store.Detail{{Name: "index", Value: s.index.String()}}
	if c, err := s.client.DescribeCollection(ctx, s.physical); err == nil {
		out = append(out, store.Detail{Name: "shards", Value: fmt.Sprint(c.Shards)})
		out = append(out, store.Detail{Name: "mmap", Value: cmp.Or(c.Properties[mmapProperty], "false")}, store.Detail{Name: "partition_key", Value: "none"})
	}
	if replicas, err := s.client.CountReplicas(ctx, s.physical); err == nil {
		out = append(out, store.Detail{Name: "replicas", Value: fmt.Sprint(replicas)})
	}
	out = append(out,
		store.Detail{Name: "resource_groups", Value: cmp.Or(strings.Join(s.resourceGroups, ", "), "the server's default")},
		store.Detail{Name: "load_timeout", Value: s.loadTimeout.String()})
	s.mu.Lock()
	defer s.mu.Unlock()
	if parameter := parameterOf[s.meta.Index]; parameter != "" {
		out = append(out, store.Detail{Name: "search", Value: s.decides(parameter)})
	}
	return out
}

// mmapProperty is the property of a collection whose vectors are mapped from the disk.
const mmapProperty = "mmap.enabled"
