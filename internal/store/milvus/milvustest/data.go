package milvustest

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/milvus-io/milvus-proto/go-api/v2/commonpb"
	"github.com/milvus-io/milvus-proto/go-api/v2/milvuspb"
	"github.com/milvus-io/milvus-proto/go-api/v2/schemapb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"
)

// Row is a row by field. A value is a string, an int64, a []string, the []byte of a
// JSON text, or a []float32.
type Row map[string]any

// Upsert implements milvuspb.MilvusServiceServer, as do the following.
func (s *Server) Upsert(_ context.Context, req *milvuspb.UpsertRequest) (*milvuspb.MutationResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := make([]Row, req.GetNumRows())
	for i := range rows {
		rows[i] = make(Row)
	}
	for _, f := range req.GetFieldsData() {
		for i := range rows {
			rows[i][f.GetFieldName()] = valueOf(f, i)
		}
	}
	ids, st := s.upsert(req.GetCollectionName(), rows)
	if st != nil {
		return &milvuspb.MutationResult{Status: st}, nil
	}
	return &milvuspb.MutationResult{Status: ok(), Timestamp: s.clock, IDs: stringIDs(ids)}, nil
}

// upsert writes rows and returns their ids, or what is wrong with them.
func (s *Server) upsert(name string, rows []Row) ([]string, *commonpb.Status) {
	c, st := s.find(name)
	if st != nil {
		return nil, st
	}
	ids := make([]string, len(rows))
	seen := make(map[string]bool)
	for i, r := range rows {
		ids[i] = r["id"].(string)
		if seen[ids[i]] {
			return nil, Status(1100, "duplicate primary keys in a batch")
		}
		seen[ids[i]] = true
		c.rows[ids[i]] = r
	}
	s.clock++
	return ids, nil
}

func (s *Server) Delete(_ context.Context, req *milvuspb.DeleteRequest) (*milvuspb.MutationResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, rows, st := s.match(req.GetCollectionName(), req.GetExpr())
	if st != nil {
		return &milvuspb.MutationResult{Status: st}, nil
	}
	for _, r := range rows {
		delete(c.rows, r["id"].(string))
	}
	s.clock++
	return &milvuspb.MutationResult{Status: ok(), Timestamp: s.clock}, nil
}

// matchLoaded is match for a collection that must be loaded.
func (s *Server) matchLoaded(name, expr string) (*collection, []Row, *commonpb.Status) {
	if c, st := s.find(name); st == nil && !c.loaded {
		return nil, nil, Status(101, "collection not loaded[collection="+name+"]")
	}
	return s.match(name, expr)
}

// match returns the rows that an expression matches, in no order.
func (s *Server) match(name, expr string) (*collection, []Row, *commonpb.Status) {
	c, st := s.find(name)
	if st != nil {
		return nil, nil, st
	}
	match, err := compile(expr)
	if err != nil {
		return nil, nil, Status(1100, "cannot parse expression: "+err.Error())
	}
	var out []Row
	for _, r := range c.rows {
		yes, err := match(r)
		if err != nil {
			return nil, nil, Status(1100, "cannot parse expression: "+err.Error())
		}
		if yes {
			out = append(out, r)
		}
	}
	return c, out, nil
}

func (s *Server) Query(_ context.Context, req *milvuspb.QueryRequest) (*milvuspb.QueryResults, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, rows, st := s.matchLoaded(req.GetCollectionName(), req.GetExpr())
	if st != nil {
		return &milvuspb.QueryResults{Status: st}, nil
	}
	if f := req.GetOutputFields(); len(f) == 1 && f[0] == "count(*)" {
		return &milvuspb.QueryResults{Status: ok(), FieldsData: []*schemapb.FieldData{
			longs("count(*)", []int64{int64(len(rows))}),
		}}, nil
	}
	for _, p := range req.GetQueryParams() {
		if p.GetKey() == "limit" {
			limit, err := strconv.Atoi(p.GetValue())
			if err != nil {
				return nil, err
			}
			rows = rows[:min(limit, len(rows))]
		}
	}
	return &milvuspb.QueryResults{Status: ok(), FieldsData: c.fields(req.GetOutputFields(), rows)}, nil
}

func (s *Server) Search(_ context.Context, req *milvuspb.SearchRequest) (*milvuspb.SearchResults, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, rows, st := s.matchLoaded(req.GetCollectionName(), req.GetDsl())
	if st != nil {
		return &milvuspb.SearchResults{Status: st}, nil
	}
	var k int
	for _, p := range req.GetSearchParams() {
		if p.GetKey() == "topk" {
			var err error
			if k, err = strconv.Atoi(p.GetValue()); err != nil {
				return nil, err
			}
		}
	}
	if k < 1 || k > 16384 {
		return &milvuspb.SearchResults{Status: Status(65535, fmt.Sprintf("topk [%d] is invalid", k))}, nil
	}
	group := new(commonpb.PlaceholderGroup)
	if err := proto.Unmarshal(req.GetPlaceholderGroup(), protoadapt.MessageV2Of(group)); err != nil {
		return nil, err
	}
	out := &schemapb.SearchResultData{TopK: int64(k)}
	var hits []Row
	var ids []string
	for _, value := range group.GetPlaceholders()[0].GetValues() {
		best := nearest(rows, floats(value), k)
		out.NumQueries++
		out.Topks = append(out.Topks, int64(len(best)))
		for _, b := range best {
			hits, ids = append(hits, b.row), append(ids, b.row["id"].(string))
			out.Scores = append(out.Scores, b.score)
		}
	}
	out.Ids = stringIDs(ids)
	out.FieldsData = c.fields(req.GetOutputFields(), hits)
	return &milvuspb.SearchResults{Status: ok(), Results: out}, nil
}

type scored struct {
	row   Row
	score float32
}

func nearest(rows []Row, query []float32, k int) []scored {
	all := make([]scored, len(rows))
	for i, r := range rows {
		all[i].row = r
		for j, x := range r["vector"].([]float32) {
			all[i].score += x * query[j]
		}
	}
	slices.SortFunc(all, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	return all[:min(k, len(all))]
}

func floats(b []byte) []float32 {
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}

func valueOf(f *schemapb.FieldData, i int) any {
	if v := f.GetVectors(); v != nil {
		dim := int(v.GetDim())
		return slices.Clone(v.GetFloatVector().GetData()[i*dim : (i+1)*dim])
	}
	switch d := f.GetScalars().GetData().(type) {
	case *schemapb.ScalarField_StringData:
		return d.StringData.GetData()[i]
	case *schemapb.ScalarField_LongData:
		return d.LongData.GetData()[i]
	case *schemapb.ScalarField_JsonData:
		return d.JsonData.GetData()[i]
	case *schemapb.ScalarField_ArrayData:
		return d.ArrayData.GetData()[i].GetStringData().GetData()
	}
	return nil
}

func stringIDs(ids []string) *schemapb.IDs {
	return &schemapb.IDs{IdField: &schemapb.IDs_StrId{StrId: &schemapb.StringArray{Data: ids}}}
}

func scalars(name string, t schemapb.DataType, s *schemapb.ScalarField) *schemapb.FieldData {
	return &schemapb.FieldData{FieldName: name, Type: t, Field: &schemapb.FieldData_Scalars{Scalars: s}}
}

func longs(name string, values []int64) *schemapb.FieldData {
	return scalars(name, schemapb.DataType_Int64, &schemapb.ScalarField{Data: &schemapb.ScalarField_LongData{
		LongData: &schemapb.LongArray{Data: values},
	}})
}

// fields makes the columns of an answer.
func (c *collection) fields(names []string, rows []Row) []*schemapb.FieldData {
	var out []*schemapb.FieldData
	for _, f := range c.schema.GetFields() {
		if slices.Contains(names, f.GetName()) {
			out = append(out, column(f, rows))
		}
	}
	return out
}

func column(f *schemapb.FieldSchema, rows []Row) *schemapb.FieldData {
	name := f.GetName()
	switch f.GetDataType() {
	case schemapb.DataType_Int64:
		return longs(name, gather[int64](name, rows))
	case schemapb.DataType_JSON:
		return scalars(name, schemapb.DataType_JSON, &schemapb.ScalarField{Data: &schemapb.ScalarField_JsonData{
			JsonData: &schemapb.JSONArray{Data: gather[[]byte](name, rows)},
		}})
	case schemapb.DataType_FloatVector:
		vectors := gather[[]float32](name, rows)
		dim := 1
		if len(vectors) > 0 {
			dim = len(vectors[0])
		}
		return &schemapb.FieldData{FieldName: name, Type: schemapb.DataType_FloatVector, Field: &schemapb.FieldData_Vectors{
			Vectors: &schemapb.VectorField{Dim: int64(dim), Data: &schemapb.VectorField_FloatVector{
				FloatVector: &schemapb.FloatArray{Data: slices.Concat(vectors...)},
			}},
		}}
	}
	return scalars(name, schemapb.DataType_VarChar, &schemapb.ScalarField{Data: &schemapb.ScalarField_StringData{
		StringData: &schemapb.StringArray{Data: gather[string](name, rows)},
	}})
}

func gather[T any](name string, rows []Row) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = r[name].(T)
	}
	return out
}
