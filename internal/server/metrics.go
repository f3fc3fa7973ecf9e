package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics count the requests and describe the server, as Prometheus reads it.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	latency  *prometheus.HistogramVec
}

func newMetrics(version string) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sightline_requests_total", Help: "Requests that were answered.",
		}, []string{"route", "method", "status"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "sightline_request_seconds", Help: "Time to answer a request.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60},
		}, []string{"route"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "sightline_build_info", Help: "The version of the program.", ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	m.registry.MustRegister(m.requests, m.latency, build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// handler shows the metrics of a server.
func (m *metrics) handler(s *Server) http.Handler {
	gauge := func(name, help string, value func() float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
	}
	counter := func(name, help string, value func() float64) {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, value))
	}
	gauge("sightline_requests_at_work", "Requests that are worked on now.", func() float64 { return float64(s.gate.taken()) })
	gauge("sightline_index_open", "Whether the index is open.", func() float64 {
		if s.source.isOpen() {
			return 1
		}
		return 0
	})
	gauge("sightline_thumbnail_bytes", "Bytes of the thumbnails that are kept.", func() float64 { return float64(s.options.Thumbnails.Stats().Bytes) })
	counter("sightline_thumbnails_made_total", "Thumbnails that were made.", func() float64 { return float64(s.options.Thumbnails.Stats().Made) })
	counter("sightline_thumbnail_hits_total", "Thumbnails that were there.", func() float64 { return float64(s.options.Thumbnails.Stats().Hits) })
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// count measures requests. The route is the pattern of the mux: nothing of a path that a
// client makes up becomes a label.
func (m *metrics) count(mux *http.ServeMux, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		_, route := mux.Handler(r)
		seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			m.requests.WithLabelValues(route, methodOf(r), strconv.Itoa(seen.status)).Inc()
			m.latency.WithLabelValues(route).Observe(time.Since(start).Seconds())
		}()
		next.ServeHTTP(seen, r)
	})
}

// methodOf is the method, and OTHER for one that a client makes up.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "OTHER"
}

// statusWriter notes the status.
type statusWriter struct {
	http.ResponseWriter
	status int
	wrote  bool
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	if !w.wrote {
		w.status, w.wrote = status, true
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController see what is below.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
