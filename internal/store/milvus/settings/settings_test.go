package settings_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/store/milvus/settings"
)

// What is wrong with each setting is tested with the file that it comes from, in package
// config.
func TestDefaultIsValid(t *testing.T) {
	if errs := settings.Default().Validate(); len(errs) > 0 {
		t.Errorf("the defaults are not valid: %v", errs)
	}
	if errs := (settings.Settings{}).Validate(); len(errs) < 5 {
		t.Errorf("not everything that is wrong is reported: %v", errs)
	}
}

func TestCredentials(t *testing.T) {
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		name string
		m    settings.Settings
		want settings.Credentials
		err  string
	}{
		{"nobody", settings.Settings{}, settings.Credentials{}, ""},
		{"given", settings.Settings{Username: "u", Password: "p"}, settings.Credentials{Username: "u", Password: "p"}, ""},
		{"a file", settings.Settings{Username: "u", PasswordFile: file(" p q\n")}, settings.Credentials{Username: "u", Password: " p q"}, ""},
		{"a token's file", settings.Settings{TokenFile: file("t\r\n")}, settings.Credentials{Token: "t"}, ""},
		{"an empty file", settings.Settings{TokenFile: file("\n")}, settings.Credentials{}, "milvus.token_file"},
		{"two lines", settings.Settings{PasswordFile: file("hunter2\nhunter3\n")}, settings.Credentials{}, "must hold one line"},
		{"no file", settings.Settings{PasswordFile: "/no/such"}, settings.Credentials{}, "milvus.password_file: open /no/such"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.m.Credentials()
			if got != c.want {
				t.Errorf("got %v, want another", got)
			}
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want one about %q", err, c.err)
			}
			if err != nil && strings.Contains(err.Error(), "hunter") {
				t.Errorf("the error shows the secret: %v", err)
			}
		})
	}
}
