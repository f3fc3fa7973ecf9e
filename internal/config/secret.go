package config

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/viper"
)

// Secret is a setting that must not be seen. However it is printed, logged or
// marshalled, only whether it is set comes out; Reveal gives the text itself.
type Secret string

// hidden stands for a secret that is set.
const hidden = "[secret]"

// Reveal returns the text, for the one place that must send it.
func (s Secret) Reveal() string { return string(s) }

// String says whether the secret is set.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString is String: %#v shows no more than %v.
func (s Secret) GoString() string { return fmt.Sprintf("%q", s.String()) }

// LogValue is what a log shows.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is what JSON and YAML show.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// secretKeys are the settings of type Secret.
var secretKeys = []string{"milvus.password", "milvus.token"}

// checkSecrets refuses secrets that are not texts. YAML reads 0123 as the number
// 83, which would be sent in place of the password; and the decoder would print a
// secret that it cannot convert in its error.
func checkSecrets(v *viper.Viper) error {
	var errs []error
	for _, key := range secretKeys {
		switch v.Get(key).(type) {
		case string, Secret, nil:
		default:
			errs = append(errs, fmt.Errorf("%w: %s is not a text; put it between quotes", ErrInvalid, key))
		}
	}
	return errors.Join(errs...)
}

// secretFrom returns a secret that is given by itself or as a file of one line.
func secretFrom(key string, given Secret, file string) (Secret, error) {
	if file == "" {
		return given, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%w: %s_file: %w", ErrInvalid, key, err)
	}
	text := strings.TrimRight(string(data), "\r\n")
	if text == "" || strings.ContainsAny(text, "\r\n") {
		return "", fmt.Errorf("%w: %s_file: %s must hold one line", ErrInvalid, key, file)
	}
	return Secret(text), nil
}
