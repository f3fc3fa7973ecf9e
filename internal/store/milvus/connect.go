package milvus

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/smallfile"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/sdk"
	"github.com/sightline/sightline/internal/store/milvus/service"
)

// connect makes a connection to the server, or says within DialTimeout why there can
// be none.
func (t *transport) connect(ctx context.Context, o Options) (service.Service, error) {
	ctx, cancel := context.WithTimeout(impatient(ctx), o.DialTimeout)
	defer cancel()
	security, err := t.security(o.TLS)
	if err != nil {
		return nil, err
	}
	// gRPC tries until the deadline and forgets why it failed; a plain connection
	// knows at once.
	if err := t.knock(ctx, security); err != nil {
		return nil, err
	}
	c, err := sdk.Connect(ctx, sdk.Config{
		Address:  o.Address,
		Username: o.Username, Password: o.Password, Token: o.Token,
		Database:    o.Database,
		DialOptions: t.dialOptions(security),
	})
	var problem *fault.Error
	var said *service.Error
	switch {
	case err == nil:
		return c, nil
	case errors.As(err, &problem) || errors.Is(err, store.ErrUnavailable) || errors.Is(err, context.Canceled):
		return nil, err
	case errors.As(err, &said): // it answers, if with a no: what it says is what there is to know
		return nil, err
	case o.TLS.Enabled: // the handshake went well; what a server asks of a client shows after it
		return nil, &fault.Error{
			Err:    fmt.Errorf("milvus at %s: %w: it hangs up: %w", o.Address, store.ErrUnavailable, err),
			Advice: "if the server checks clients by TLS certificates, give one with milvus.tls.cert and milvus.tls.key",
		}
	}
	return nil, &fault.Error{
		Err:    fmt.Errorf("milvus at %s: %w: it accepts connections but does not answer: %w", o.Address, store.ErrUnavailable, err),
		Advice: "check that the address is that of Milvus, and set milvus.tls.enabled if the server wants TLS",
	}
}

// security returns the TLS configuration, nil for none.
func (t *transport) security(o TLS) (*tls.Config, error) {
	if !o.Enabled {
		return nil, nil
	}
	host, _, err := net.SplitHostPort(t.address)
	if err != nil {
		return nil, fmt.Errorf("address of the Milvus server: %w", err)
	}
	c := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2"}}
	if o.ServerName != "" {
		c.ServerName = o.ServerName
	}
	if o.CA != "" {
		pem, err := smallfile.Read(o.CA, maxPEM)
		if err != nil {
			return nil, fmt.Errorf("certificate authorities of milvus.tls.ca: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("certificate authorities of milvus.tls.ca: %s holds no PEM certificate", o.CA)
		}
	}
	if o.Cert != "" || o.Key != "" {
		pair, err := readPair(o.Cert, o.Key)
		if err != nil {
			return nil, fmt.Errorf("client certificate of milvus.tls.cert and milvus.tls.key: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// knock connects and hangs up.
func (t *transport) knock(ctx context.Context, security *tls.Config) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", t.address)
	if err != nil {
		if errors.Is(err, context.Canceled) {
			return err
		}
		return fmt.Errorf("milvus at %s: %w: %w", t.address, store.ErrUnavailable, err)
	}
	defer conn.Close()
	if security == nil {
		return nil
	}
	err = tls.Client(conn, security).HandshakeContext(ctx)
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	advice := "check milvus.tls.ca and milvus.tls.server_name against the server's certificate"
	var plain tls.RecordHeaderError
	if errors.As(err, &plain) {
		advice = "the server does not speak TLS on this port: set milvus.tls.enabled to false, or use its other port"
	}
	return &fault.Error{Err: fmt.Errorf("milvus at %s: %w: %w", t.address, store.ErrUnavailable, err), Advice: advice}
}

func (t *transport) dialOptions(security *tls.Config) []grpc.DialOption {
	creds := insecure.NewCredentials()
	if security != nil {
		creds = credentials.NewTLS(security)
	}
	return []grpc.DialOption{
		grpc.WithTransportCredentials(creds),
		//lint:ignore SA1019 The SDK dials with grpc.DialContext, which these two are for.
		grpc.WithBlock(),
		//lint:ignore SA1019 See above.
		grpc.WithReturnConnectionError(),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: firstWait, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 3 * time.Second},
			MinConnectTimeout: 3 * time.Second,
		}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(math.MaxInt32)),
		grpc.WithChainUnaryInterceptor(t.intercept),
	}
}

// maxPEM bounds a file of certificates, in bytes.
const maxPEM = 16 << 20

// readPair reads a certificate and its key.
func readPair(cert, key string) (tls.Certificate, error) {
	c, err := smallfile.Read(cert, maxPEM)
	if err != nil {
		return tls.Certificate{}, err
	}
	k, err := smallfile.Read(key, maxPEM)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(c, k)
}
