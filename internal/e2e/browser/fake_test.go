package browser

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/server/gallery"
)

// fake answers as the server does, for an index of any size that holds no pictures. What it
// says of its own accord, and not of the real one, is as little as the tests need.
type fake struct {
	*httptest.Server
	size    int
	away    atomic.Bool // every answer is 503
	mu      sync.Mutex
	held    map[string]chan struct{} // queries that are not answered before their channel is closed
	done    chan struct{}            // has a value for each of those that was answered
	queries []string
	thumbs  map[string][]byte
	asked   map[string]int // thumbnails, by id

	thresholds map[string]float64 // by label
	revealed   []string           // ids
}

// newFake starts a server with so many pictures.
func newFake(t *testing.T, size int) *fake {
	t.Helper()
	page, err := gallery.Handler()
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{size: size, thumbs: map[string][]byte{}, asked: map[string]int{}, held: map[string]chan struct{}{}, thresholds: map[string]float64{}, done: make(chan struct{}, 1)}
	mux := http.NewServeMux()
	mux.Handle("/", page)
	mux.HandleFunc("GET /api/v1/search", f.search)
	mux.HandleFunc("GET /api/v1/images/{id}", f.image)
	mux.HandleFunc("GET /api/v1/thumbnails/{id}", f.thumbnail)
	f.views(mux)
	mux.HandleFunc("GET /api/v1/tags", func(w http.ResponseWriter, r *http.Request) {
		tags := []map[string]any{}
		for _, name := range []string{"sea", "seagull", "birthday party"} {
			if strings.HasPrefix(name, r.URL.Query().Get("prefix")) {
				tags = append(tags, map[string]any{"label": name, "pictures": 12})
			}
		}
		reply(w, map[string]any{"tags": tags, "total": len(tags)})
	})
	mux.HandleFunc("GET /api/v1/folders", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{"folders": []map[string]any{{"path": "/photos/at sea", "pictures": 7}}, "total": 1})
	})
	mux.HandleFunc("GET /api/v1/labels", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{"labels": []map[string]any{{"name": "holiday"}}, "failed": []string{}})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { reply(w, map[string]bool{"ready": true}) })
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.away.Load() {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, `{"status":503,"detail":"the store is away","kind":"unreachable"}`)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

// hold keeps the answer to a query back until it is called, and returns what then tells that
// it was sent.
func (f *fake) hold(query string) (answer func(), answered <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	held := make(chan struct{})
	f.held[query] = held
	return func() {
		f.mu.Lock()
		delete(f.held, query)
		f.mu.Unlock()
		close(held)
	}, f.done
}

// waitFor waits until a query was asked.
func (f *fake) waitFor(t *testing.T, query string) {
	t.Helper()
	for deadline := time.Now().Add(patience / 3); ; time.Sleep(20 * time.Millisecond) {
		f.mu.Lock()
		asked := slices.Contains(f.queries, query)
		f.mu.Unlock()
		if asked {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("nobody has asked for %q", query)
		}
	}
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

// hit is a made-up picture. Its size goes by its number.
func (f *fake) hit(i int) map[string]any {
	sizes := [][2]int{{1600, 1200}, {1200, 1600}, {1500, 1000}, {2000, 900}, {1000, 1000}, {900, 1600}, {1800, 1200}}
	size := sizes[(i*7+i/3)%len(sizes)]
	name := fmt.Sprintf("picture-%06d.jpg", i)
	return map[string]any{
		"rank": i + 1, "score": 0.4 - float64(i)/1e6, "id": fmt.Sprintf("%040x", i), "path": "/photos/" + name, "name": name,
		"folder": "/photos", "width": size[0], "height": size[1], "tags": []string{"made-up"}, "date": "2021-05-06T01:00:00", "date_kind": "original",
		"format": "jpeg", "version": "v1", "tag_details": []map[string]any{{"label": "made-up", "source": "user", "probability": 1}},
	}
}

func (f *fake) search(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	f.mu.Lock()
	f.queries = append(f.queries, q.Get("q"))
	held := f.held[q.Get("q")]
	f.mu.Unlock()
	if held != nil {
		select {
		case <-held:
		case <-r.Context().Done(): // the page has given it up
		}
		defer func() { f.done <- struct{}{} }()
	}
	if column := strings.Index(q.Get("q"), "tag:a:b"); column >= 0 {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusBadRequest)
		json.NewEncoder(w).Encode(map[string]any{"status": 400, "detail": "not a tag", "hint": "leave it out", "column": column + 1})
		return
	}
	if strings.Contains(q.Get("q"), "format:jpge") {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusBadRequest)
		json.NewEncoder(w).Encode(map[string]any{
			"status": 400, "detail": `"jpge" is no format`, "hint": "did you mean jpeg?", "column": 8,
			"suggestions": []any{map[string]any{"instead": "jpge", "text": "jpeg", "query": strings.ReplaceAll(q.Get("q"), "jpge", "jpeg")}},
		})
		return
	}
	if q.Get("q") == "of another model" {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusConflict)
		json.NewEncoder(w).Encode(map[string]any{"status": 409, "detail": "the index was built by model old", "hint": "indexer run --rebuild"})
		return
	}
	limit, _ := strconv.Atoi(q.Get("limit"))
	from, _ := strconv.Atoi(q.Get("cursor"))
	size := f.size
	if q.Get("q") == "nothing" {
		size = 0
	}
	hits := []any{}
	for i := from; i < min(from+limit, size); i++ {
		hits = append(hits, f.hit(i))
	}
	chips := []any{}
	if q.Get("q") != "" {
		chips = append(chips, map[string]any{"text": q.Get("q"), "kind": "text", "op": "add", "column": 1, "without": ""})
	}
	next := ""
	if from+limit < size {
		next = strconv.Itoa(from + limit)
	}
	remarks, suggestions := []string{}, []any{}
	if q.Get("q") == "tigr" {
		remarks = append(remarks, `"tigr" may be a typing error: did you mean tiger or tier?`)
		for _, text := range []string{"tiger", "tier"} {
			suggestions = append(suggestions, map[string]any{"instead": "tigr", "text": text, "query": text})
		}
	}
	reply(w, map[string]any{"query": map[string]any{"line": q.Get("q"), "chips": chips}, "hits": hits, "next": next, "remarks": remarks, "suggestions": suggestions, "total": f.size})
}

func (f *fake) image(w http.ResponseWriter, r *http.Request) {
	i, err := strconv.ParseInt(r.PathValue("id"), 16, 64)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	reply(w, f.hit(int(i)))
}

// thumbnail is a plain picture in a colour of its own.
func (f *fake) thumbnail(w http.ResponseWriter, r *http.Request) {
	hash := fnv.New32a()
	hash.Write([]byte(r.PathValue("id")))
	hue := hash.Sum32() % 64
	key := strconv.Itoa(int(hue))
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked[r.PathValue("id")]++
	if f.thumbs[key] == nil {
		m := image.NewRGBA(image.Rect(0, 0, 16, 12))
		for i := range m.Pix {
			m.Pix[i] = 255
		}
		for y := range 12 {
			for x := range 16 {
				m.Set(x, y, color.RGBA{uint8(60 + hue*3), uint8(90 + 8*y), uint8(200 - hue*2), 255})
			}
		}
		var b bytes.Buffer
		if err := jpeg.Encode(&b, m, nil); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		f.thumbs[key] = b.Bytes()
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Cache-Control", "max-age=31536000, immutable")
	w.Write(f.thumbs[key])
}
