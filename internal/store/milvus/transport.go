package milvus

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path"
	"slices"
	"time"

	retry "github.com/grpc-ecosystem/go-grpc-middleware/retry"
	"github.com/milvus-io/milvus-proto/go-api/v2/milvuspb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// transport is what every call to the server passes through: it gives the call a
// deadline, repeats it while the server is away, loads a collection that the server
// has put aside, and turns what went wrong into errors that say so.
type transport struct {
	address     string
	database    string // "" for the default
	callTimeout time.Duration
	retryFor    time.Duration
	log         *slog.Logger
	load        func(ctx context.Context, collection string) error
}

// ctxKey are the keys of what callers tell the transport.
type ctxKey int

const (
	keyImpatient   ctxKey = iota // do not repeat what failed
	keyLoading                   // the call is part of loading a collection
	keyAllWarnings               // warn of every odd row
	keyTries                     // how often to try, at most
)

// impatient makes calls fail at once: while opening, an answer now is worth more than
// a good one in two minutes.
func impatient(ctx context.Context) context.Context {
	return context.WithValue(ctx, keyImpatient, true)
}

const (
	firstWait = 100 * time.Millisecond
	longWait  = 5 * time.Second
)

// intercept is the grpc.UnaryClientInterceptor of all calls, outside those that the
// SDK adds.
func (t *transport) intercept(ctx context.Context, fullMethod string, req, reply any, cc *grpc.ClientConn,
	invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	method := path.Base(fullMethod)
	var giveUp time.Time
	loads := 0
	for attempt := 0; ; attempt++ {
		err := t.once(ctx, method, fullMethod, req, reply, cc, invoke, opts)
		if err == nil {
			return nil
		}
		if cause := ctx.Err(); cause != nil {
			return cause
		}
		if c, ok := req.(interface{ GetCollectionName() string }); ok && kindNotLoaded.is(err) && ctx.Value(keyLoading) == nil && loads < 3 {
			loads++
			t.log.Info("loading a collection that the server had put aside", "collection", c.GetCollectionName())
			if lerr := t.load(ctx, c.GetCollectionName()); lerr != nil {
				return lerr
			}
			continue
		}
		if giveUp.IsZero() {
			giveUp = time.Now().Add(t.retryFor)
		}
		wait := waitAfter(attempt)
		tries, limited := ctx.Value(keyTries).(int)
		if !transient(err) || ctx.Value(keyImpatient) != nil || limited && attempt+1 >= tries || time.Now().Add(wait).After(giveUp) {
			return t.explain(method, err)
		}
		t.log.Warn("the server is away or busy; trying again", "address", t.address, "call", method,
			"wait", wait.Round(time.Millisecond), "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// once makes a call with its own deadline.
func (t *transport) once(ctx context.Context, method, fullMethod string, req, reply any, cc *grpc.ClientConn,
	invoke grpc.UnaryInvoker, opts []grpc.CallOption,
) error {
	callCtx, cancel := context.WithTimeout(ctx, t.callTimeout)
	defer cancel()
	// The SDK would try six times by itself, in seven seconds, whatever the size of a message.
	err := invoke(callCtx, fullMethod, req, reply, cc, append(slices.Clone(opts), retry.Disable())...)
	switch {
	case err == nil:
		if se := statusOf(method, reply); se != nil {
			return se
		}
		if list, ok := reply.(*milvuspb.ShowCollectionsResponse); ok {
			numberCollections(list)
		}
		return nil
	case status.Code(err) == codes.DeadlineExceeded || callCtx.Err() != nil && status.Code(err) != codes.Unavailable:
		// The server knows the deadline too and may give up a moment before our clock.
		if ours, ok := ctx.Deadline(); ok && time.Until(ours) <= time.Millisecond {
			return context.DeadlineExceeded
		}
		return fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	return err
}

// numberCollections gives collections without an id the id 0. Milvus Lite lists names
// alone, and the SDK takes a list without ids for an empty one.
func numberCollections(list *milvuspb.ShowCollectionsResponse) {
	for len(list.CollectionIds) < len(list.CollectionNames) {
		list.CollectionIds = append(list.CollectionIds, 0)
	}
}

// waitAfter is how long to wait after the given attempt, counted from 0: twice as long
// each time, and up to a half less at random, so that many clients of a server that
// comes back do not all call at once.
func waitAfter(attempt int) time.Duration {
	wait := longWait
	if attempt < 6 {
		wait = min(firstWait<<attempt, longWait)
	}
	return wait - rand.N(wait/2)
}
