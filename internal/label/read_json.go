package label

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// looksLikeJSON recognises JSON by itself: a whole list or object. A text list may begin
// with a bracket too.
func looksLikeJSON(data []byte) bool {
	data = bytes.TrimSpace(data)
	return len(data) > 1 && (data[0] == '[' && data[len(data)-1] == ']' || data[0] == '{' && data[len(data)-1] == '}') && json.Valid(data)
}

// readJSON reads a list of names or of objects with the keys that YAML has.
func readJSON(data []byte) ([]Label, error) {
	var bad *json.SyntaxError
	switch err := json.Unmarshal(data, new(json.RawMessage)); {
	case errors.As(err, &bad):
		at := min(max(0, int(bad.Offset)-1), len(data))
		line := 1 + bytes.Count(data[:at], []byte("\n"))
		return nil, fmt.Errorf("line %d: this is not JSON: %w", line, bad)
	case err != nil:
		return nil, fmt.Errorf("this is not JSON: %w", err)
	}
	// JSON is YAML, but for tabs, and for escapes that only JSON has.
	var plain bytes.Buffer
	e := json.NewEncoder(&plain)
	e.SetEscapeHTML(false)
	if err := e.Encode(json.RawMessage(data)); err != nil {
		return nil, fmt.Errorf("this is not JSON: %w", err)
	}
	if err := checkJSONNames(data); err != nil {
		return nil, err
	}
	return readYAML(bytes.ReplaceAll(plain.Bytes(), []byte(`\/`), []byte(`/`)))
}

// checkJSONNames refuses a list with numbers in it: a program that writes JSON puts names
// in quotes, and what it does not quote are counts or ids.
func checkJSONNames(data []byte) error {
	var list []json.RawMessage
	if json.Unmarshal(data, &list) != nil {
		return nil // an object, which the reader of YAML looks at
	}
	for i, item := range list {
		if len(item) > 0 && (item[0] == '-' || item[0] >= '0' && item[0] <= '9') {
			return fmt.Errorf("label %d is the number %s, not a name in quotes", i+1, Shorten(string(item)))
		}
	}
	return nil
}
