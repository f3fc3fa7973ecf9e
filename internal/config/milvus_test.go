package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/config"
)

func TestWhatIsWrongWithMilvus(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"a mistyped key", "adress: h:1", "adress"},
		{"a mistyped key below", "tls: {enable: true}", "enable"},
		{"no port", "address: milvus.example", `milvus.address is "milvus.example": missing port in address`},
		{"a scheme", "address: https://h:1", "set milvus.tls.enabled"},
		{"no host", "address: ':19530'", "there is no host"},
		{"not a port", "address: h:http", `"http" is not a port`},
		{"an unknown index", "index: {type: hnsw}", `milvus.index.type is "hnsw"; it can be FLAT, HNSW`},
		{"m", "index: {m: 1}", "milvus.index.m is 1; it must be between 2 and 2048"},
		{"recall of no number", "recall: .nan", "milvus.recall is NaN; it must be between 0.5 and 1"},
		{"recall", "recall: 98", "milvus.recall is 98; it must be between 0.5 and 1"},
		{"consistency", "consistency: eventual", "milvus.consistency"},
		{"no unit", "dial_timeout: 4", `milvus.dial_timeout: "4" is not a duration like 30s or 2m`},
		{"not a duration", "call_timeout: long", "call_timeout"},
		{"no shards", "shards: 0", "milvus.shards is 0; it must be between 1 and 16"},
		{"replicas", "replicas: -1", "milvus.replicas is -1"},
		{"a group without a name", "resource_groups: ['']", "milvus.resource_groups"},
		{"no time to load", "load_timeout: 1ms", "milvus.load_timeout"},
		{"over the server's limit", "batch_bytes: 67108865", "milvus.batch_bytes"},
		{"a certificate without its key", "tls: {enabled: true, cert: c.pem}", "milvus.tls.cert and milvus.tls.key go together"},
		{"TLS off but set up", "tls: {ca: ca.pem}", "milvus.tls.enabled is false"},
		{"a user without a password", "username: u", "milvus.username and a password go together"},
		{"two identities", "{username: u, password: p, token: t}", "not both"},
		{"two passwords", "{username: u, password: p, password_file: f}", "milvus.password or milvus.password_file"},
		{"two tokens", "{token: t, token_file: f}", "milvus.token or milvus.token_file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := "milvus:\n  " + c.file + "\n"
			_, err := config.Load(config.Sources{Getenv: env(nil), File: write(t, text)})
			if !errors.Is(err, config.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one about %q", err, c.want)
			}
		})
	}
}

// However settings with secrets are printed, the secrets must not come out.
func TestSecretsAreNotPrinted(t *testing.T) {
	const secret = "hunter2"
	for _, text := range []string{
		"milvus: {username: u, password: hunter2}",
		"milvus: {token: hunter2}",
		"milvus: {token: hunter2, index: {type: WRONG}}",
		"milvus: {token: [hunter2]}",
		"milvus: {token: {hunter2: hunter2}}",
		"milvus: {username: u, password: hunter2, token: hunter2}",
		"milvus: {token: hunter2, pasword: hunter2}",
		"milvus: {username: hunter, password: hunter2, password_file: f}",
	} {
		c, err := config.Load(config.Sources{Getenv: env(nil), File: write(t, text)})
		var out bytes.Buffer
		fmt.Fprintf(&out, "%v\n%+v\n%#v\n%s\n%v\n%q\n", c, c, c, c.Milvus.Token, c.Milvus.Password, c.Milvus.Token)
		slog.New(slog.NewTextHandler(&out, nil)).Info("settings", "all", c, "token", c.Milvus.Token)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("settings", "all", c, "token", c.Milvus.Token)
		if err := json.NewEncoder(&out).Encode(c); err != nil {
			t.Fatal(err)
		}
		if err != nil {
			out.WriteString(err.Error())
		}
		if strings.Contains(out.String(), secret) {
			t.Errorf("%s shows the secret:\n%s", text, out.String())
		}
	}
}

// A password that YAML takes for a number would be another one.
func TestSecretsMustBeTexts(t *testing.T) {
	_, err := config.Load(config.Sources{Getenv: env(nil), File: write(t, "milvus: {username: u, password: 0123}")})
	if !errors.Is(err, config.ErrInvalid) || !strings.Contains(err.Error(), "milvus.password is not a text; put it between quotes") {
		t.Errorf("error %v", err)
	}
	c, err := config.Load(config.Sources{Getenv: env(nil), File: write(t, "milvus: {username: u, password: '0123'}")})
	if err != nil || c.Milvus.Password.Reveal() != "0123" {
		t.Errorf("password %q, %v", c.Milvus.Password.Reveal(), err)
	}
}
