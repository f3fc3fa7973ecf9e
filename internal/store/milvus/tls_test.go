package milvus_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
	"github.com/sightline/sightline/internal/store/milvus/milvustest"
)

// identity makes a certificate that signs itself, for a server or a client, and
// writes it and its key to files.
func identity(t *testing.T, name string) (cert, key string, pair tls.Certificate) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER})
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, data := range map[string][]byte{cert: certPEM, key: keyPEM} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if pair, err = tls.X509KeyPair(certPEM, keyPEM); err != nil {
		t.Fatal(err)
	}
	return cert, key, pair
}

func TestTLS(t *testing.T) {
	ca, _, server := identity(t, "milvus.example")
	clientCert, clientKey, client := identity(t, "indexer.example")
	trusted := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(client.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	trusted.AddCert(leaf)
	secure := milvustest.Start(t, grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{server}})))
	mutual := milvustest.Start(t, grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{server}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: trusted,
	})))
	plain := milvustest.Start(t)
	good := milvus.TLS{Enabled: true, CA: ca, ServerName: "milvus.example"}
	both := good
	both.Cert, both.Key = clientCert, clientKey
	for _, test := range []struct {
		name   string
		server *milvustest.Server
		tls    milvus.TLS
		hint   string // "" for success
	}{
		{"trusted", secure, good, ""},
		{"with client certificate", mutual, both, ""},
		{"without client certificate", mutual, good, "milvus.tls.cert"},
		{"unknown authority", secure, milvus.TLS{Enabled: true, ServerName: "milvus.example"}, "milvus.tls.ca"},
		{"another name", secure, milvus.TLS{Enabled: true, CA: ca}, "milvus.tls.server_name"},
		{"TLS to a plain server", plain, good, "milvus.tls.enabled to false"},
		{"plain to a TLS server", secure, milvus.TLS{}, "milvus.tls.enabled"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := options(test.server)
			o.TLS = test.tls
			o.DialTimeout = time.Second
			s, err := milvus.Open(t.Context(), o)
			if err == nil {
				s.Close()
			}
			if test.hint == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), test.server.Address) {
				t.Fatalf("Open = %v", err)
			}
			if !strings.Contains(hint(err), test.hint) {
				t.Errorf("%v: the hint is %q", err, hint(err))
			}
		})
	}
	for name, files := range map[string]milvus.TLS{
		"no CA file":       {Enabled: true, CA: "/no/such/file"},
		"CA that is a key": {Enabled: true, CA: clientKey},
		"no client key":    {Enabled: true, Cert: clientCert},
	} {
		o := options(secure)
		o.TLS = files
		if _, err := milvus.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "milvus.tls") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
