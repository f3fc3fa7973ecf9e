// Package secret is the type of settings that must not be seen: passwords and tokens.
package secret

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/sightline/sightline/internal/smallfile"
)

// Text is a setting that must not be seen. However it is printed, logged or
// marshalled, only whether it is set comes out; Reveal gives the text itself.
type Text string

// hidden stands for a secret that is set.
const hidden = "[secret]"

// Reveal returns the text, for the one place that must send it.
func (s Text) Reveal() string { return string(s) }

// String says whether the secret is set.
func (s Text) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString is String: %#v shows no more than %v.
func (s Text) GoString() string { return fmt.Sprintf("%q", s.String()) }

// LogValue is what a log shows.
func (s Text) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is what JSON and YAML show.
func (s Text) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// maxSecret is the largest file of a secret, in bytes.
const maxSecret = 64 << 10

// From returns a secret that is given by itself or as a file of one line. key is the
// setting's, for errors.
func From(key string, given Text, file string) (Text, error) {
	if file == "" {
		return given, nil
	}
	data, err := smallfile.Read(file, maxSecret)
	if err != nil {
		return "", fmt.Errorf("%s_file: %w", key, err)
	}
	text := strings.TrimRight(string(data), "\r\n")
	if text == "" || strings.ContainsAny(text, "\r\n") {
		return "", fmt.Errorf("%s_file: %s must hold one line", key, file)
	}
	return Text(text), nil
}
