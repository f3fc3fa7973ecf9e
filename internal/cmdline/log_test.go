package cmdline

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// Log lines say of an error what a person understands, as error messages do.
func TestLogWords(t *testing.T) {
	var out bytes.Buffer
	p := &Program{}
	p.logger(&out, "warn").Warn("the file is of no use", "reason", json.Unmarshal([]byte("{"), &struct{}{}))
	if want := `reason="it ends too early"`; !strings.Contains(out.String(), want) {
		t.Errorf("%s, want %s", out.String(), want)
	}
}
