package milvus_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/milvus-io/milvus-sdk-go/v2/client"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
)

// BenchmarkFindContent looks up content hashes in two collections with the same records, of
// which one has no index of content_hash: right after the writes, and after the server has
// sealed, indexed and loaded what was written, twice. It reports the median time of a look-up,
// and the processor time of the server beside what it takes when nobody asks. Run it with
// -benchtime 1x and a server that scripts/milvus started; SIGHTLINE_BENCH_RECORDS says
// how many records. docs/milvus.md has the figures.
func BenchmarkFindContent(b *testing.B) {
	pid := serverPID(b)
	for b.Loop() {
		l := lookups{n: benchRecords(b), pid: pid, stores: make(map[string]*milvus.Store)}
		l.run(b)
	}
}

// lookups are two collections that are compared.
type lookups struct {
	n      int    // records in each
	pid    string // of the server
	stores map[string]*milvus.Store
}

// contentDim is small, since nothing here reads a vector.
const contentDim = 32

func (l *lookups) run(b *testing.B) {
	address := standalone.address(b)
	prefix := uniqueName(b, address)
	bare := connect(b, address)
	for _, name := range []string{"indexed", "plain"} {
		s, err := milvus.Open(b.Context(), milvus.Options{
			Address: address, Collection: prefix + name, Mode: store.Create, CallTimeout: 2 * time.Minute,
			Model: store.Model{Fingerprint: "0123456789abcdef", Name: "bench", Dim: contentDim}, Index: milvus.Index{Type: "FLAT"},
		})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { s.Close() })
		l.stores[name] = s
	}
	plain := prefix + "plain_0123456789ab"
	if err := bare.ReleaseCollection(b.Context(), plain); err != nil {
		b.Fatal(err)
	}
	if err := bare.DropIndex(b.Context(), plain, "content_hash", client.WithIndexName("content_hash")); err != nil {
		b.Fatal(err)
	}
	if err := bare.LoadCollection(b.Context(), plain, false); err != nil {
		b.Fatal(err)
	}
	for from := 0; from < l.n; from += benchBatch {
		batch := contentRecords(from, min(from+benchBatch, l.n))
		for _, s := range l.stores {
			if err := s.Upsert(b.Context(), batch); err != nil {
				b.Fatal(err)
			}
		}
	}
	l.measure(b, "written")
	for name := range l.stores {
		buildIndex(b, bare, prefix+name, int64(l.n), 20*time.Minute)
	}
	if have, err := bare.DescribeIndex(b.Context(), plain, "content_hash"); err == nil && len(have) > 0 {
		b.Fatalf("the collection without an index has %v", have)
	}
	l.measure(b, "loaded")
	l.measure(b, "settled") // a server loads the data first, and its index a moment later
}

// contentRecords makes the records from one number up to another, each of content of its own.
func contentRecords(from, to int) []store.Record {
	out := make([]store.Record, to-from)
	for i := range out {
		path := fmt.Sprintf("/photos/2024/%03d/IMG_%07d.jpg", (from+i)/1000, from+i)
		v := make([]float32, contentDim)
		v[(from+i)%contentDim] = 1
		out[i] = store.Record{
			ID: store.ID("bench", path), Path: path, Root: "/photos", Size: 3 << 20, ModTime: time.Unix(1.7e9, 5),
			ContentHash: contentHash(from + i), Width: 4000, Height: 3000, Format: "jpeg", Vector: v,
		}
	}
	return out
}

func contentHash(n int) []byte {
	h := sha256.Sum256([]byte(strconv.Itoa(n)))
	return h[:]
}

// measure asks both stores in turns, for hashes that are there and that are not.
func (l *lookups) measure(b *testing.B, state string) {
	b.Helper()
	idle := l.quiet(b)
	rng := rand.New(rand.NewPCG(3, 4))
	for _, test := range []struct {
		name          string
		batch, rounds int
		known         bool
	}{
		{"1_new", 1, 60, false},
		{"64_new", 64, 30, false},
		{"1_known", 1, 30, true},
	} {
		times, cpu := make(map[string][]time.Duration), make(map[string][]float64)
		for turn := range 12 {
			names := []string{"indexed", "plain"}
			if turn%2 == 1 {
				slices.Reverse(names)
			}
			for _, name := range names {
				before, began := processorTime(b, l.pid), time.Now()
				for range test.rounds {
					times[name] = append(times[name], l.ask(b, rng, name, test.batch, test.known))
				}
				took := (processorTime(b, l.pid) - before).Seconds() - idle*time.Since(began).Seconds()
				cpu[name] = append(cpu[name], took*1000/float64(test.rounds))
			}
		}
		for _, name := range []string{"indexed", "plain"} {
			slices.Sort(times[name])
			slices.Sort(cpu[name])
			p50 := float64(times[name][len(times[name])/2].Microseconds()) / 1000
			processor := cpu[name][len(cpu[name])/2]
			b.ReportMetric(processor, state+"_"+test.name+"_"+name+"_cpu-ms")
			b.ReportMetric(p50, state+"_"+test.name+"_"+name+"_ms")
		}
	}
}

// ask looks up hashes, and returns how long that took.
func (l *lookups) ask(b *testing.B, rng *rand.Rand, name string, batch int, known bool) time.Duration {
	b.Helper()
	hashes := make([][]byte, batch)
	for i := range hashes {
		hashes[i] = contentHash(rng.IntN(l.n))
		if !known {
			hashes[i] = contentHash(-1 - rng.IntN(1e9))
		}
	}
	start := time.Now()
	found, err := l.stores[name].FindContents(context.Background(), hashes, 10)
	if err != nil {
		b.Fatal(err)
	}
	took := time.Since(start)
	if there := len(found[0]) == 1; there != known {
		b.Fatalf("%s: found %d records of a hash", name, len(found[0]))
	}
	return took
}

// quiet waits until the server does no more than it does by itself, such as building
// indexes of what was written, and returns how many cores that takes.
func (l *lookups) quiet(b *testing.B) float64 {
	b.Helper()
	const window = 3 * time.Second
	last := 0.0
	for range 60 {
		start, before := time.Now(), processorTime(b, l.pid)
		time.Sleep(window)
		now := (processorTime(b, l.pid) - before).Seconds() / time.Since(start).Seconds()
		if last > 0 && now < 0.5 && max(now, last) < 1.15*min(now, last) {
			return (now + last) / 2
		}
		last = now
	}
	b.Fatalf("the server is busy with %.2f cores", last)
	return 0
}

var processOf = regexp.MustCompile(`process (\d+)`)

// serverPID is the process of the server that the script runs.
func serverPID(b *testing.B) string {
	b.Helper()
	standalone.address(b) // starts it
	out, err := exec.Command(script, "status", standalone.kind).CombinedOutput()
	m := processOf.FindSubmatch(out)
	if err != nil || m == nil {
		b.Skipf("the server's processor time needs a server of scripts/milvus: %s", out)
	}
	return string(m[1])
}

// processorTime is what a process has taken so far, in Linux's steps of 10 ms.
func processorTime(b *testing.B, pid string) time.Duration {
	b.Helper()
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		b.Skip(err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		b.Fatal(err)
	}
	system, err := strconv.Atoi(fields[12])
	if err != nil {
		b.Fatal(err)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}
