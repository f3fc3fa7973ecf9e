package server

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"image"
	_ "image/jpeg"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/webfetch"
)

func TestThumbnails(t *testing.T) {
	h := newHouse(t)
	s := h.serve(nil)
	hit := ask[SearchAnswer](t, s, "GET", Prefix+"/search?limit=1&q="+url.QueryEscape("width>=500"), nil, 200).Hits[0]
	base := Prefix + "/thumbnails/" + hit.ID + "?size="
	tests := []struct {
		name, url  string
		width      int
		immutable  bool
		ifNoneFrom string // the URL whose ETag is sent
		status     int
	}{
		{"small", base + "200", 256, false, "", 200},
		{"larger than the picture", base + "1024", 600, false, "", 200},
		{"with its version", base + "256&v=" + hit.Version, 256, true, "", 200},
		{"with another version", base + "256&v=0123", 256, false, "", 200},
		{"that one has", base + "256&v=" + hit.Version, 0, true, base + "256", 304},
		{"of another size than one has", base + "512&v=" + hit.Version, 512, true, base + "256", 200},
		{"the file itself", Prefix + "/images/" + hit.ID + "/file", 600, false, "", 200},
		{"the file, smaller", Prefix + "/images/" + hit.ID + "/file?size=256", 256, false, "", 200},
		{"too large", base + "5000", 0, false, "", 422},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var headers []string
			if tt.ifNoneFrom != "" {
				headers = append(headers, "If-None-Match: "+request(t, s, "GET", tt.ifNoneFrom, nil).Header().Get("ETag"))
			}
			w := request(t, s, "GET", tt.url, nil, headers...)
			if w.Code != tt.status {
				t.Fatalf("status %d, want %d: %.200s", w.Code, tt.status, w.Body)
			}
			if got := strings.Contains(w.Header().Get("Cache-Control"), "immutable"); got != tt.immutable {
				t.Errorf("Cache-Control %q", w.Header().Get("Cache-Control"))
			}
			if tt.width == 0 {
				return
			}
			img, _, err := image.DecodeConfig(w.Body)
			if err != nil || img.Width != tt.width {
				t.Errorf("a picture of %d pixels, want %d (%v)", img.Width, tt.width, err)
			}
		})
	}
	// The file changes: its thumbnail is of what is there, and kept by nobody.
	h.write("sub/blue.png", paint(t, 700, 30, green))
	w := request(t, s, "GET", base+"2048&v="+hit.Version, nil)
	if img, _, err := image.DecodeConfig(w.Body); err != nil || img.Width != 700 || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("after a change: %d pixels, Cache-Control %q, %v", img.Width, w.Header().Get("Cache-Control"), err)
	}
}

func TestDamagedPicture(t *testing.T) {
	h := newHouse(t)
	s := h.serve(nil)
	h.write("red.png", []byte("no picture at all, but a file of the index"))
	if w := request(t, s, "GET", Prefix+"/thumbnails/"+h.id("red.png"), nil); w.Code != 422 {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
	// Nor is it handed out as it is: an index may name any file.
	if w := request(t, s, "GET", Prefix+"/images/"+h.id("red.png")+"/file?original=true", nil); w.Code != 422 || strings.Contains(w.Body.String(), "at all") {
		t.Errorf("the file itself: status %d: %s", w.Code, w.Body)
	}
}

// form makes an upload.
func form(t *testing.T, pictures ...[]byte) (io.Reader, string) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for _, data := range pictures {
		f, err := m.CreateFormFile("picture", `..\..\evil"name.png`)
		if err != nil {
			t.Fatal(err)
		}
		f.Write(data)
	}
	m.Close()
	return &b, "Content-Type: " + m.FormDataContentType()
}

func TestUploads(t *testing.T) {
	h := newHouse(t)
	s := h.serve(func(o *Options) { o.Uploads = UploadLimits{Bytes: 1 << 20, Pixels: 1_000_000, Pictures: 2} })
	upload := func(status int, query string, pictures ...[]byte) UploadAnswer {
		t.Helper()
		body, kind := form(t, pictures...)
		return ask[UploadAnswer](t, s, "POST", Prefix+"/search/image?limit=1"+query, body, status, kind)
	}
	a := upload(200, "", paint(t, 50, 50, green))
	if names(a.Hits) != "green" || len(a.Samples) != 1 || strings.ContainsAny(a.Samples[0].Name, `\/`) {
		t.Fatalf("like green: %+v", a)
	}
	// The sample stands for the picture from now on, for the next page and for other weights.
	next := ask[SearchAnswer](t, s, "GET", Prefix+"/similar?limit=1&sample="+a.Samples[0].ID, nil, 200)
	if names(next.Hits) != "green" || next.Next == "" {
		t.Errorf("by its sample: %+v", next)
	}
	next = ask[SearchAnswer](t, s, "GET", Prefix+"/similar?limit=1&sample="+a.Samples[0].ID+"&cursor="+next.Next, nil, 200)
	if len(next.Hits) != 1 || names(next.Hits) == "green" {
		t.Errorf("the second page: %+v", next)
	}
	if a := upload(200, "&weight=1&weight=-1", paint(t, 50, 50, red, blue), paint(t, 50, 50, red)); names(a.Hits) != "blue" {
		t.Errorf("red and blue without red: %q", names(a.Hits))
	}
	if a := upload(200, "&q="+url.QueryEscape("under:"+h.path("sub/deep")), paint(t, 50, 50, green)); names(a.Hits) != "copy of red" {
		t.Errorf("with a filter: %q", names(a.Hits))
	}
	upload(422, "", []byte("no picture"))
	upload(422, "", paint(t, 1500, 1500, red))
	upload(413, "", paint(t, 5, 5, red), paint(t, 5, 5, red), paint(t, 5, 5, red))
	upload(400, "&weight=0", paint(t, 5, 5, red))
}

// TestRemotePictures never reaches a private address, however it is named.
func TestRemotePictures(t *testing.T) {
	reached := 0
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached++
		w.Write(paint(t, 5, 5, green))
	}))
	defer inside.Close()
	h := newHouse(t)
	s := h.serve(func(o *Options) { o.RemotePictures = true })
	port := inside.URL[strings.LastIndex(inside.URL, ":"):]
	for _, address := range []string{
		inside.URL + "/a.png", "http://localhost" + port + "/", "http://127.1" + port + "/", "http://[::1]" + port + "/",
		"http://[::ffff:127.0.0.1]" + port + "/", "http://0.0.0.0" + port + "/", "http://2130706433" + port + "/", "http://169.254.169.254/latest/meta-data",
		"file:///etc/passwd", "gopher://127.0.0.1" + port, "http://user:pass@127.0.0.1" + port + "/", "//127.0.0.1" + port, "",
	} {
		w := request(t, s, "POST", Prefix+"/search/url?url="+url.QueryEscape(address), nil)
		if w.Code != 403 && w.Code != 400 && w.Code != 422 {
			t.Errorf("%s: status %d: %s", address, w.Code, w.Body)
		}
	}
	if reached > 0 {
		t.Fatalf("a private address was reached %d times", reached)
	}
	// Where the test's own address counts as public, a picture is fetched, and a redirect to
	// one that does not is refused.
	redirect := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://127.0.0.2"+port+"/", http.StatusFound)
	}))
	defer redirect.Close()
	s.remote = webfetch.New(webfetch.Options{Allowed: func(a netip.AddrPort) bool { return a.Addr() == netip.MustParseAddr("127.0.0.1") }})
	a := ask[UploadAnswer](t, s, "POST", Prefix+"/search/url?limit=1&url="+url.QueryEscape(inside.URL+"/a.png"), nil, 200)
	if names(a.Hits) != "green" || a.Samples[0].Name != "a.png" {
		t.Errorf("like a picture of the web: %+v", a)
	}
	before := reached
	if w := request(t, s, "POST", Prefix+"/search/url?url="+url.QueryEscape(redirect.URL), nil); w.Code != 403 || reached != before {
		t.Errorf("a redirect: status %d, %s", w.Code, w.Body)
	}
}

func TestDownload(t *testing.T) {
	h := newHouse(t)
	h.write("sub/red.png", paint(t, 40, 30, red, green))
	h.index()
	s := h.serve(nil)
	ids := []string{h.id("red.png"), h.id("sub/red.png"), h.id("half.png")}
	list := request(t, s, "POST", Prefix+"/download", DownloadRequest{IDs: append(slices.Clone(ids), ids...), Format: "list"})
	if want := h.path("red.png") + "\n" + h.path("sub/red.png") + "\n" + h.path("half.png") + "\n"; list.Body.String() != want {
		t.Errorf("list %q", list.Body)
	}
	if err := replace(h.path("half.png"), func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	w := request(t, s, "POST", Prefix+"/download", DownloadRequest{IDs: ids})
	z, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range z.File {
		got = append(got, f.Name)
	}
	if strings.Join(got, "|") != "red.png|red (2).png|missing.txt" {
		t.Errorf("archive %q", got)
	}
}

func TestNamesInArchives(t *testing.T) {
	taken := make(map[string]int)
	for _, tt := range [][2]string{
		{"a.jpg", "a.jpg"}, {"a.jpg", "a (2).jpg"}, {"A.JPG", "A (3).JPG"}, {"x\\..\\y\n.png", "x_.._y_.png"}, {"\xff.png", "_.png"},
		{"turned\u202egnp.exe", "turned_gnp.exe"}, {"\u0085next\u2028.png", "_next_.png"}, {"日本\u3000é.png", "日本\u3000é.png"}, {"a (2).jpg", "a (2) (2).jpg"},
	} {
		if got := freeName(tt[0], taken); got != tt[1] {
			t.Errorf("%q becomes %q, want %q", tt[0], got, tt[1])
		}
	}
}

// TestTagRun previews a run, does it, follows it, exports it, and takes it back.
func TestTagRun(t *testing.T) {
	h := newHouse(t)
	s := h.serve(nil)
	labels := LabelList{Labels: []string{"red", "=green", "blue"}, Name: "colours"}
	dry := ask[RunAnswer](t, s, "POST", Prefix+"/runs", RunRequest{LabelList: labels, DryRun: true}, 200)
	if !dry.DryRun || len(dry.Labels) != 3 || dry.Labels[0].Pictures == 0 || dry.Labels[0].Best[0].Probability < 0.5 || dry.Tags == 0 {
		t.Fatalf("dry run %+v", dry)
	}
	if runs := ask[struct{ Runs []any }](t, s, "GET", Prefix+"/runs", nil, 200).Runs; len(runs) != 0 {
		t.Errorf("a dry run is kept: %v", runs)
	}
	run := ask[RunAnswer](t, s, "POST", Prefix+"/runs", RunRequest{LabelList: labels}, 200)
	if run.ID != dry.ID || run.Job == nil {
		t.Fatalf("run %+v", run)
	}
	events := request(t, s, "GET", Prefix+"/runs/"+run.ID+"/events", nil) // ends with the run
	if body := events.Body.String(); !strings.Contains(body, "event: end\ndata: ") || !strings.Contains(body, `"state":"finished"`) {
		t.Fatalf("events %s", body)
	}
	if a := ask[SearchAnswer](t, s, "GET", Prefix+"/search?q=tag:red", nil, 200); len(a.Hits) == 0 || a.Hits[0].TagDetails[0].Source != "run:"+run.ID {
		t.Errorf("tag:red finds %+v", a.Hits)
	}
	for _, format := range []string{"csv", "jsonl", "parquet"} {
		w := request(t, s, "GET", Prefix+"/runs/"+run.ID+"/export?format="+format, nil)
		if w.Code != 200 || w.Body.Len() == 0 || !strings.Contains(w.Header().Get("Content-Disposition"), "."+format) {
			t.Errorf("%s: %d, %d bytes", format, w.Code, w.Body.Len())
		}
		if format == "csv" {
			rows, err := csv.NewReader(w.Body).ReadAll()
			if err != nil || int64(len(rows)) != dry.Tags+1 {
				t.Errorf("%d rows for %d tags (%v)", len(rows), dry.Tags, err)
			}
			for _, row := range rows {
				if strings.HasPrefix(row[1], "=") {
					t.Errorf("a cell is a formula: %q", row[1])
				}
			}
		}
	}
	ask[Progress](t, s, "POST", Prefix+"/runs/"+run.ID+"/undo", nil, 202)
	if end := request(t, s, "GET", Prefix+"/runs/"+run.ID+"/events", nil); !strings.Contains(end.Body.String(), `"kind":"undo","state":"finished"`) {
		t.Errorf("undo: %s", end.Body)
	}
	if a := ask[SearchAnswer](t, s, "GET", Prefix+"/search?q=tag:red", nil, 200); len(a.Hits) != 0 {
		t.Errorf("after undo tag:red finds %q", names(a.Hits))
	}
}

// TestLockedIndex says so while another process writes.
func TestLockedIndex(t *testing.T) {
	h := newHouse(t)
	s := h.serve(nil)
	st, err := h.OpenWriter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !ask[Status](t, s, "GET", Prefix+"/status", nil, 200).Writing {
		t.Error("the writer is not noticed")
	}
	for _, do := range []struct {
		url  string
		body any
	}{
		{"/tags", TagEdit{IDs: []string{h.id("red.png")}, Add: []string{"x"}}},
		{"/runs", RunRequest{LabelList: LabelList{Labels: []string{"red"}}}},
	} {
		if p := ask[Problem](t, s, "POST", Prefix+do.url, do.body, 409); p.Kind != "locked" || p.Hint == "" {
			t.Errorf("%s: %+v", do.url, p)
		}
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if ask[Status](t, s, "GET", Prefix+"/status", nil, 200).Writing {
		t.Error("the writer has gone, and is still seen")
	}
}

// TestIndexIsNoticed adds pictures, puts another index in the place of the one that is
// open, and takes it away.
func TestIndexIsNoticed(t *testing.T) {
	h := newHouse(t)
	s := h.serve(nil)
	s.source.every = 0
	if n := len(ask[SearchAnswer](t, s, "GET", Prefix+"/search?q=red", nil, 200).Hits); n != 4 {
		t.Fatalf("%d hits", n)
	}
	h.write("more.png", paint(t, 20, 20, green, red))
	h.index()
	if n := len(ask[SearchAnswer](t, s, "GET", Prefix+"/search?q=red", nil, 200).Hits); n != 5 {
		t.Errorf("%d hits after a run", n)
	}
	if h.opened != 1 {
		t.Errorf("the index was opened %d times", h.opened)
	}
	if err := removeAll(h.db); err != nil {
		t.Fatal(err)
	}
	p := ask[Problem](t, s, "GET", Prefix+"/search?q=red", nil, 503)
	if !strings.Contains(p.Hint, "indexer run") {
		t.Errorf("without an index: %+v", p)
	}
	ask[Problem](t, s, "GET", "/readyz", nil, 503)
	h.index()
	time.Sleep(retryEvery)
	if n := len(ask[SearchAnswer](t, s, "GET", Prefix+"/search?q=red", nil, 200).Hits); n != 5 {
		t.Errorf("%d hits in the new index", n)
	}
	ask[any](t, s, "GET", "/readyz", nil, 200)
}

func TestMetrics(t *testing.T) {
	h := newHouse(t)
	s := h.serve(nil)
	request(t, s, "GET", Prefix+"/search?q=red", nil)
	request(t, s, "BREW", Prefix+"/no/such/thing", nil)
	body := request(t, s, "GET", "/metrics", nil).Body.String()
	for _, want := range []string{
		`sightline_requests_total{method="GET",route="GET /api/v1/search",status="200"} 1`, `sightline_request_seconds_count{route="GET /api/v1/search"} 1`,
		"sightline_thumbnails_made_total 0", "sightline_index_open 1", `method="OTHER"`, `sightline_build_info{version="test"} 1`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if strings.Contains(body, "no/such") {
		t.Error("a path that a client made up is a label")
	}
}
