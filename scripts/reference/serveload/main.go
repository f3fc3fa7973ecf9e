// Command serveload measures how long searches take over HTTP with several clients at
// once. It first fills an index with synthetic pictures, whose embeddings lie around the
// texts of a list as those of photos do around what they show; then it asks a running
// search serve of that index.
//
//	go run -tags nodynamic ./scripts/reference/serveload --db /tmp/load --fill 100000
//	bin/search serve --db /tmp/load &
//	go run -tags nodynamic ./scripts/reference/serveload --ask http://127.0.0.1:8080 --clients 1,8,64
//
// --how like asks for what is like a picture, instead of for a text. --how knn asks
// clip-retrieval's back end the same, with the embeddings that --vectors kept while the index
// was filled: see clip_back.py beside this file.
//
// It prints a line for each number of clients: requests a second, the median, the 99th
// percentile, the processor time of the server for each request, which other work on the
// machine does not change much, and its memory at the end. With --requests N or --minutes N it
// asks all that a page asks for instead, at most --rate times a second, and says at each tenth
// of that what the server holds: memory, descriptors, goroutines and, on Linux with --pid,
// mappings.
package main

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/zeroshot"
)

func main() {
	db := flag.String("db", "", "folder of the index to fill")
	fill := flag.Int("fill", 0, "fill it with so many pictures")
	models := flag.String("models", "models", "folder of the models")
	address := flag.String("ask", "", "address of the server to ask")
	clients := flag.String("clients", "1,8,64", "numbers of clients")
	seconds := flag.Int("seconds", 10, "for each of them")
	vectors := flag.String("vectors", "", "file of the embeddings: written by --fill, read by --how knn")
	how := flag.String("how", "text", "ask by text, like or knn")
	pictures := flag.Int("pictures", 100000, "of the index that is asked")
	requests := flag.Int("requests", 0, "ask so many times for all kinds of things, and watch what the server holds")
	minutes := flag.Int("minutes", 0, "the same for so many minutes")
	rate := flag.Int("rate", 0, "then at most so many a second; 0 for as many as it answers")
	pid := flag.Int("pid", 0, "process of the server, whose mappings are counted")
	flag.Parse()
	ctx := context.Background()
	if *fill > 0 {
		if err := makeIndex(ctx, *db, *models, *fill, *vectors); err != nil {
			log.Fatal(err)
		}
	}
	if *address == "" {
		return
	}
	if *requests > 0 || *minutes > 0 {
		b := bounds{requests: *requests, time: time.Duration(*minutes) * time.Minute, rate: *rate}
		if err := hold(*address, b, *pid); err != nil {
			log.Fatal(err)
		}
		return
	}
	next, err := asking(*how, *address, *pictures, *vectors)
	if err != nil {
		log.Fatal(err)
	}
	for n := range strings.SplitSeq(*clients, ",") {
		count, err := strconv.Atoi(n)
		if err != nil {
			log.Fatal(err)
		}
		if err := measure(*address, next, count, time.Duration(*seconds)*time.Second); err != nil {
			log.Fatal(err)
		}
	}
}

// makeIndex makes an index of the starter model without a file behind any picture.
func makeIndex(ctx context.Context, db, models string, n int, vectors string) error {
	cfg := config.Default()
	cfg.DB, cfg.Models = db, models
	cfg.OnnxRuntimeLib = os.Getenv("SIGHTLINE_ONNXRUNTIME_LIB")
	env := &app.Env{Getenv: os.Getenv, Log: slog.Default()}
	open, err := env.OpenIndex(ctx, cfg, store.Create, app.ManyFiles)
	if err != nil {
		return err
	}
	var keep io.Writer = io.Discard
	if vectors != "" {
		f, err := os.Create(vectors)
		if err != nil {
			return errors.Join(err, open.Close())
		}
		defer f.Close()
		keep = f
	}
	err = fillIndex(ctx, open, n, keep)
	return errors.Join(err, open.Close())
}

func fillIndex(ctx context.Context, open *app.Open, n int, keep io.Writer) error {
	around, err := open.Encoder.EncodeTexts(ctx, zeroshot.BackgroundPrompts())
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(1, 2))
	const chunk = 2000
	for from := 0; from < n; from += chunk {
		var records []store.Record
		for i := from; i < min(n, from+chunk); i++ {
			v := slices.Clone(around.Row(r.IntN(around.Rows)))
			for k := range v {
				v[k] += float32(r.NormFloat64()) * 0.08
			}
			if err := vec.Normalize(v); err != nil {
				return err
			}
			if err := binary.Write(keep, binary.LittleEndian, v); err != nil {
				return err
			}
			p := pathOf(i)
			hash := make([]byte, 32)
			copy(hash, p[len(p)-20:])
			records = append(records, store.Record{
				ID: store.ID("default", p), Path: p, Root: "/synthetic", Size: int64(i), ModTime: time.Unix(int64(i), 0), ContentHash: hash,
				Width: 4000, Height: 3000, Format: "jpeg", TakenAt: time.Unix(int64(i)*1000, 0).UTC(), Vector: v,
			})
		}
		if err := open.Store.Upsert(ctx, records); err != nil {
			return err
		}
	}
	return open.Store.Flush(ctx)
}

func pathOf(i int) string { return fmt.Sprintf("/synthetic/%03d/%07d.jpg", i/1000, i) }

var (
	colours = strings.Fields("red blue green yellow black white old new big small")
	things  = strings.Fields("car dog beach mountain house flower cat bird boat street tree child lake bridge train")
	places  = strings.Fields("night sunset winter rain fog snow summer autumn")
)

// measure asks with so many clients for a while.
func measure(address string, next asker, clients int, during time.Duration) error {
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	c := &http.Client{Transport: transport, Timeout: time.Minute}
	var mu sync.Mutex
	var took []time.Duration
	var failed error
	var all sync.WaitGroup
	before := metric(c, address, "process_cpu_seconds_total")
	end := time.Now().Add(during)
	for n := range clients {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(n), uint64(clients)))
			for time.Now().Before(end) {
				one, err := next(r)
				start := time.Now()
				if err == nil {
					err = send(c, one)
				}
				mu.Lock()
				took = append(took, time.Since(start))
				failed = cmp.Or(failed, err)
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	all.Wait()
	if failed != nil {
		return failed
	}
	slices.Sort(took)
	at := func(p float64) time.Duration { return took[min(len(took)-1, int(p*float64(len(took))))] }
	cpu := (metric(c, address, "process_cpu_seconds_total") - before) / float64(len(took))
	fmt.Printf("%2d clients: %7.1f requests/s  p50 %6.1f ms  p99 %6.1f ms  processor %5.1f ms a request  memory %.0f MB\n", clients,
		float64(len(took))/during.Seconds(), float64(at(0.5).Microseconds())/1000, float64(at(0.99).Microseconds())/1000, cpu*1000,
		metric(c, address, "process_resident_memory_bytes")/1e6)
	return nil
}

func ask(c *http.Client, address string) error {
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	return send(c, r)
}

func send(c *http.Client, r *http.Request) error {
	res, err := c.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the server says %s", res.Status)
	}
	return nil
}

// metric is one of the numbers that the server tells of itself; -1 where it does not.
func metric(c *http.Client, address, name string) float64 {
	res, err := c.Get(address + "/metrics")
	if err != nil {
		return -1
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindSubmatch(body)
	if err != nil || found == nil {
		return -1
	}
	value, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		return -1
	}
	return value
}
