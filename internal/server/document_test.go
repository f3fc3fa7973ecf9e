package server

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func removeAll(dir string) error { return os.RemoveAll(dir) }

// document is as much of OpenAPI as the tests look at.
type document struct {
	OpenAPI string                          `json:"openapi"`
	Paths   map[string]map[string]described `json:"paths"`
	Parts   struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

type described struct {
	ID        string `json:"operationId"`
	Responses map[string]struct {
		Content map[string]struct {
			Schema schema `json:"schema"`
		} `json:"content"`
	} `json:"responses"`
}

// schema is a JSON schema, as far as huma writes them.
type schema struct {
	Ref        string            `json:"$ref"`
	Type       any               `json:"type"`
	Properties map[string]schema `json:"properties"`
	Required   []string          `json:"required"`
	Items      *schema           `json:"items"`
	Enum       []any             `json:"enum"`
	Additional any               `json:"additionalProperties"`
}

// check holds a value against a schema and returns what does not fit.
func (d *document) check(s schema, v any, at string) []string {
	if s.Ref != "" {
		name := s.Ref[strings.LastIndex(s.Ref, "/")+1:]
		to, ok := d.Parts.Schemas[name]
		if !ok {
			return []string{at + ": no schema " + s.Ref}
		}
		return d.check(to, v, at)
	}
	var types []string
	switch t := s.Type.(type) {
	case string:
		types = []string{t}
	case []any:
		for _, one := range t {
			types = append(types, one.(string))
		}
	case nil:
		return nil
	}
	kind := map[bool]string{true: "null"}[v == nil]
	var bad []string
	switch v := v.(type) {
	case map[string]any:
		kind = "object"
		for _, name := range s.Required {
			if _, ok := v[name]; !ok {
				bad = append(bad, at+": "+name+" is missing")
			}
		}
		for name, value := range v {
			p, ok := s.Properties[name]
			if !ok && s.Additional == false {
				bad = append(bad, at+": "+name+" is not in the document")
			}
			bad = append(bad, d.check(p, value, at+"."+name)...)
		}
	case []any:
		kind = "array"
		for _, value := range v {
			if s.Items != nil {
				bad = append(bad, d.check(*s.Items, value, at+"[]")...)
			}
		}
	case string:
		kind = "string"
		if len(s.Enum) > 0 && !slices.Contains(s.Enum, any(v)) {
			bad = append(bad, at+": "+v+" is none of the values")
		}
	case bool:
		kind = "boolean"
	case float64:
		kind = "number"
		if slices.Contains(types, "integer") {
			kind = "integer"
		}
	}
	if !slices.Contains(types, kind) {
		bad = append(bad, at+": "+kind+" where the document has "+strings.Join(types, " or "))
	}
	return bad
}

// TestDocumentIsTrue asks every route of the document and holds the answers against it.
func TestDocumentIsTrue(t *testing.T) {
	h := newHouse(t)
	s := h.serve(nil)
	d := ask[document](t, s, "GET", "/openapi.json", nil, 200)
	if d.OpenAPI != "3.1.0" {
		t.Errorf("OpenAPI %s", d.OpenAPI)
	}
	id := h.id("red.png")
	run := ask[RunAnswer](t, s, "POST", Prefix+"/runs", RunRequest{LabelList: LabelList{Labels: []string{"red"}}}, 200).ID
	request(t, s, "GET", Prefix+"/runs/"+run+"/events", nil)
	bodies := map[string]any{
		"set-threshold": ThresholdRequest{"red", 0.4},
		"search-post":   SearchRequest{Q: "red", SearchOptions: SearchOptions{Explain: true}},
		"classify":      ClassifyRequest{IDs: []string{id}, LabelList: LabelList{Labels: []string{"red"}}},
		"edit-tags":     TagEdit{IDs: []string{id}, Add: []string{"x"}},
		"correct":       CorrectionRequest{Label: "x", IDs: []string{id}, Verdict: "approved"},
		"save-label":    LabelSave{Name: "a", Like: []string{id}},
		"tag":           RunRequest{LabelList: LabelList{Labels: []string{"red"}}, DryRun: true},
		"download":      DownloadRequest{IDs: []string{id}},
		"index":         IndexRequest{},
		"sign-in":       SignIn{"0123456789abcdef"},
	}
	queries := map[string]string{"similar": "?like=" + id, "search": "?q=red&explain=true"}
	errors := []string{"clusters", "map", "search-url", "index", "reveal", "export-xmp"} // which answer with problems here, the last after undo
	parameter := regexp.MustCompile(`\{\w+\}`)
	asked := 0
	var paths []string
	for path := range d.Paths {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		for _, method := range []string{"post", "get", "delete"} {
			op, ok := d.Paths[path][method]
			if !ok {
				continue
			}
			value := map[bool]string{true: run, false: id}[strings.HasPrefix(path, "/runs")]
			if strings.HasPrefix(path, "/labels") {
				value = "a"
			}
			body := bodies[op.ID]
			var headers []string
			if op.ID == "search-image" {
				r, kind := form(t, paint(t, 5, 5, red))
				body, headers = r, []string{kind}
			}
			w := request(t, s, strings.ToUpper(method), Prefix+parameter.ReplaceAllString(path, value)+queries[op.ID], body, headers...)
			asked++
			if w.Code >= 400 != slices.Contains(errors, op.ID) {
				t.Errorf("%s %s (%s): status %d: %.300s", method, path, op.ID, w.Code, w.Body)
				continue
			}
			if op.ID == "undo" { // which must end before the next change
				request(t, s, "GET", Prefix+"/runs/"+run+"/events", nil)
			}
			d.holdAgainst(t, op, w.Code, w.Header(), w.Body.Bytes())
		}
	}
	if asked < 30 {
		t.Errorf("only %d operations are in the document", asked)
	}
}

func (d *document) holdAgainst(t *testing.T, op described, status int, h http.Header, body []byte) {
	t.Helper()
	answer, ok := op.Responses[strconv.Itoa(status)]
	if !ok {
		t.Errorf("%s: status %d is not in the document", op.ID, status)
		return
	}
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	if len(answer.Content) == 0 {
		return
	}
	if !strings.HasSuffix(kind, "json") {
		return
	}
	media, ok := answer.Content[kind]
	if !ok {
		t.Errorf("%s: an answer of %s is not in the document", op.ID, kind)
		return
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Errorf("%s: %v", op.ID, err)
	}
	for _, bad := range d.check(media.Schema, v, op.ID) {
		t.Error(bad)
	}
}
