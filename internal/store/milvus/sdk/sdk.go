// Package sdk makes the calls of the milvus store through milvus-sdk-go. Nothing of that
// SDK is seen outside: it is archived, and its successor, milvus/client/v2, would be a
// package beside this one.
package sdk

import (
	"context"
	"fmt"

	"github.com/milvus-io/milvus-sdk-go/v2/client"
	"github.com/milvus-io/milvus-sdk-go/v2/entity"
	"google.golang.org/grpc"

	"github.com/sightline/sightline/internal/store/milvus/service"
)

// Config says where the server is, and who asks.
type Config struct {
	Address            string // HOST:PORT
	Username, Password string
	Token              string // in place of user and password
	Database           string // "" means the server's default
	// DialOptions are those of the connection. An interceptor among them sees each call,
	// and gives errors the meaning that service.Service promises.
	DialOptions []grpc.DialOption
}

// Connect connects to a server, or returns the error of the call that failed.
func Connect(ctx context.Context, c Config) (service.Service, error) {
	got, err := client.NewClient(ctx, client.Config{
		Address:  c.Address,
		Username: c.Username, Password: c.Password, APIKey: c.Token,
		DBName: c.Database,
		// Its own repetition of refused calls would hide their reasons.
		RetryRateLimit: &client.RetryRateLimitOption{MaxRetry: 0},
		DialOptions:    c.DialOptions,
	})
	if err != nil {
		return nil, err
	}
	return &connection{got}, nil
}

// connection implements service.Service.
type connection struct{ c client.Client }

func (s *connection) Close() error { return s.c.Close() }

func (s *connection) ListCollections(ctx context.Context) ([]string, error) {
	all, err := s.c.ListCollections(ctx)
	out := make([]string, len(all))
	for i, c := range all {
		out[i] = c.Name
	}
	return out, err
}

func (s *connection) HasCollection(ctx context.Context, name string) (bool, error) {
	return s.c.HasCollection(ctx, name)
}

func (s *connection) DescribeCollection(ctx context.Context, name string) (service.Collection, error) {
	c, err := s.c.DescribeCollection(ctx, name)
	if err != nil {
		return service.Collection{}, err
	}
	return service.Collection{Name: c.Name, Shards: int(c.ShardNum), Properties: c.Properties}, nil
}

func (s *connection) CreateCollection(ctx context.Context, schema service.Schema, o service.CreateOptions) error {
	opts := []client.CreateCollectionOption{client.WithConsistencyLevel(levels[o.Consistency])}
	for name, value := range o.Properties {
		opts = append(opts, client.WithCollectionProperty(name, value))
	}
	return s.c.CreateCollection(ctx, schemaOf(schema), int32(o.Shards), opts...)
}

func (s *connection) DropCollection(ctx context.Context, name string) error {
	return s.c.DropCollection(ctx, name)
}

func (s *connection) RenameCollection(ctx context.Context, from, to string) error {
	return s.c.RenameCollection(ctx, from, to)
}

func (s *connection) LoadCollection(ctx context.Context, name string, o service.LoadOptions) error {
	var opts []client.LoadCollectionOption
	if o.Replicas > 0 {
		opts = append(opts, client.WithReplicaNumber(int32(o.Replicas)))
	}
	if len(o.ResourceGroups) > 0 {
		opts = append(opts, client.WithResourceGroups(o.ResourceGroups))
	}
	return s.c.LoadCollection(ctx, name, true, opts...)
}

func (s *connection) LoadingProgress(ctx context.Context, name string) (int64, error) {
	return s.c.GetLoadingProgress(ctx, name, nil)
}

func (s *connection) ReleaseCollection(ctx context.Context, name string) error {
	return s.c.ReleaseCollection(ctx, name)
}

func (s *connection) CountReplicas(ctx context.Context, name string) (int, error) {
	all, err := s.c.GetReplicas(ctx, name)
	return len(all), err
}

func (s *connection) CreateAlias(ctx context.Context, collection, alias string) error {
	return s.c.CreateAlias(ctx, collection, alias)
}

func (s *connection) AlterAlias(ctx context.Context, collection, alias string) error {
	return s.c.AlterAlias(ctx, collection, alias)
}

func (s *connection) DropAlias(ctx context.Context, alias string) error {
	return s.c.DropAlias(ctx, alias)
}

func (s *connection) CreateIndex(ctx context.Context, collection, field string, x service.Index) error {
	index := entity.NewScalarIndexWithType(entity.IndexType(x.Type))
	if x.Params != nil {
		index = entity.NewGenericIndex(x.Name, entity.IndexType(x.Type), x.Params)
	}
	return s.c.CreateIndex(ctx, collection, field, index, true, client.WithIndexName(x.Name))
}

func (s *connection) DescribeIndex(ctx context.Context, collection, field string) ([]service.Index, error) {
	all, err := s.c.DescribeIndex(ctx, collection, field)
	out := make([]service.Index, len(all))
	for i, x := range all {
		out[i] = service.Index{Name: x.Name(), Type: string(x.IndexType()), Params: x.Params()}
	}
	return out, err
}

func (s *connection) DropIndex(ctx context.Context, collection, field, index string) error {
	return s.c.DropIndex(ctx, collection, field, client.WithIndexName(index))
}

func (s *connection) Upsert(ctx context.Context, collection string, columns []service.Column) error {
	out := make([]entity.Column, len(columns))
	for i, c := range columns {
		out[i] = columnTo(c)
	}
	_, err := s.c.Upsert(ctx, collection, "", out...)
	return err
}

func (s *connection) Delete(ctx context.Context, collection, expr string) error {
	return s.c.Delete(ctx, collection, "", expr)
}

func (s *connection) Query(ctx context.Context, q service.Query) (columns []service.Column, err error) {
	defer unreadable(&err)
	opts := []client.SearchQueryOptionFunc{client.WithSearchQueryConsistencyLevel(levels[q.Consistency])}
	if q.Limit > 0 {
		opts = append(opts, client.WithLimit(int64(q.Limit)))
	}
	set, err := s.c.Query(ctx, q.Collection, nil, q.Expr, q.Fields, opts...)
	return columnsFrom(set), err
}

func (s *connection) Search(ctx context.Context, q service.Search) (answers []service.Answer, err error) {
	defer unreadable(&err)
	vectors := make([]entity.Vector, len(q.Vectors))
	for i, v := range q.Vectors {
		vectors[i] = entity.FloatVector(v)
	}
	results, err := s.c.Search(ctx, q.Collection, nil, q.Expr, q.Fields, vectors, q.Field, entity.MetricType(q.Metric), q.K,
		searchParams(q.Params), client.WithSearchQueryConsistencyLevel(levels[q.Consistency]))
	if err != nil {
		return nil, err
	}
	total := 0
	for _, r := range results {
		a := service.Answer{Count: r.ResultCount, Scores: r.Scores, Fields: columnsFrom(r.Fields)}
		if r.ResultCount > 0 { // an empty answer has an error beside it that means nothing
			a.IDs, a.Err = valuesFrom(r.IDs), r.Err
		}
		answers = append(answers, a)
		total += r.ResultCount
	}
	if len(answers) != len(vectors) && (total > 0 || len(answers) > 0) {
		// The SDK leaves out a query whose answer it cannot read, and those after it move
		// up: which answer is whose is not known any more.
		return nil, fmt.Errorf("%d query vectors were sent, and %d answers came back", len(vectors), len(answers))
	}
	return answers, nil
}

func (s *connection) BulkInsert(ctx context.Context, collection, file string) (task int64, err error) {
	defer unreadable(&err)
	return s.c.BulkInsert(ctx, collection, "", []string{file})
}

func (s *connection) DescribeBulkInsert(ctx context.Context, task int64) (service.BulkTask, error) {
	state, err := s.c.GetBulkInsertState(ctx, task)
	if err != nil {
		return service.BulkTask{}, err
	}
	return service.BulkTask{
		Done:   state.State == entity.BulkInsertCompleted,
		Failed: state.State == entity.BulkInsertFailed || state.State == entity.BulkInsertFailedAndCleaned,
		Reason: state.Infos["failed_reason"],
	}, nil
}

// unreadable makes an error of a panic: the SDK does not look whether the lists in an
// answer are as long as they claim to be, or whether it names a task.
func unreadable(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("the server's answer cannot be read: %v", r)
	}
}
