package browser

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"time"
)

// views adds what the views beside the pictures ask for.
func (f *fake) views(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/v1/status", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{
			"records": f.size, "failures": 2, "collection": "pictures", "store": "local", "location": "/index", "version": "test",
			"model": map[string]any{"name": "starter", "precision": "fp32", "dim": 128}, "created": "2024-05-06T10:00:00Z", "updated": time.Now().Add(-time.Hour),
			"bytes": 1 << 20, "writing": true, "role": "write", "allow_write": true, "reveal": true, "thumbnails": map[string]any{"files": 12, "bytes": 99999},
		})
	})
	mux.HandleFunc("GET /api/v1/failures", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{"total": 2, "failures": []map[string]any{
			{"path": "/photos/broken.jpg", "reason": "the file is damaged", "at": time.Now().Add(-time.Minute)},
			{"path": "/photos/<img src=x onerror=alert(1)>.png", "reason": "not a picture", "at": time.Now()},
		}})
	})
	mux.HandleFunc("GET /api/v1/timeline", func(w http.ResponseWriter, _ *http.Request) {
		days := []map[string]any{}
		for day := time.Date(2021, 1, 3, 0, 0, 0, 0, time.UTC); day.Year() < 2024; day = day.AddDate(0, 0, 1+day.YearDay()%11) {
			days = append(days, map[string]any{"day": day.Format(time.DateOnly), "pictures": 1 + day.YearDay()*7%60})
		}
		reply(w, map[string]any{"days": days, "undated": 17})
	})
	mux.HandleFunc("GET /api/v1/duplicates", func(w http.ResponseWriter, _ *http.Request) {
		groups := []map[string]any{}
		for i := range 6 {
			keep, other := f.hit(3*i), f.hit(3*i+1)
			keep["bytes"], keep["changed"] = 900000, "2020-01-01T00:00:00Z"
			other["bytes"], other["changed"], other["same"], other["nearness"] = 400000+i, "2019-01-01T00:00:00Z", i%2 == 0, 0.97
			other["path"], other["folder"] = "/copies"+other["path"].(string), "/copies/photos"
			groups = append(groups, map[string]any{"keep": keep, "why": "the largest", "others": []any{other}})
		}
		reply(w, map[string]any{"groups": groups, "total": len(groups), "others": len(groups), "bytes": 2400000, "failed": []string{}})
	})
	mux.HandleFunc("GET /api/v1/runs", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{"min_probability": 0.3, "runs": []map[string]any{{
			"id": "0123456789abcdef", "label_count": 3, "labels_from": "labels.txt", "tags": 120, "tagged": 100, "started": "2024-05-06T10:00:00Z", "resumed": "2024-05-06T10:00:00Z",
			"finished": "2024-05-06T10:01:00Z", "plan": map[string]any{"min_probability": 0.5},
		}}})
	})
	mux.HandleFunc("POST /api/v1/runs", f.run)
	mux.HandleFunc("GET /api/v1/runs/{id}/events", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for done := 0; done <= 100; done += 25 {
			fmt.Fprintf(w, "event: progress\ndata: {\"id\":\"new\",\"kind\":\"tag\",\"state\":\"running\",\"planned\":100,\"done\":%d}\n\n", done)
			w.(http.Flusher).Flush()
			time.Sleep(10 * time.Millisecond)
		}
		fmt.Fprint(w, "event: end\ndata: {\"id\":\"new\",\"kind\":\"tag\",\"state\":\"finished\",\"planned\":100,\"done\":100,\"failed\":0}\n\n")
	})
	mux.HandleFunc("GET /api/v1/lists", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{"lists": []map[string]any{{"name": "scenes", "title": "Scenes", "about": "the place that a picture shows", "labels": 2}}})
	})
	mux.HandleFunc("GET /api/v1/corrections", func(w http.ResponseWriter, _ *http.Request) { reply(w, map[string]any{"labels": []any{}}) })
	mux.HandleFunc("POST /api/v1/thresholds", func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Label       string
			Probability float64
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		f.mu.Lock()
		f.thresholds[body.Label] = body.Probability
		f.mu.Unlock()
		reply(w, map[string]any{"label": body.Label, "probability": body.Probability})
	})
	mux.HandleFunc("POST /api/v1/images/{id}/reveal", func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		f.revealed = append(f.revealed, r.PathValue("id"))
		f.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /api/v1/clusters", f.clusters)
	mux.HandleFunc("GET /api/v1/map", f.points)
}

// run answers a dry run with pictures for each label, as many as the threshold leaves.
func (f *fake) run(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Labels         []string
		Bundled        string
		MinProbability float64 `json:"min_probability"`
		Thresholds     map[string]float64
		DryRun         bool `json:"dry_run"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if !body.DryRun {
		reply(w, map[string]any{"id": "new", "dry_run": false})
		return
	}
	if body.Bundled == "scenes" {
		body.Labels = []string{"coast", "valley"}
	}
	least := cmp.Or(body.MinProbability, 0.3)
	labels := []map[string]any{}
	tags := 0
	f.mu.Lock()
	defer f.mu.Unlock()
	for n, name := range body.Labels {
		best := []map[string]any{}
		saved := cmp.Or(f.thresholds[name], least)
		threshold, tried := body.Thresholds[name]
		threshold = cmp.Or(threshold, least)
		if !tried {
			threshold = saved
		}
		before := 0
		for i := range 12 {
			p := 0.98 - 0.07*float64(i)
			if p >= saved {
				before++
			}
			if p < threshold {
				continue
			}
			hit := f.hit(20*n + i)
			hit["probability"], hit["cosine"] = p, 0.3
			best = append(best, hit)
		}
		tags += len(best)
		l := map[string]any{"label": name, "pictures": len(best), "best": best, "threshold": threshold, "own_threshold": threshold != least}
		if len(body.Thresholds) > 0 {
			l["before"] = before
		}
		labels = append(labels, l)
	}
	reply(w, map[string]any{"id": "new", "dry_run": true, "labels": labels, "tags": tags, "tagged": tags, "min_probability": least, "learned": []any{}, "histogram": []int{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 5, 8, 3, 5, 9, 12, 20, 31}})
}

const blobs = 12

func (f *fake) clusters(w http.ResponseWriter, _ *http.Request) {
	all := []map[string]any{}
	for i := range blobs {
		x, y := blob(i)
		all = append(all, map[string]any{
			"id": fmt.Sprint(i + 1), "parent": -1, "level": 1, "name": fmt.Sprintf("kind %d", i+1), "size": f.size / blobs, "x": x, "y": y,
			"representatives": []string{fmt.Sprintf("%040x", i), fmt.Sprintf("%040x", i+blobs)},
		})
	}
	reply(w, map[string]any{"clusters": all})
}

func blob(i int) (x, y float64) {
	sin, cos := math.Sincos(float64(i) * 2.4)
	return 3 * cos * math.Sqrt(float64(i)), 3 * sin * math.Sqrt(float64(i))
}

func (f *fake) points(w http.ResponseWriter, _ *http.Request) {
	rng := rand.New(rand.NewPCG(1, 2))
	ids, xs, ys, cluster := make([]string, f.size), make([]float32, f.size), make([]float32, f.size), make([]int, f.size)
	for i := range f.size {
		x, y := blob(i % blobs)
		ids[i], cluster[i] = fmt.Sprintf("%040x", i), i%blobs
		xs[i], ys[i] = float32(x+rng.NormFloat64()), float32(y+rng.NormFloat64())
	}
	reply(w, map[string]any{"ids": ids, "x": xs, "y": ys, "cluster": cluster})
}
