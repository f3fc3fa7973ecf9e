package milvus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"github.com/milvus-io/milvus-proto/go-api/v2/commonpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/lazyregexp"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/service"
)

// statusOf returns the error in a reply, or nil.
func statusOf(method string, reply any) *service.Error {
	var st *commonpb.Status
	switch r := reply.(type) {
	case *commonpb.Status:
		st = r
	case interface{ GetStatus() *commonpb.Status }:
		st = r.GetStatus()
	}
	//lint:ignore SA1019 servers before 2.3, and Milvus Lite, give no other code
	legacy := st.GetErrorCode()
	if legacy == commonpb.ErrorCode_Success && st.GetCode() == 0 {
		return nil
	}
	return &service.Error{Method: method, Code: st.GetCode(), Legacy: int32(legacy), Reason: st.GetReason()}
}

// The kinds of server errors that we act on. The codes are those of merr in Milvus
// 2.3 to 2.5; the words are for older ones and for Milvus Lite, which give few codes.
type kind struct {
	codes  []int32
	legacy []commonpb.ErrorCode
	words  []string
}

var (
	kindNotFound = kind{
		codes:  []int32{100},
		legacy: []commonpb.ErrorCode{commonpb.ErrorCode_CollectionNotExists},
		words:  []string{"collection not found", "can't find collection", "collection does not exist", "alias not found"},
	}
	kindNotLoaded = kind{
		codes:  []int32{101, 103, 201, 202},
		legacy: []commonpb.ErrorCode{commonpb.ErrorCode_NotShardLeader},
		words:  []string{"not loaded", "not fully loaded"},
	}
	// What passes by itself: a server that starts or recovers, or that has too much to do. It
	// knows the deadline of a call too, and may say that it has passed before our clock does.
	kindTransient = kind{
		codes: []int32{1, 2, 4, 8, 400, 401, 500, 501, 502, 503, 600, 601, 602, 901, 902, 903, 904, 905},
		legacy: []commonpb.ErrorCode{
			commonpb.ErrorCode_RateLimit, commonpb.ErrorCode_NotReadyServe, commonpb.ErrorCode_NotReadyCoordActivating,
			commonpb.ErrorCode_TimeTickLongDelay,
		},
		words: []string{
			"not ready", "is not healthy", "service unavailable", "rate limit", "no available", "try again",
			"initializing", "abnormal", "connection refused", "connection reset", "channel not available", "transport is closing",
			"context done", "context deadline exceeded",
		},
	}
	kindFull = kind{
		codes:  []int32{3, 7, 9},
		legacy: []commonpb.ErrorCode{commonpb.ErrorCode_DiskQuotaExhausted, commonpb.ErrorCode_MemoryQuotaExhausted, commonpb.ErrorCode_ForceDeny},
		words:  []string{"no space left on device", "quota exceeded", "quota exhausted", "disk limit exceeded"},
	}
	kindNoDatabase = kind{
		codes: []int32{800},
		words: []string{"database not found", "database not exist", "database does not exist", "can't find database"},
	}
	kindAuth = kind{
		codes:  []int32{1400, 1800},
		legacy: nil,
		words:  []string{"auth check failure", "not authenticated", "username and password"},
	}
)

// is reports whether a server error is of a kind.
func (k kind) is(err error) bool {
	var se *service.Error
	if !errors.As(err, &se) {
		return false
	}
	for _, c := range k.codes {
		if se.Code == c {
			return true
		}
	}
	for _, c := range k.legacy {
		if se.Legacy == int32(c) {
			return true
		}
	}
	reason := strings.ToLower(se.Reason)
	for _, w := range k.words {
		if strings.Contains(reason, w) {
			return true
		}
	}
	return false
}

// noDatabase is how Milvus Lite says it.
var noDatabase = lazyregexp.New(`(?i)database '[^']*' does not exist`)

// isNoDatabase reports whether a server does not have the database of the settings.
func isNoDatabase(err error) bool {
	return kindNoDatabase.is(err) || noDatabase().MatchString(err.Error())
}

// transient reports whether a call that failed may well succeed a little later.
// Everything that we call can be repeated: it writes whole records by id.
func transient(err error) bool {
	if kindFull.is(err) || kindAuth.is(err) {
		return false
	}
	if kindTransient.is(err) || errors.Is(err, errNoAnswer) {
		return true
	}
	return status.Code(err) == codes.Unavailable
}

// tooLarge reports whether the server refuses what it was sent for its size: a text
// longer than its field, or more elements than an array holds.
func tooLarge(err error) bool {
	var se *service.Error
	if !errors.As(err, &se) || kindFull.is(err) || kindTransient.is(err) {
		return false
	}
	reason := strings.ToLower(se.Reason)
	exceeds := slices.ContainsFunc([]string{"exceed", "too long", "too large", "larger than", "longer than"}, func(w string) bool {
		return strings.Contains(reason, w)
	})
	return exceeds && slices.ContainsFunc([]string{"length", "capacity", "size", "long", "large"}, func(w string) bool {
		return strings.Contains(reason, w)
	})
}

// errNoAnswer is a call that was given up after CallTimeout.
var errNoAnswer = errors.New("no answer")

// explain turns the error of a call into one for people and for errors.Is.
func (t *transport) explain(method string, err error) error {
	wrap := func(kind error, format string, args ...any) error {
		return fmt.Errorf("milvus at %s: %w: %s", t.address, kind, fmt.Sprintf(format, args...))
	}
	code := status.Code(err)
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return err
	case kindAuth.is(err) || code == codes.Unauthenticated || code == codes.Unknown && strings.Contains(err.Error(), "auth check failure"):
		return &fault.Error{
			Err:    fmt.Errorf("milvus at %s refuses the user or the password, or the token: %w", t.address, err),
			Advice: "check milvus.username and milvus.password (or milvus.token) in the settings",
		}
	case isNoDatabase(err):
		return &fault.Error{
			Err:    fmt.Errorf("milvus at %s has no database %q: %w", t.address, t.database, err),
			Advice: "check milvus.database in the settings, or make the database with another client",
			Kind:   fault.Usage,
		}
	case code == codes.PermissionDenied:
		return &fault.Error{
			Err:    fmt.Errorf("milvus at %s: %s: the user may not do this: %s", t.address, method, status.Convert(err).Message()),
			Advice: "ask who runs the server for the privilege, or use another user",
		}
	case kindFull.is(err):
		return &fault.Error{
			Err:    wrap(syscall.ENOSPC, "%s", err),
			Advice: "make room on the server, or raise its quotas, and run the command again; nothing that was reported is lost",
		}
	case errors.Is(err, errNoAnswer):
		return wrap(store.ErrUnavailable, "%s: no answer within %s", method, t.callTimeout)
	case code == codes.Unavailable:
		return wrap(store.ErrUnavailable, "%s: %s", method, status.Convert(err).Message())
	case kindNotFound.is(err):
		return wrap(service.ErrNoCollection, "%s", err)
	case kindTransient.is(err):
		return wrap(store.ErrUnavailable, "%s", err)
	}
	return fmt.Errorf("milvus at %s: %w", t.address, err)
}
