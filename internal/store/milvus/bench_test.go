package milvus_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/milvus-io/milvus-sdk-go/v2/client"
	"github.com/milvus-io/milvus-sdk-go/v2/entity"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
	"github.com/sightline/sightline/internal/vec"
)

// benchRecords is how many records of 512 dimensions the benchmarks write: 20,000, or
// the number in SIGHTLINE_BENCH_RECORDS. docs/benchmarks.md has the figures for 200,000.
func benchRecords(b *testing.B) int {
	text := os.Getenv("SIGHTLINE_BENCH_RECORDS")
	if text == "" {
		return 20000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

const benchDim, benchBatch = 512, 4096

// cloud makes vectors as embeddings lie: in clusters of few directions of their own,
// the texts around the same centres but away from all images.
type cloud struct {
	*rand.Rand
	centres, axes, gap [][]float32
}

func newCloud() *cloud {
	c := &cloud{Rand: rand.New(rand.NewPCG(1, 2))}
	c.centres, c.axes, c.gap = c.normals(400), c.normals(24*40), c.normals(1)
	return c
}

func (c *cloud) normals(n int) [][]float32 {
	out := make([][]float32, n)
	for i := range out {
		out[i] = make([]float32, benchDim)
		for j := range out[i] {
			out[i][j] = float32(c.NormFloat64())
		}
	}
	return out
}

func (c *cloud) vector(text bool) []float32 {
	k := c.IntN(len(c.centres))
	v := slices.Clone(c.centres[k])
	add := func(scale float64, direction []float32) {
		for j := range v {
			v[j] += float32(scale) * direction[j]
		}
	}
	for i := range 24 {
		add(0.35*c.NormFloat64(), c.axes[24*(k%40)+i])
	}
	if text {
		add(1.5, c.gap[0])
	}
	for j := range v {
		v[j] += float32(0.3 * c.NormFloat64())
	}
	if err := vec.Normalize(v); err != nil {
		panic(err)
	}
	return v
}

// filled is a collection of ours and one of the bare SDK's with the same vectors.
type filled struct {
	ours    *milvus.Store
	bare    client.Client
	ourName string
	sdkName string
	records int
	ourTime time.Duration
	sdkTime time.Duration
}

// fill writes the same batches into both, one after the other, so that what else the
// machine does slows both alike.
func fill(b *testing.B) *filled {
	b.Helper()
	address := standalone.address(b)
	prefix := uniqueName(b, address)
	f := &filled{bare: connect(b, address), sdkName: prefix + "sdk"}
	m := store.Model{Fingerprint: "0123456789abcdef", Name: "bench", Dim: benchDim}
	f.ourName = prefix + "ours"
	var err error
	f.ours, err = milvus.Open(b.Context(), milvus.Options{
		Address: address, Collection: f.ourName, Mode: store.Create, Model: m,
		CallTimeout: 2 * time.Minute,
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.ours.Close() })
	copySchema(b, f.bare, f.ourName, f.sdkName)

	c := newCloud()
	n := benchRecords(b)
	f.records = n
	for from := 0; from < n; from += benchBatch {
		batch := make([]store.Record, min(benchBatch, n-from))
		for i := range batch {
			path := fmt.Sprintf("/photos/2024/%03d/IMG_%07d.jpg", (from+i)/1000, from+i)
			batch[i] = store.Record{
				ID: store.ID("bench", path), Path: path, Root: "/photos", Size: 3 << 20, ModTime: time.Unix(1.7e9, 5),
				ContentHash: make([]byte, 32), Width: 4000, Height: 3000, Format: "jpeg", Vector: c.vector(false),
				Tags: []store.Tag{{Label: "holiday", Source: "file"}},
			}
		}
		columns := plainColumns(batch)
		ours := func() {
			start := time.Now()
			if err := f.ours.Upsert(b.Context(), batch); err != nil {
				b.Fatal(err)
			}
			f.ourTime += time.Since(start)
		}
		sdk := func() {
			start := time.Now()
			if _, err := f.bare.Upsert(b.Context(), f.sdkName, "", columns...); err != nil {
				b.Fatal(err)
			}
			f.sdkTime += time.Since(start)
		}
		if from/benchBatch%2 == 0 { // whoever goes second finds the server busy with the first
			ours()
			sdk()
		} else {
			sdk()
			ours()
		}
	}
	return f
}

// copySchema makes a collection like another, without a store around it.
func copySchema(b *testing.B, c client.Client, from, to string) {
	b.Helper()
	ctx := b.Context()
	like, err := c.DescribeCollection(ctx, from)
	if err != nil {
		b.Fatal(err)
	}
	schema := like.Schema
	schema.CollectionName = to
	if err := c.CreateCollection(ctx, schema, 1); err != nil {
		b.Fatal(err)
	}
	index, err := c.DescribeIndex(ctx, from, "vector")
	if err != nil {
		b.Fatal(err)
	}
	same := entity.NewGenericIndex("", index[0].IndexType(), index[0].Params())
	if err := c.CreateIndex(ctx, to, "vector", same, true); err != nil {
		b.Fatal(err)
	}
	if err := c.LoadCollection(ctx, to, false); err != nil {
		b.Fatal(err)
	}
}

// plainColumns is a batch as a program with nothing but the SDK would send it.
func plainColumns(batch []store.Record) []entity.Column {
	var paths, roots, ids, hashes, formats []string
	numbers := make(map[string][]int64)
	var tags [][][]byte
	var extras [][]byte
	var vectors [][]float32
	for _, r := range batch {
		ids, paths, roots, formats = append(ids, r.ID), append(paths, r.Path), append(roots, r.Root), append(formats, r.Format)
		hashes = append(hashes, "0000000000000000000000000000000000000000000000000000000000000000")
		for name, v := range map[string]int64{
			"size": r.Size, "mtime": r.ModTime.Unix(), "mtime_ns": 5, "width": 4000, "height": 3000,
			"taken_at": 0, "taken_ns": 0, "shown_at": r.ModTime.Unix(), "shown_ns": 5,
		} {
			numbers[name] = append(numbers[name], v)
		}
		tags = append(tags, [][]byte{[]byte("holiday")})
		extras = append(extras, []byte(`{"tags":[{"label":"holiday","source":"file"}]}`))
		vectors = append(vectors, r.Vector)
	}
	out := []entity.Column{
		entity.NewColumnVarChar("id", ids), entity.NewColumnVarChar("path", paths), entity.NewColumnVarChar("root", roots),
		entity.NewColumnVarChar("content_hash", hashes), entity.NewColumnVarChar("format", formats),
		entity.NewColumnVarCharArray("tags", tags), entity.NewColumnJSONBytes("extra", extras),
		entity.NewColumnFloatVector("vector", benchDim, vectors),
	}
	for name, values := range numbers {
		out = append(out, entity.NewColumnInt64(name, values))
	}
	return out
}

// BenchmarkUpsertAgainstSDK writes records through the store and through the bare
// SDK. Run it and the next with -benchtime 1x.
func BenchmarkUpsertAgainstSDK(b *testing.B) {
	for b.Loop() {
		f := fill(b)
		b.ReportMetric(float64(f.records)/f.ourTime.Seconds(), "records/s")
		b.ReportMetric(f.sdkTime.Seconds()/f.ourTime.Seconds(), "rate/sdk")
	}
}

// BenchmarkSearchAgainstSDK lets the server build its indexes, and then compares the
// median time of searches with the SDK's.
func BenchmarkSearchAgainstSDK(b *testing.B) {
	for b.Loop() {
		f := fill(b)
		f.buildIndexes(b)
		ours, sdk := f.latency(b)
		b.ReportMetric(float64(ours.Microseconds())/1000, "p50-ms")
		b.ReportMetric(ours.Seconds()/sdk.Seconds(), "p50/sdk")
	}
}

// buildIndexes lets the server search its indexes instead of what was just written.
func (f *filled) buildIndexes(b *testing.B) {
	b.Helper()
	for _, name := range []string{f.ourName, f.sdkName} {
		start := time.Now()
		buildIndex(b, f.bare, name, int64(f.records), 20*time.Minute)
		b.Logf("%s: indexed in %s", name, time.Since(start).Round(time.Second))
	}
}

func (f *filled) latency(b *testing.B) (ours, sdk time.Duration) {
	b.Helper()
	c := newCloud()
	fields := []string{"id", "path", "root", "size", "mtime", "mtime_ns", "content_hash", "width", "height", "format", "taken_at", "taken_ns", "extra"}
	p, err := entity.NewIndexHNSWSearchParam(128)
	if err != nil {
		b.Fatal(err)
	}
	like, err := f.bare.DescribeCollection(b.Context(), f.ourName)
	if err != nil {
		b.Fatal(err)
	}
	var a, z []time.Duration
	for i := range 400 {
		v := c.vector(true)
		q, err := vec.FromRows(v)
		if err != nil {
			b.Fatal(err)
		}
		ours := func() time.Duration {
			start := time.Now()
			if _, err := f.ours.SearchWith(b.Context(), store.Query{Vectors: q, K: 10, MinScore: -1}, 128); err != nil {
				b.Fatal(err)
			}
			return time.Since(start)
		}
		sdk := func() time.Duration {
			start := time.Now()
			if _, err := f.bare.Search(b.Context(), like.Name, nil, "", fields, []entity.Vector{entity.FloatVector(v)}, "vector", entity.IP, 10, p,
				client.WithSearchQueryConsistencyLevel(entity.ClBounded)); err != nil {
				b.Fatal(err)
			}
			return time.Since(start)
		}
		var one, other time.Duration
		if i%2 == 0 { // whoever goes second finds the vectors in the processor's cache
			one = ours()
			other = sdk()
		} else {
			other = sdk()
			one = ours()
		}
		if i >= 50 { // warm
			a, z = append(a, one), append(z, other)
		}
	}
	slices.Sort(a)
	slices.Sort(z)
	return a[len(a)/2], z[len(z)/2]
}

// BenchmarkBulkImport writes records as a store does, exports them, and lets the server
// import the files, which must have this machine's folders. Run it with -benchtime 1x.
func BenchmarkBulkImport(b *testing.B) {
	for b.Loop() {
		f := fill(b)
		dir := b.TempDir()
		start := time.Now()
		table, err := milvus.WriteBulk(b.Context(), f.ours, benchDim, dir, milvus.BulkOptions{})
		if err != nil {
			b.Fatal(err)
		}
		exported := time.Since(start)
		address := standalone.address(b)
		s, err := milvus.Open(b.Context(), milvus.Options{
			Address: address, Collection: uniqueName(b, address) + "bulk", Mode: store.Create, Model: f.ours.Model(), CallTimeout: 2 * time.Minute,
		})
		if err != nil {
			b.Fatal(err)
		}
		start = time.Now()
		if err := s.ImportBulk(b.Context(), table, dir, func(int64, int64) {}); err != nil {
			b.Fatal(err)
		}
		imported := time.Since(start)
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(f.records)/f.ourTime.Seconds(), "upserted/s")
		b.ReportMetric(float64(f.records)/exported.Seconds(), "exported/s")
		b.ReportMetric(float64(f.records)/imported.Seconds(), "imported/s")
		b.ReportMetric(f.sdkTime.Seconds()/f.ourTime.Seconds(), "rate/sdk")
	}
}
