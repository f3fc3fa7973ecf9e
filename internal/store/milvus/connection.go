package milvus

import (
	"context"

	"github.com/milvus-io/milvus-sdk-go/v2/client"
	"github.com/milvus-io/milvus-sdk-go/v2/entity"
)

// connection is all that this package asks of an SDK once it is connected: the calls that
// another SDK, or a server inside the process, has to answer. Every call passes through
// transport.intercept, which gives errors their meaning.
type connection interface {
	Close() error

	ListCollections(ctx context.Context, opts ...client.ListCollectionOption) ([]*entity.Collection, error)
	HasCollection(ctx context.Context, name string) (bool, error)
	DescribeCollection(ctx context.Context, name string) (*entity.Collection, error)
	CreateCollection(ctx context.Context, schema *entity.Schema, shards int32, opts ...client.CreateCollectionOption) error
	DropCollection(ctx context.Context, name string, opts ...client.DropCollectionOption) error
	RenameCollection(ctx context.Context, from, to string) error
	LoadCollection(ctx context.Context, name string, async bool, opts ...client.LoadCollectionOption) error
	GetLoadingProgress(ctx context.Context, name string, partitions []string) (int64, error)
	ReleaseCollection(ctx context.Context, name string, opts ...client.ReleaseCollectionOption) error
	GetReplicas(ctx context.Context, name string) ([]*entity.ReplicaGroup, error)

	CreateAlias(ctx context.Context, name, alias string) error
	AlterAlias(ctx context.Context, name, alias string) error
	DropAlias(ctx context.Context, alias string) error

	CreateIndex(ctx context.Context, name, field string, index entity.Index, async bool, opts ...client.IndexOption) error
	DescribeIndex(ctx context.Context, name, field string, opts ...client.IndexOption) ([]entity.Index, error)
	DropIndex(ctx context.Context, name, field string, opts ...client.IndexOption) error

	Upsert(ctx context.Context, name, partition string, columns ...entity.Column) (entity.Column, error)
	Delete(ctx context.Context, name, partition, expr string) error
	Query(ctx context.Context, name string, partitions []string, expr string, fields []string, opts ...client.SearchQueryOptionFunc) (client.ResultSet, error)
	Search(ctx context.Context, name string, partitions []string, expr string, fields []string, vectors []entity.Vector, field string,
		metric entity.MetricType, k int, p entity.SearchParam, opts ...client.SearchQueryOptionFunc) ([]client.SearchResult, error)

	BulkInsert(ctx context.Context, name, partition string, files []string, opts ...client.BulkInsertOption) (int64, error)
	GetBulkInsertState(ctx context.Context, task int64) (*entity.BulkInsertTaskState, error)
}
