package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// talk connects a client to a server over HTTP, with a token.
func talk(t *testing.T, s *Server, token string) *mcp.ClientSession {
	t.Helper()
	front := httptest.NewServer(s)
	t.Cleanup(front.Close)
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	session, err := client.Connect(t.Context(), &mcp.StreamableClientTransport{
		Endpoint: front.URL + mcpPath, HTTPClient: &http.Client{Transport: bearer(token)}, DisableStandaloneSSE: true,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close() })
	return session
}

// bearer sends a token with each request.
type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if b != "" {
		r.Header.Set("Authorization", "Bearer "+string(b))
	}
	return http.DefaultTransport.RoundTrip(r)
}

func toolNames(t *testing.T, c *mcp.ClientSession) []string {
	t.Helper()
	list, err := c.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, one := range list.Tools {
		names = append(names, one.Name)
	}
	slices.Sort(names)
	return names
}

// call calls a tool and returns its text and how many images came with it.
func call(t *testing.T, c *mcp.ClientSession, name string, arguments map[string]any) (text string, images int, failed bool) {
	t.Helper()
	r, err := c.CallTool(t.Context(), &mcp.CallToolParams{Name: name, Arguments: arguments})
	if err != nil {
		return err.Error(), 0, true
	}
	for _, part := range r.Content {
		switch part := part.(type) {
		case *mcp.TextContent:
			text += part.Text + "\n"
		case *mcp.ImageContent:
			if part.MIMEType != "image/jpeg" || len(part.Data) < 100 {
				t.Errorf("%s: an image of %d bytes, %s", name, len(part.Data), part.MIMEType)
			}
			images++
		}
	}
	return text, images, r.IsError
}

func TestMCP(t *testing.T) {
	h := newHouse(t)
	s := h.serve(nil)
	c := talk(t, s, "")
	if got := toolNames(t, c); !slices.Equal(got, []string{"classify", "find", "like", "show", "tag", "tags"}) {
		t.Errorf("tools %v", got)
	}
	tests := []struct {
		tool      string
		arguments map[string]any
		text      string // a part of it
		images    int
		failed    bool
	}{
		{"find", map[string]any{"query": "red", "limit": 3, "pictures": 2}, `/red.png"`, 2, false},
		{"find", map[string]any{"query": "red", "pictures": 0}, `"confident":`, 0, false},
		{"find", map[string]any{"query": "red after:someday"}, "column 11", 0, true},
		{"find", map[string]any{}, "query", 0, true},
		{"like", map[string]any{"like": []string{h.id("half.png")}, "unlike": []string{h.id("red.png")}, "limit": 1}, `blue.png"`, 1, false},
		{"find", map[string]any{"query": "red", "limit": 2}, `"more":true`, 2, false},
		{"find", map[string]any{"query": "red", "limit": 101}, "limit is 101, and can be 1 to 100", 0, true},
		{"find", map[string]any{"query": "red", "pictures": 17}, "pictures is 17, and can be 0 to 16", 0, true},
		{"find", map[string]any{"query": "#nothing"}, "describe in words what it stands for", 0, true},

		{"find", map[string]any{"query": "cluster:9"}, "clusters can only be asked for", 0, true},
		{"like", map[string]any{"like": []string{"nothing"}}, "not in the index", 0, true},
		{"like", map[string]any{"like": []string{"nothing"}}, "as find and like return it", 0, true},
		{"find", map[string]any{"query": strings.Repeat("red - ", 200) + "red"}, "ask for each part by itself", 0, true},
		{"like", map[string]any{"like": []string{}}, "give like, unlike or query", 0, true},
		{"show", map[string]any{"ids": []string{}}, "can name 1 to 16", 0, true},
		{"show", map[string]any{"ids": []string{h.id("red.png")}, "size": 5000}, "size is 5000", 0, true},
		{"classify", map[string]any{"ids": []string{"nothing"}, "labels": []string{"red"}}, "as find and like return it", 0, true},
		{"classify", map[string]any{"ids": []string{h.id("red.png")}, "labels": []string{}}, "labels is a list of names", 0, true},
		{"classify", map[string]any{"ids": []string{h.id("red.png")}, "labels": []string{"red", "blue"}}, `[{"label":"red"`, 0, false},
		{"show", map[string]any{"ids": []string{h.id("red.png")}}, h.id("red.png"), 1, false},
		{"tag", map[string]any{"ids": []string{h.id("red.png")}, "add": []string{"warm"}}, `{"changed":1}`, 0, false},
		{"find", map[string]any{"query": "tag:warm"}, `"tags":["warm"]`, 1, false},
		{"find", map[string]any{"query": "tag:warn"}, `"suggestions":["tag:warm"]`, 0, false},
		{"tags", map[string]any{}, `{"tag":"warm","pictures":1}`, 0, false},
		{"tags", map[string]any{"prefix": "WA"}, `"total":1`, 0, false},
		{"tags", map[string]any{"prefix": "x"}, `{"tags":[],"total":0}`, 0, false},
	}
	for _, tt := range tests {
		text, images, failed := call(t, c, tt.tool, tt.arguments)
		if !strings.Contains(text, tt.text) || images != tt.images || failed != tt.failed {
			t.Errorf("%s %v: failed %v, %d images, %s", tt.tool, tt.arguments, failed, images, text)
		}
	}
}

// TestMCPRoles holds the tools to what a token may do.
func TestMCPRoles(t *testing.T) {
	h := newHouse(t)
	s := h.serve(func(o *Options) { o.Guard.Tokens = []Token{{readToken, RoleRead}, {writeToken, RoleWrite}} })
	if got := toolNames(t, talk(t, s, writeToken)); !slices.Contains(got, "tag") {
		t.Errorf("with the role write: %v", got)
	}
	reader := talk(t, s, readToken)
	if got := toolNames(t, reader); slices.Contains(got, "tag") {
		t.Errorf("with the role read: %v", got)
	}
	if text, _, failed := call(t, reader, "tag", map[string]any{"ids": []string{h.id("red.png")}, "add": []string{"x"}}); !failed {
		t.Errorf("a reader tagged: %s", text)
	}
	if w := request(t, s, "POST", mcpPath, strings.NewReader("{}")); w.Code != 401 {
		t.Errorf("without a token: %d", w.Code)
	}
	batch := request(t, s, "POST", mcpPath, strings.NewReader("\n [{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}]"), "Authorization: Bearer "+readToken,
		"Content-Type: application/json", "Accept: application/json, text/event-stream")
	if batch.Code != 400 || !strings.Contains(batch.Body.String(), "batch") {
		t.Errorf("a batch: %d %s", batch.Code, batch.Body)
	}
	if w := request(t, s, "POST", mcpPath, strings.NewReader("{}"), "Authorization: Bearer "+readToken, "Origin: https://evil.example.com"); w.Code != 403 {
		t.Errorf("from another site: %d", w.Code)
	}
}

// TestMCPOverPipes speaks as over stdin and stdout.
func TestMCPOverPipes(t *testing.T) {
	s := newHouse(t).serve(func(o *Options) { o.AllowWrite = false })
	in, toServer := io.Pipe()
	fromServer, out := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- s.ServeMCP(t.Context(), in, out) }()
	c, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), &mcp.IOTransport{Reader: fromServer, Writer: toServer}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := toolNames(t, c); slices.Contains(got, "tag") || len(got) != 5 {
		t.Errorf("tools %v", got)
	}
	if text, images, failed := call(t, c, "find", map[string]any{"query": "green", "limit": 1}); failed || images != 1 || !strings.Contains(text, "green.png") {
		t.Errorf("find: %s", text)
	}
	c.Close()
	if err := <-done; err != nil {
		t.Errorf("serving ended with %v", err)
	}
}
