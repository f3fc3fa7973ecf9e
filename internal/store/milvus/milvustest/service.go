package milvustest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/milvus-io/milvus-proto/go-api/v2/commonpb"
	"github.com/milvus-io/milvus-proto/go-api/v2/milvuspb"
	"github.com/milvus-io/milvus-proto/go-api/v2/schemapb"

	"github.com/sightline/sightline/internal/store/milvus/service"
)

// Service answers inside the process, without a network and without an SDK. What it writes
// is seen by those who connect to Address, and the other way round.
func (s *Server) Service() service.Service { return inProcess{s} }

// inProcess implements service.Service.
type inProcess struct{ s *Server }

// refused is the error in a status.
func refused(method string, st *commonpb.Status) error {
	if st.GetCode() == 0 {
		return nil
	}
	err := &service.Error{Method: method, Code: st.GetCode(), Reason: st.GetReason()}
	if st.GetCode() == notFound("").GetCode() {
		return fmt.Errorf("%w: %w", service.ErrNoCollection, err)
	}
	return err
}

// status is the error of a call that answers with a status.
func status(method string, st *commonpb.Status, err error) error {
	if err != nil {
		return err
	}
	return refused(method, st)
}

// Close implements service.Service, as do the following.
func (p inProcess) Close() error { return nil }

func (p inProcess) ListCollections(context.Context) ([]string, error) { return p.s.Names(), nil }

func (p inProcess) HasCollection(ctx context.Context, name string) (bool, error) {
	r, err := p.s.HasCollection(ctx, &milvuspb.HasCollectionRequest{CollectionName: name})
	return r.GetValue(), err
}

func (p inProcess) DescribeCollection(ctx context.Context, name string) (service.Collection, error) {
	r, err := p.s.DescribeCollection(ctx, &milvuspb.DescribeCollectionRequest{CollectionName: name})
	return service.Collection{Name: r.GetCollectionName(), Shards: int(r.GetShardsNum())}, status("DescribeCollection", r.GetStatus(), err)
}

var types = map[service.Type]schemapb.DataType{
	service.Int64: schemapb.DataType_Int64, service.VarChar: schemapb.DataType_VarChar, service.VarCharArray: schemapb.DataType_Array,
	service.JSON: schemapb.DataType_JSON, service.FloatVector: schemapb.DataType_FloatVector,
}

func (p inProcess) CreateCollection(_ context.Context, schema service.Schema, o service.CreateOptions) error {
	out := &schemapb.CollectionSchema{Name: schema.Name, Description: schema.Description}
	for _, f := range schema.Fields {
		out.Fields = append(out.Fields, &schemapb.FieldSchema{
			Name: f.Name, Description: f.Description, DataType: types[f.Type], IsPrimaryKey: f.Primary,
		})
	}
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.s.addCollection(out, int32(o.Shards))
	return nil
}

func (p inProcess) DropCollection(ctx context.Context, name string) error {
	st, err := p.s.DropCollection(ctx, &milvuspb.DropCollectionRequest{CollectionName: name})
	return status("DropCollection", st, err)
}

func (p inProcess) RenameCollection(ctx context.Context, from, to string) error {
	st, err := p.s.RenameCollection(ctx, &milvuspb.RenameCollectionRequest{OldName: from, NewName: to})
	return status("RenameCollection", st, err)
}

func (p inProcess) LoadCollection(ctx context.Context, name string, o service.LoadOptions) error {
	st, err := p.s.LoadCollection(ctx, &milvuspb.LoadCollectionRequest{
		CollectionName: name, ReplicaNumber: int32(o.Replicas), ResourceGroups: o.ResourceGroups,
	})
	return status("LoadCollection", st, err)
}

func (p inProcess) LoadingProgress(ctx context.Context, name string) (int64, error) {
	r, err := p.s.GetLoadingProgress(ctx, &milvuspb.GetLoadingProgressRequest{CollectionName: name})
	return r.GetProgress(), status("GetLoadingProgress", r.GetStatus(), err)
}

func (p inProcess) ReleaseCollection(ctx context.Context, name string) error {
	st, err := p.s.ReleaseCollection(ctx, &milvuspb.ReleaseCollectionRequest{CollectionName: name})
	return status("ReleaseCollection", st, err)
}

func (p inProcess) CountReplicas(_ context.Context, name string) (int, error) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	c, st := p.s.find(name)
	if st != nil {
		return 0, refused("GetReplicas", st)
	}
	return int(c.replicas), nil
}

func (p inProcess) CreateAlias(ctx context.Context, collection, alias string) error {
	st, err := p.s.CreateAlias(ctx, &milvuspb.CreateAliasRequest{CollectionName: collection, Alias: alias})
	return status("CreateAlias", st, err)
}

func (p inProcess) AlterAlias(ctx context.Context, collection, alias string) error {
	st, err := p.s.AlterAlias(ctx, &milvuspb.AlterAliasRequest{CollectionName: collection, Alias: alias})
	return status("AlterAlias", st, err)
}

func (p inProcess) DropAlias(ctx context.Context, alias string) error {
	st, err := p.s.DropAlias(ctx, &milvuspb.DropAliasRequest{Alias: alias})
	return status("DropAlias", st, err)
}

func (p inProcess) CreateIndex(_ context.Context, collection, field string, x service.Index) error {
	params := maps.Clone(x.Params)
	if params == nil {
		params = make(map[string]string)
	}
	params["index_type"] = x.Type
	p.s.SetIndex(collection, field, params)
	return nil
}

func (p inProcess) DescribeIndex(_ context.Context, collection, field string) ([]service.Index, error) {
	params := p.s.Index(collection, field)
	if params == nil {
		return nil, nil
	}
	return []service.Index{{Name: field, Type: params["index_type"], Params: params}}, nil
}

func (p inProcess) DropIndex(_ context.Context, collection, field, _ string) error {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return refused("DropIndex", p.s.dropIndex(collection, field))
}

func (p inProcess) Upsert(_ context.Context, collection string, columns []service.Column) error {
	rows := make([]Row, columns[0].Values.Len())
	for i := range rows {
		rows[i] = make(Row)
		for _, c := range columns {
			rows[i][c.Name] = valueAt(c.Values, i)
		}
	}
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	_, st := p.s.upsert(collection, rows)
	return refused("Upsert", st)
}

// valueAt is a value as a Row has it, a copy of its own.
func valueAt(values service.Values, i int) any {
	switch v := values.(type) {
	case service.Numbers:
		return v[i]
	case service.Texts:
		return v[i]
	case service.Documents:
		return slices.Clone(v[i])
	case service.Vectors:
		return slices.Clone(v[i])
	case service.Lists:
		out := make([]string, len(v[i]))
		for j, text := range v[i] {
			out[j] = string(text)
		}
		return out
	}
	return nil
}

func (p inProcess) Delete(ctx context.Context, collection, expr string) error {
	r, err := p.s.Delete(ctx, &milvuspb.DeleteRequest{CollectionName: collection, Expr: expr})
	return status("Delete", r.GetStatus(), err)
}

func (p inProcess) Query(_ context.Context, q service.Query) ([]service.Column, error) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	c, rows, st := p.s.matchLoaded(q.Collection, q.Expr)
	if st != nil {
		return nil, refused("Query", st)
	}
	if slices.Equal(q.Fields, []string{"count(*)"}) {
		return []service.Column{{Name: q.Fields[0], Values: service.Numbers{int64(len(rows))}}}, nil
	}
	if q.Limit > 0 {
		rows = rows[:min(q.Limit, len(rows))]
	}
	return c.columns(q.Fields, rows), nil
}

func (p inProcess) Search(_ context.Context, q service.Search) ([]service.Answer, error) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	c, rows, st := p.s.matchLoaded(q.Collection, q.Expr)
	if st == nil && (q.K < 1 || q.K > 16384) {
		st = Status(65535, "topk ["+strconv.Itoa(q.K)+"] is invalid")
	}
	if st != nil {
		return nil, refused("Search", st)
	}
	out := make([]service.Answer, len(q.Vectors))
	for i, v := range q.Vectors {
		var hits []Row
		var ids service.Texts
		for _, b := range nearest(rows, v, q.K) {
			hits, ids = append(hits, b.row), append(ids, b.row["id"].(string))
			out[i].Scores = append(out[i].Scores, b.score)
		}
		out[i].Count, out[i].IDs, out[i].Fields = len(hits), ids, c.columns(q.Fields, hits)
	}
	return out, nil
}

// columns makes the columns of an answer.
func (c *collection) columns(names []string, rows []Row) []service.Column {
	var out []service.Column
	for _, f := range c.schema.GetFields() {
		name := f.GetName()
		if !slices.Contains(names, name) {
			continue
		}
		var values service.Values
		switch f.GetDataType() {
		case schemapb.DataType_Int64:
			values = service.Numbers(gather[int64](name, rows))
		case schemapb.DataType_JSON:
			values = service.Documents(gather[[]byte](name, rows))
		case schemapb.DataType_FloatVector:
			values = service.Vectors(gather[[]float32](name, rows))
		default:
			values = service.Texts(gather[string](name, rows))
		}
		out = append(out, service.Column{Name: name, Values: values})
	}
	return out
}

func (p inProcess) BulkInsert(ctx context.Context, collection, file string) (int64, error) {
	r, err := p.s.Import(ctx, &milvuspb.ImportRequest{CollectionName: collection, Files: []string{file}})
	if err := status("Import", r.GetStatus(), err); err != nil {
		return 0, err
	}
	return r.GetTasks()[0], nil
}

func (p inProcess) DescribeBulkInsert(ctx context.Context, task int64) (service.BulkTask, error) {
	r, err := p.s.GetImportState(ctx, &milvuspb.GetImportStateRequest{Task: task})
	out := service.BulkTask{Done: r.GetState() == commonpb.ImportState_ImportCompleted, Failed: r.GetState() == commonpb.ImportState_ImportFailed}
	for _, x := range r.GetInfos() {
		if x.GetKey() == "failed_reason" {
			out.Reason = x.GetValue()
		}
	}
	return out, err
}
