package secret_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/secret"
)

func TestText(t *testing.T) {
	s := secret.Text("hunter2")
	line, err := json.Marshal(map[string]secret.Text{"password": s})
	if err != nil {
		t.Fatal(err)
	}
	shown := fmt.Sprintf("%v %+v %#v %s %q %s %s", s, s, s, s, s, line, s.LogValue())
	if strings.Contains(shown, "hunter2") || !strings.Contains(shown, "[secret]") {
		t.Errorf("shown as %s", shown)
	}
	if s.Reveal() != "hunter2" || secret.Text("").String() != "" {
		t.Errorf("revealed as %q; none is %q", s.Reveal(), secret.Text(""))
	}
}

func TestFrom(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("hunter2\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		given      secret.Text
		file, want string
		fails      bool
	}{
		{},
		{given: "x", want: "x"},
		{file: path, want: "hunter2"},
		{file: path + "x", fails: true},
	} {
		got, err := secret.From("a.token", c.given, c.file)
		if got.Reveal() != c.want || (err != nil) != c.fails {
			t.Errorf("%+v: %q, %v", c, got.Reveal(), err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "a.token_file: ") {
			t.Errorf("error %v", err)
		}
	}
}
