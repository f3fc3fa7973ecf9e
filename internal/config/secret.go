package config

import (
	"errors"

	"github.com/spf13/viper"

	"github.com/sightline/sightline/internal/secret"
)

// secretKeys lists the settings that hold secrets. v holds the defaults alone.
func secretKeys(v *viper.Viper) []string {
	var keys []string
	for _, key := range v.AllKeys() {
		if _, ok := v.Get(key).(secret.Text); ok {
			keys = append(keys, key)
		}
	}
	return keys
}

// checkSecrets refuses secrets that are not texts. YAML reads 0123 as the number
// 83, which would be sent in place of the password; and the decoder would print a
// secret that it cannot convert in its error.
func checkSecrets(v *viper.Viper, keys []string, origins map[string]Origin) error {
	var errs []error
	for _, key := range keys {
		switch v.Get(key).(type) {
		case string, secret.Text, nil:
		default:
			errs = append(errs, invalid(origins[key], "%s is not a text; put it between quotes", key))
		}
	}
	return errors.Join(errs...)
}
