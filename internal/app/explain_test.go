package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/ort"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/dump"
	"github.com/sightline/sightline/internal/explore"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/measure/evaluate"
	"github.com/sightline/sightline/internal/measure/recall"
	"github.com/sightline/sightline/internal/measure/retrieval"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/query/saved"
	"github.com/sightline/sightline/internal/query/syntax"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local/blocks"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/tagging/corrections"
	"github.com/sightline/sightline/internal/tagging/export"
	"github.com/sightline/sightline/internal/tagging/review"
	"github.com/sightline/sightline/internal/transfer"
	"github.com/sightline/sightline/internal/webfetch"
	"github.com/sightline/sightline/internal/zeroshot"
)

// explained is an error, what it means, and a word of its advice.
type explained struct {
	err  error
	kind fault.Kind
	hint string // a part of it; "" for none
}

func allExplained() []explained {
	return []explained{
		{errors.New("something"), fault.Fatal, ""},
		{fault.ErrInterrupted, fault.Interrupted, "again"},
		{context.Canceled, fault.Interrupted, "again"},
		{&store.ModelMismatchError{}, fault.Model, "--rebuild"},
		{store.ErrLocked, fault.Locked, "wait"},
		{store.ErrUnavailable, fault.Unreachable, "--milvus-address"},
		{store.ErrNoIndex, fault.Fatal, "indexer run PATH"},
		{store.ErrNewerFormat, fault.Fatal, "newer sightline"},
		{store.ErrIO, fault.Fatal, "try again"},
		{syscall.EIO, fault.Fatal, "try again"},
		{store.ErrDamaged, fault.Fatal, "indexer verify"},
		{store.ErrDamaged, fault.Fatal, "indexer restore"},
		{dump.ErrInvalid, fault.Fatal, "indexer dump"},
		{blocks.ErrDamaged, fault.Fatal, "--list"},
		{blocks.ErrNoBackup, fault.Fatal, "indexer backup DIR"},
		{blocks.ErrNoState, fault.Fatal, "--list"},
		{blocks.ErrForeign, fault.Usage, "an empty folder"},
		{store.ErrNotFound, fault.Fatal, "search image"},
		{store.ErrNoSpace, fault.Fatal, "make room"},
		{syscall.ENOSPC, fault.Fatal, "make room"},
		{syscall.EMFILE, fault.Fatal, "open files"},
		{syscall.ENFILE, fault.Fatal, "open files"},
		{ort.ErrNoLibrary, fault.Fatal, "--onnxruntime-lib"},
		{clip.ErrUnreadable, fault.Fatal, "model verify"},
		{clip.ErrIncomplete, fault.Fatal, "model fetch"},
		{config.ErrInvalid, fault.Usage, "config show"},
		{index.ErrNoRoots, fault.Fatal, "spelling"},
		{query.ErrEmpty, fault.Usage, "what to look for"},
		{query.ErrPicture, fault.Fatal, ""},
		{query.ErrNoSubject, fault.Usage, "give words"},
		{query.ErrAddress, fault.Usage, "--allow-urls"},
		{webfetch.ErrNotPublic, fault.Fatal, "search by the file"},
		{corrections.ErrLabel, fault.Usage, ""},
		{corrections.ErrDamaged, fault.Fatal, ""},
		{review.ErrLabel, fault.Usage, ""},
		{evaluate.ErrTruth, fault.Fatal, "--truth"},
		{store.ErrOlderFormat, fault.Fatal, "indexer run"},
		{query.ErrCutoff, fault.Usage, "--cutoff auto"},
		{saved.ErrUnknown, fault.Usage, "label list"},
		{saved.ErrName, fault.Usage, ""},
		{saved.ErrExists, fault.Usage, "--force"},
		{saved.ErrModel, fault.Fatal, "search label refresh"},
		{saved.ErrDamaged, fault.Fatal, "label remove"},
		{explore.ErrNone, fault.Fatal, "indexer explore"},
		{explore.ErrModel, fault.Fatal, "again"},
		{explore.ErrDamaged, fault.Fatal, "again"},
		{explore.ErrFew, fault.Fatal, "indexer run"},
		{explore.ErrNoCluster, fault.Usage, "search clusters"},
		{&query.LineError{Err: fmt.Errorf("%w, %w", &syntax.Error{}, explore.ErrNone)}, fault.Fatal, "indexer explore"},
		{&syntax.Error{}, fault.Usage, ""},
		{&query.LineError{Err: &syntax.Error{Advice: "close it"}}, fault.Usage, "close it"},
		{label.ErrInvalid, fault.Usage, "search labels init FILE"},
		{label.ErrTag, fault.Usage, ""},
		{zeroshot.ErrTemplate, fault.Usage, "a photo of a"},
		{tagging.ErrNoRun, fault.Usage, "--runs"},
		{review.ErrGrouped, fault.Usage, "without a group"},
		{export.ErrFormat, fault.Usage, ""},
		{retrieval.ErrCaptions, fault.Fatal, "a tab"},
		{recall.ErrQueries, fault.Fatal, "each line is a query"},
		{recall.ErrNothingToTune, fault.Fatal, "no tuning"},
		{recall.ErrNotReached, fault.Fatal, "--recall"},
		{recall.ErrTooFew, fault.Fatal, "--dry-run"},
		{transfer.ErrCheck, fault.Fatal, "same command"},
		{fs.ErrPermission, fault.Fatal, "who owns"},

		// The one that comes first in the list of rules decides.
		{fmt.Errorf("%w, %w", store.ErrNoIndex, store.ErrUnavailable), fault.Unreachable, "--milvus-address"},
		{errors.Join(store.ErrLocked, context.Canceled), fault.Interrupted, "again"},

		// An error's own advice and kind go before those of the rules, the outermost first.
		{fault.Usagef("do this", "wrong"), fault.Usage, "do this"},
		{fault.Advise("do this", "no: %w", store.ErrLocked), fault.Locked, "do this"},
		{&fault.Error{Err: store.ErrLocked, Kind: fault.Fatal}, fault.Fatal, "wait"},
		{fault.Advise("outer", "%w", fault.Usagef("inner", "wrong")), fault.Usage, "outer"},
		{&fault.Error{Err: fault.Usagef("inner", "wrong"), Kind: fault.Partial}, fault.Partial, ""},
		{fault.Partialf(2, "indexed", "retry"), fault.Partial, "retry"},
	}
}

func TestExplain(t *testing.T) {
	for _, c := range allExplained() {
		for _, err := range []error{c.err, fmt.Errorf("while working: %w", c.err), errors.Join(c.err, nil)} {
			kind, hint := Explain(err)
			if kind != c.kind {
				t.Errorf("%v: kind %d, want %d", err, kind, c.kind)
			}
			if (hint == "") != (c.hint == "") || !strings.Contains(hint, c.hint) {
				t.Errorf("%v: hint %q, want one with %q", err, hint, c.hint)
			}
		}
	}
}

// Each rule is reached: none is hidden behind one before it.
func TestExplainRulesAreReached(t *testing.T) {
	all := append(slices.Clone(interruptions), rules...)
	for _, k := range storeKinds {
		all = append(all, k.rules...)
	}
	for i, r := range all {
		reached := false
		for _, c := range allExplained() {
			if r.match(c.err) {
				reached = true
			}
		}
		if !reached {
			t.Errorf("rule %d (%q) matches none of the errors that are tested", i, r.advice)
		}
	}
}
