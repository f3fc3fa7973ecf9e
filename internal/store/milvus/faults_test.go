package milvus_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/milvus-io/milvus-proto/go-api/v2/milvuspb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
	"github.com/sightline/sightline/internal/store/milvus/milvustest"
)

func TestNoServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refuses := l.Addr().String()
	l.Close()
	mute, err := net.Listen("tcp", "127.0.0.1:0") // accepts and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	for _, address := range []string{refuses, mute.Addr().String(), "no-such-host.invalid:19530"} {
		start := time.Now()
		_, err = milvus.Open(t.Context(), milvus.Options{Address: address, Collection: "default", RetryFor: time.Hour})
		if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), address) {
			t.Errorf("Open(%s) = %v", address, err)
		}
		if took := time.Since(start); took > 5*time.Minute { // not as long as for an index that is there
			t.Errorf("Open(%s) took %s", address, took)
		}
	}
}

func TestSlowServer(t *testing.T) {
	fake := milvustest.Start(t)
	o := options(fake)
	o.CallTimeout, o.RetryFor = 2*time.Second, 300*time.Millisecond
	s := open(t, o)
	fake.Meddle(func(ctx context.Context, _ string, _ any, _ func() (any, error)) (any, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	_, err := s.Count(t.Context(), nil)
	if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "no answer within 2s") {
		t.Errorf("Count = %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := s.Count(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Count with the caller's deadline = %v", err)
	}
	fake.Meddle(nil)
}

// TestPassingTrouble lets every kind of trouble that passes happen a few times in
// each call.
func TestPassingTrouble(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]func() (any, error){
		"rate limit": func() (any, error) {
			return &milvuspb.MutationResult{Status: milvustest.Status(8, "rate limit exceeded[rate=0.1]")}, nil
		},
		"not ready": func() (any, error) {
			return &milvuspb.MutationResult{Status: milvustest.Status(1, "service not ready[proxy=1]: Initializing")}, nil
		},
		"no channel": func() (any, error) {
			return &milvuspb.MutationResult{Status: milvustest.Status(503, "channel not available")}, nil
		},
		"its own deadline": func() (any, error) {
			return &milvuspb.MutationResult{Status: milvustest.Status(65535, "proxy TaskCondition context Done")}, nil
		},
		"unavailable": func() (any, error) { return nil, status.Error(codes.Unavailable, "connection reset by peer") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // they wait between one try and the next
			fake := milvustest.Start(t)
			s := open(t, options(fake))
			left := 3
			fake.Meddle(func(_ context.Context, method string, _ any, next func() (any, error)) (any, error) {
				if method == "Upsert" && left > 0 {
					left--
					return trouble()
				}
				return next()
			})
			upsert(t, s, records(10)...)
			if n, err := s.Count(t.Context(), nil); n != 10 || err != nil {
				t.Errorf("Count = %d, %v", n, err)
			}
			if left != 0 {
				t.Errorf("%d of the troubles did not happen", left)
			}
		})
	}
}

func TestTroubleThatStays(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error // of the transport
		code int32
		why  string
		want error
		hint string
	}{
		{name: "disk full", code: 9, why: "deny to write, reason: disk quota exceeded", want: syscall.ENOSPC, hint: "make room on the server"},
		{name: "disk really full", code: 65535, why: "write wal: no space left on device", want: syscall.ENOSPC, hint: "make room on the server"},
		{name: "privilege", err: status.Error(codes.PermissionDenied, "PrivilegeUpsert"), hint: "privilege"},
		{name: "password", err: status.Error(codes.Unauthenticated, "auth check failure"), hint: "milvus.password"},
		{name: "something else", code: 2000, why: "segcore is sad"},
	} {
		t.Run(test.name, func(t *testing.T) {
			fake := milvustest.Start(t)
			s := open(t, options(fake))
			fake.Meddle(func(_ context.Context, method string, _ any, next func() (any, error)) (any, error) {
				if method != "Upsert" {
					return next()
				}
				if test.err != nil {
					return nil, test.err
				}
				return &milvuspb.MutationResult{Status: milvustest.Status(test.code, test.why)}, nil
			})
			before := fake.Calls("Upsert")
			err := s.Upsert(t.Context(), records(1))
			if err == nil || test.want != nil && !errors.Is(err, test.want) || !strings.Contains(err.Error(), fake.Address) {
				t.Errorf("Upsert = %v", err)
			}
			if !strings.Contains(hint(err), test.hint) {
				t.Errorf("the hint is %q", hint(err))
			}
			if n := fake.Calls("Upsert") - before; n != 1 {
				t.Errorf("it was tried %d times", n)
			}
			fake.Meddle(nil)
		})
	}
}

func TestServerGoesAndComesBack(t *testing.T) {
	fake := milvustest.Start(t)
	s := open(t, options(fake))
	upsert(t, s, records(5)...)
	fake.Stop()
	back := time.AfterFunc(700*time.Millisecond, func() { fake.Restart(t) })
	defer back.Stop()
	upsert(t, s, records(20)...)
	if n, err := s.Count(t.Context(), nil); n != 20 || err != nil {
		t.Errorf("Count = %d, %v", n, err)
	}
	fake.Stop()
	o := options(fake)
	if _, err := milvus.Open(t.Context(), o); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Open without a server = %v", err)
	}
	fake.Restart(t)
}

func TestServerStaysAway(t *testing.T) {
	t.Parallel()
	fake := milvustest.Start(t)
	o := options(fake)
	o.RetryFor = 300 * time.Millisecond
	s := open(t, o)
	fake.Stop()
	if _, err := s.Search(t.Context(), queries(1)); !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), fake.Address) {
		t.Errorf("Search = %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := s.Search(ctx, queries(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("Search that was cancelled while it waited = %v", err)
	}
}

func TestWrongPassword(t *testing.T) {
	fake := milvustest.Start(t)
	fake.Meddle(func(context.Context, string, any, func() (any, error)) (any, error) {
		return nil, status.Error(codes.Unauthenticated, "auth check failure, please check username and password are correct")
	})
	o := options(fake)
	o.Username, o.Password = "root", "hunter2"
	_, err := milvus.Open(t.Context(), o)
	if err == nil || errors.Is(err, store.ErrUnavailable) || !strings.Contains(hint(err), "milvus.password") {
		t.Errorf("Open = %v, hint %q", err, hint(err))
	}
	if err != nil && !strings.Contains(err.Error(), "auth check failure") {
		t.Errorf("what the server says is not in %v", err)
	}
	if err != nil && strings.Contains(err.Error()+hint(err), "hunter2") {
		t.Error("the password is in the message")
	}
}

// What a server answers to the first call is passed on, and is no matter of TLS.
func TestServerThatSaysNo(t *testing.T) {
	for _, test := range []struct {
		code           int32
		why, want, how string
	}{
		{800, "database not found[database=album]", `no database "album"`, "milvus.database"},
		{65535, "database not exist", `no database "album"`, "milvus.database"},
		{65535, "this server is out of order", "out of order", ""},
	} {
		fake := milvustest.Start(t)
		fake.Meddle(func(context.Context, string, any, func() (any, error)) (any, error) {
			return &milvuspb.ConnectResponse{Status: milvustest.Status(test.code, test.why)}, nil
		})
		o := options(fake)
		o.Database = "album"
		_, err := milvus.Open(t.Context(), o)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), test.why) ||
			strings.Contains(err.Error()+hint(err), "TLS") || strings.Contains(err.Error(), "does not answer") || !strings.Contains(hint(err), test.how) {
			t.Errorf("%s: Open = %v, hint %q", test.why, err, hint(err))
		}
		fake.Meddle(nil)
	}
}

func TestDatabaseThatIsNotThere(t *testing.T) {
	for _, server := range []server{standalone, lite} {
		t.Run(server.kind, func(t *testing.T) {
			address := server.address(t)
			_, err := milvus.Open(t.Context(), milvus.Options{Address: address, Collection: "default", Mode: store.ReadOnly, Database: "album"})
			if err == nil || !strings.Contains(err.Error(), `no database "album"`) || strings.Contains(err.Error()+hint(err), "TLS") {
				t.Errorf("Open = %v, hint %q", err, hint(err))
			}
		})
	}
}

func TestUnloadedCollection(t *testing.T) {
	fake := milvustest.Start(t)
	s := open(t, options(fake))
	upsert(t, s, records(5)...)
	for _, name := range fake.Names() {
		fake.Unload(name)
	}
	if hits, err := s.Search(t.Context(), queries(2)); err != nil || len(hits[0]) != 3 {
		t.Errorf("Search = %v, %v", hits, err)
	}
	if n, err := s.Count(t.Context(), nil); n != 5 || err != nil {
		t.Errorf("Count = %d, %v", n, err)
	}
}

func TestAliasThatPointsNowhere(t *testing.T) {
	fake := milvustest.Start(t)
	s := open(t, options(fake))
	upsert(t, s, records(5)...)
	s.Close()
	second := options(fake)
	second.Model.Fingerprint, second.Mode = "fedcba9876543210", store.Rebuild
	built := open(t, second)
	upsert(t, built, records(3)...)
	built.Close()
	fake.Remove("default_0123456789ab") // behind the alias's back

	o := options(fake)
	o.Mode, o.Model = store.ReadOnly, store.Model{}
	_, err := milvus.Open(t.Context(), o)
	if errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), "default_fedcba987654 (3 pictures, of model test fp32") ||
		!strings.Contains(hint(err), "indexer repair --store milvus --use default_fedcba987654 makes it") {
		t.Errorf("Open = %v, hint %q", err, hint(err))
	}
	s = open(t, second) // repairs it
	if n, err := s.Count(t.Context(), nil); n != 3 || err != nil {
		t.Errorf("Count = %d, %v", n, err)
	}
	open(t, o)
}

func TestForeignCollection(t *testing.T) {
	fake := milvustest.Start(t)
	s := open(t, options(fake))
	s.Close()
	o := options(fake)
	o.Collection = "default_0123456789ab"
	if _, err := milvus.Open(t.Context(), o); err == nil || !strings.Contains(hint(err), "--collection") {
		t.Errorf("Open of a collection that is no alias = %v", err)
	}
}

// TestMalformedAnswers spoils the answers to searches in ways that the SDK does not
// notice or trips over.
func TestMalformedAnswers(t *testing.T) {
	for name, spoil := range map[string]func(r *milvuspb.SearchResults){
		"one answer for two queries": func(r *milvuspb.SearchResults) { r.Results.NumQueries, r.Results.Topks = 1, r.Results.Topks[:1] },
		"no answer":                  func(r *milvuspb.SearchResults) { r.Results.Topks = nil },
		"too few scores":             func(r *milvuspb.SearchResults) { r.Results.Scores = r.Results.Scores[:2] },
		"no fields":                  func(r *milvuspb.SearchResults) { r.Results.FieldsData = nil },
		"one field short":            func(r *milvuspb.SearchResults) { r.Results.FieldsData = r.Results.FieldsData[1:] },
	} {
		t.Run(name, func(t *testing.T) {
			fake := milvustest.Start(t)
			s := open(t, options(fake))
			upsert(t, s, records(9)...)
			fake.Meddle(func(_ context.Context, method string, _ any, next func() (any, error)) (any, error) {
				reply, err := next()
				if r, ok := reply.(*milvuspb.SearchResults); ok {
					spoil(r)
				}
				return reply, err
			})
			if hits, err := s.Search(t.Context(), queries(2)); err == nil {
				t.Errorf("Search = %v", hits)
			}
			fake.Meddle(nil)
		})
	}
}

// TestEmptyAnswerWithError is what Milvus 2.3 does: no hits, and no field data, which
// the SDK calls an error.
func TestEmptyAnswerWithError(t *testing.T) {
	fake := milvustest.Start(t)
	s := open(t, options(fake))
	fake.Meddle(func(_ context.Context, method string, _ any, next func() (any, error)) (any, error) {
		reply, err := next()
		if r, ok := reply.(*milvuspb.SearchResults); ok {
			r.Results.FieldsData[0].Field = nil
		}
		return reply, err
	})
	hits, err := s.Search(t.Context(), queries(2))
	if err != nil || len(hits) != 2 || len(hits[0]) != 0 {
		t.Errorf("Search = %v, %v", hits, err)
	}
	fake.Meddle(nil)
}
