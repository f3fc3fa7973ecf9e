// Package service is what the milvus store asks of a server: the calls, and what they take
// and give, in types that belong to no SDK. Package sdk makes these calls through
// milvus-sdk-go, package milvustest answers them inside a test; a store over another SDK
// needs another Service, and nothing else.
package service

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Service is a connection to a server. A collection that is not there is
// ErrNoCollection, and whatever else the server refuses is, or wraps, an *Error.
type Service interface {
	Close() error

	ListCollections(ctx context.Context) ([]string, error)
	HasCollection(ctx context.Context, name string) (bool, error)
	// DescribeCollection takes an alias, too.
	DescribeCollection(ctx context.Context, name string) (Collection, error)
	CreateCollection(ctx context.Context, s Schema, o CreateOptions) error
	DropCollection(ctx context.Context, name string) error
	RenameCollection(ctx context.Context, from, to string) error
	// LoadCollection begins to load; LoadingProgress says how far it is, in per cent.
	LoadCollection(ctx context.Context, name string, o LoadOptions) error
	LoadingProgress(ctx context.Context, name string) (int64, error)
	ReleaseCollection(ctx context.Context, name string) error
	CountReplicas(ctx context.Context, name string) (int, error)

	CreateAlias(ctx context.Context, collection, alias string) error
	AlterAlias(ctx context.Context, collection, alias string) error
	DropAlias(ctx context.Context, alias string) error

	// CreateIndex returns before the index is built.
	CreateIndex(ctx context.Context, collection, field string, x Index) error
	// DescribeIndex gives none, or an *Error, where the field has no index.
	DescribeIndex(ctx context.Context, collection, field string) ([]Index, error)
	DropIndex(ctx context.Context, collection, field, index string) error

	// Upsert writes rows, whose values at the same place of all columns belong together.
	Upsert(ctx context.Context, collection string, columns []Column) error
	Delete(ctx context.Context, collection, expr string) error
	Query(ctx context.Context, q Query) ([]Column, error)
	// Search gives an answer for each vector, in their order, or none at all.
	Search(ctx context.Context, q Search) ([]Answer, error)

	// BulkInsert begins to import a file of the server's storage, and returns the task.
	BulkInsert(ctx context.Context, collection, file string) (task int64, err error)
	DescribeBulkInsert(ctx context.Context, task int64) (BulkTask, error)
}

// ErrNoCollection is a collection that the server does not have.
var ErrNoCollection = errors.New("there is no such collection")

// Error is an answer of the server that says no.
type Error struct {
	Method string // of the protocol
	Code   int32  // of Milvus 2.3 and newer; 0 if there is none
	Legacy int32  // the code of older servers, and of Milvus Lite
	Reason string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s: the server says: %s (code %d)", e.Method, strings.TrimSpace(e.Reason), max(e.Code, e.Legacy))
}

// Consistency says which writes a read waits for.
type Consistency int

// The levels of consistency, by what a read sees: all writes, those of this client, those
// until some seconds ago, or whatever is there.
const (
	Strong Consistency = iota
	Session
	Bounded
	Eventually
)

// Collection is what a server says of a collection.
type Collection struct {
	Name       string // not the alias that was asked for
	Shards     int
	Properties map[string]string
}

// CreateOptions say how a collection is made.
type CreateOptions struct {
	Shards      int
	Consistency Consistency // of readers that name none
	Properties  map[string]string
}

// LoadOptions say how a collection is loaded; the zero value leaves it to the server.
type LoadOptions struct {
	Replicas       int
	ResourceGroups []string
}

// Index is an index of a field.
type Index struct {
	Name string
	Type string // HNSW, INVERTED, ...
	// Params are those of an index of vectors, "metric_type" among them; nil of another.
	Params map[string]string
}

// Query asks for rows.
type Query struct {
	Collection  string
	Expr        string
	Fields      []string // or "count(*)" alone
	Consistency Consistency
	Limit       int // 0 for none
}

// Search asks for the nearest rows of each vector.
type Search struct {
	Collection  string
	Expr        string
	Fields      []string
	Field       string // of the vectors
	Vectors     [][]float32
	Metric      string
	K           int
	Params      map[string]any // of the index
	Consistency Consistency
}

// Answer is what was found for one vector.
type Answer struct {
	Count  int
	IDs    Values
	Scores []float32
	Fields []Column
	Err    error // why the answer cannot be read
}

// BulkTask is how far an import is.
type BulkTask struct {
	Done   bool
	Failed bool
	Reason string // of a failure, where the server gives one
}
