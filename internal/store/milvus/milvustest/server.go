// Package milvustest is a Milvus server that lives in a test: it keeps everything in
// memory, understands the calls and expressions that package milvus makes, and does
// on demand what no real server does, such as answering too late or half.
package milvustest

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"path"
	"slices"
	"sync"
	"testing"

	"github.com/milvus-io/milvus-proto/go-api/v2/commonpb"
	"github.com/milvus-io/milvus-proto/go-api/v2/milvuspb"
	"github.com/milvus-io/milvus-proto/go-api/v2/schemapb"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"
)

// Meddler is put between a caller and the server. It may answer by itself, change
// what next answers, or do nothing and return next(). method is the name of the call,
// such as "Upsert".
type Meddler func(ctx context.Context, method string, req any, next func() (any, error)) (any, error)

// Server is the server. Its methods may be called while it runs.
type Server struct {
	milvuspb.UnimplementedMilvusServiceServer
	Address string

	grpc    *grpc.Server
	mu      sync.Mutex
	meddle  Meddler
	calls   map[string]int
	imports []error // why each failed, nil where it did not
	state
}

// state is what survives a restart.
type state struct {
	collections map[string]*collection
	aliases     map[string]string
	clock       uint64
}

type collection struct {
	id       int64
	schema   *schemapb.CollectionSchema
	index    map[string][]*commonpb.KeyValuePair // by field
	loaded   bool
	shards   int32
	replicas int32
	rows     map[string]Row
}

// Start runs a server on a port of its own until the test ends.
func Start(t testing.TB, opts ...grpc.ServerOption) *Server {
	t.Helper()
	s := &Server{calls: make(map[string]int), state: state{
		collections: make(map[string]*collection), aliases: make(map[string]string),
	}}
	s.Address = s.serve(t, "127.0.0.1:0", opts...)
	t.Cleanup(func() { s.Stop() })
	return s
}

func (s *Server) serve(t testing.TB, address string, opts ...grpc.ServerOption) string {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(append(opts, grpc.UnaryInterceptor(s.intercept), grpc.MaxRecvMsgSize(64<<20))...)
	milvuspb.RegisterMilvusServiceServer(server, s)
	s.mu.Lock()
	s.grpc = server
	s.mu.Unlock()
	go server.Serve(l) //nolint:errcheck // it ends with Stop
	return l.Addr().String()
}

// Stop cuts all connections. What was written is kept.
func (s *Server) Stop() {
	s.mu.Lock()
	server := s.grpc
	s.mu.Unlock()
	server.Stop()
}

// Restart serves again under the same address after Stop.
func (s *Server) Restart(t testing.TB) { s.serve(t, s.Address) }

// Meddle puts m between callers and the server; nil takes it away.
func (s *Server) Meddle(m Meddler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.meddle = m
}

// Calls returns how often a method was called.
func (s *Server) Calls(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[method]
}

func (s *Server) intercept(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	method := path.Base(info.FullMethod)
	s.mu.Lock()
	s.calls[method]++
	meddle := s.meddle
	s.mu.Unlock()
	next := func() (any, error) { return handler(ctx, req) }
	if meddle == nil {
		return next()
	}
	return meddle(ctx, method, req, next)
}

// Status is an answer that says no, with a code of Milvus 2.3.
func Status(code int32, reason string) *commonpb.Status {
	return &commonpb.Status{Code: code, ErrorCode: commonpb.ErrorCode_UnexpectedError, Reason: reason}
}

func ok() *commonpb.Status { return &commonpb.Status{} }

func notFound(name string) *commonpb.Status {
	return Status(100, fmt.Sprintf("can't find collection[database=default][collection=%s]", name))
}

// find returns a collection by its name or an alias.
func (s *Server) find(name string) (*collection, *commonpb.Status) {
	if target, ok := s.aliases[name]; ok {
		name = target
	}
	c, found := s.collections[name]
	if !found {
		return nil, notFound(name)
	}
	return c, nil
}

// Unload puts a collection aside, as an operator would to free memory.
func (s *Server) Unload(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, _ := s.find(name); c != nil {
		c.loaded = false
	}
}

// Rows returns how many rows a collection has.
func (s *Server) Rows(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, _ := s.find(name)
	if c == nil {
		return 0
	}
	return len(c.rows)
}

// Index returns the parameters of the index of a field, nil if it has none.
func (s *Server) Index(name, field string) map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, _ := s.find(name)
	if c == nil || c.index[field] == nil {
		return nil
	}
	out := make(map[string]string)
	for _, p := range c.index[field] {
		out[p.GetKey()] = p.GetValue()
	}
	return out
}

// Unindex removes the index of a field, as a database administrator may.
func (s *Server) Unindex(name, field string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, _ := s.find(name); c != nil {
		delete(c.index, field)
	}
}

// SetIndex replaces the index of a field, as a database administrator may.
func (s *Server) SetIndex(name, field string, params map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, _ := s.find(name)
	if c == nil {
		return
	}
	c.index[field] = nil
	for _, key := range slices.Sorted(maps.Keys(params)) {
		c.index[field] = append(c.index[field], &commonpb.KeyValuePair{Key: key, Value: params[key]})
	}
}

// Put writes a row as another client would: what it holds is the caller's business.
func (s *Server) Put(name string, r Row) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, _ := s.find(name); c != nil {
		c.rows[r["id"].(string)] = r
	}
}

// Row returns a row by its id, nil if there is none. The caller may change it.
func (s *Server) Row(name, id string) Row {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, _ := s.find(name); c != nil {
		return maps.Clone(c.rows[id])
	}
	return nil
}

// Names returns the names of all collections.
func (s *Server) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for name := range s.collections {
		out = append(out, name)
	}
	return out
}

// Remove drops a collection and leaves the aliases that point to it.
func (s *Server) Remove(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.collections, name)
}

// DropAliases forgets all aliases.
func (s *Server) DropAliases() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.aliases)
}

// Connect implements milvuspb.MilvusServiceServer, as do the following.
func (s *Server) Connect(context.Context, *milvuspb.ConnectRequest) (*milvuspb.ConnectResponse, error) {
	return &milvuspb.ConnectResponse{Status: ok(), ServerInfo: &commonpb.ServerInfo{BuildTags: "fake"}}, nil
}

func (s *Server) CreateCollection(_ context.Context, req *milvuspb.CreateCollectionRequest) (*commonpb.Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	schema := new(schemapb.CollectionSchema)
	if err := proto.Unmarshal(req.GetSchema(), protoadapt.MessageV2Of(schema)); err != nil {
		return nil, err
	}
	s.addCollection(schema, req.GetShardsNum())
	return ok(), nil
}

func (s *Server) addCollection(schema *schemapb.CollectionSchema, shards int32) {
	s.collections[schema.GetName()] = &collection{
		id: rand.Int64(), schema: schema, shards: shards, rows: make(map[string]Row), index: make(map[string][]*commonpb.KeyValuePair),
	}
}

func (s *Server) DropCollection(_ context.Context, req *milvuspb.DropCollectionRequest) (*commonpb.Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.collections, req.GetCollectionName())
	return ok(), nil
}

func (s *Server) HasCollection(_ context.Context, req *milvuspb.HasCollectionRequest) (*milvuspb.BoolResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, st := s.find(req.GetCollectionName())
	return &milvuspb.BoolResponse{Status: ok(), Value: st == nil}, nil
}

func (s *Server) DescribeCollection(_ context.Context, req *milvuspb.DescribeCollectionRequest) (*milvuspb.DescribeCollectionResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, st := s.find(req.GetCollectionName())
	if st != nil {
		return &milvuspb.DescribeCollectionResponse{Status: st}, nil
	}
	return &milvuspb.DescribeCollectionResponse{Status: ok(), CollectionID: c.id, CollectionName: c.schema.GetName(), Schema: c.schema,
		ShardsNum: c.shards}, nil
}

func (s *Server) ShowCollections(_ context.Context, req *milvuspb.ShowCollectionsRequest) (*milvuspb.ShowCollectionsResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &milvuspb.ShowCollectionsResponse{Status: ok()}
	for name, c := range s.collections {
		//lint:ignore SA1019 the SDK asks for one collection this way
		if names := req.GetCollectionNames(); len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		out.InMemoryPercentages = append(out.InMemoryPercentages, 100)
		out.QueryServiceAvailable = append(out.QueryServiceAvailable, c.loaded)
		out.CollectionIds = append(out.CollectionIds, c.id)
		out.CollectionNames = append(out.CollectionNames, name)
	}
	return out, nil
}

func (s *Server) CreateAlias(_ context.Context, req *milvuspb.CreateAliasRequest) (*commonpb.Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, exists := s.aliases[req.GetAlias()]; exists {
		return Status(1602, "alias already exist"), nil
	}
	s.aliases[req.GetAlias()] = req.GetCollectionName()
	return ok(), nil
}

func (s *Server) AlterAlias(_ context.Context, req *milvuspb.AlterAliasRequest) (*commonpb.Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, exists := s.aliases[req.GetAlias()]; !exists {
		return Status(1600, "alias not found"), nil
	}
	s.aliases[req.GetAlias()] = req.GetCollectionName()
	return ok(), nil
}

func (s *Server) DropAlias(_ context.Context, req *milvuspb.DropAliasRequest) (*commonpb.Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.aliases, req.GetAlias())
	return ok(), nil
}

func (s *Server) RenameCollection(_ context.Context, req *milvuspb.RenameCollectionRequest) (*commonpb.Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, exists := s.collections[req.GetOldName()]
	if !exists {
		return notFound(req.GetOldName()), nil
	}
	if _, st := s.find(req.GetNewName()); st == nil {
		return Status(65535, "duplicated new collection name"), nil
	}
	delete(s.collections, req.GetOldName())
	s.collections[req.GetNewName()] = c
	c.schema.Name = req.GetNewName()
	for alias, target := range s.aliases {
		if target == req.GetOldName() {
			s.aliases[alias] = req.GetNewName()
		}
	}
	return ok(), nil
}

func (s *Server) CreateIndex(_ context.Context, req *milvuspb.CreateIndexRequest) (*commonpb.Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, st := s.find(req.GetCollectionName())
	if st != nil {
		return st, nil
	}
	c.index[req.GetFieldName()] = req.GetExtraParams()
	return ok(), nil
}

func (s *Server) DescribeIndex(_ context.Context, req *milvuspb.DescribeIndexRequest) (*milvuspb.DescribeIndexResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, st := s.find(req.GetCollectionName())
	if st == nil && c.index[req.GetFieldName()] == nil {
		st = Status(700, "index not found")
	}
	if st != nil {
		return &milvuspb.DescribeIndexResponse{Status: st}, nil
	}
	return &milvuspb.DescribeIndexResponse{Status: ok(), IndexDescriptions: []*milvuspb.IndexDescription{
		{FieldName: req.GetFieldName(), Params: c.index[req.GetFieldName()], State: commonpb.IndexState_Finished},
	}}, nil
}

func (s *Server) DropIndex(_ context.Context, req *milvuspb.DropIndexRequest) (*commonpb.Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dropIndex(req.GetCollectionName(), req.GetFieldName()), nil
}

func (s *Server) dropIndex(name, field string) *commonpb.Status {
	c, st := s.find(name)
	if st != nil {
		return st
	}
	if c.loaded {
		return Status(65535, "index cannot be dropped, collection is loaded, please release it first")
	}
	delete(c.index, field)
	return ok()
}

func (s *Server) ReleaseCollection(_ context.Context, req *milvuspb.ReleaseCollectionRequest) (*commonpb.Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, st := s.find(req.GetCollectionName())
	if st != nil {
		return st, nil
	}
	c.loaded = false
	return ok(), nil
}

func (s *Server) GetReplicas(_ context.Context, req *milvuspb.GetReplicasRequest) (*milvuspb.GetReplicasResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &milvuspb.GetReplicasResponse{Status: ok()}
	for _, c := range s.collections {
		if c.id == req.GetCollectionID() {
			for i := range c.replicas {
				out.Replicas = append(out.Replicas, &milvuspb.ReplicaInfo{ReplicaID: int64(i)})
			}
		}
	}
	return out, nil
}

func (s *Server) LoadCollection(_ context.Context, req *milvuspb.LoadCollectionRequest) (*commonpb.Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, st := s.find(req.GetCollectionName())
	if st != nil {
		return st, nil
	}
	if len(c.index["vector"]) == 0 {
		return Status(700, "there is no vector index on collection, please create index firstly"), nil
	}
	if len(req.GetResourceGroups()) > 0 && req.GetResourceGroups()[0] == "none" {
		return Status(300, "resource group not found[rg=none]"), nil
	}
	c.loaded, c.replicas = true, max(1, req.GetReplicaNumber())
	return ok(), nil
}

func (s *Server) GetLoadingProgress(context.Context, *milvuspb.GetLoadingProgressRequest) (*milvuspb.GetLoadingProgressResponse, error) {
	return &milvuspb.GetLoadingProgressResponse{Status: ok(), Progress: 100}, nil
}
