package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/ort"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/measure/recall"
	"github.com/sightline/sightline/internal/measure/retrieval"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/tagging/export"
	"github.com/sightline/sightline/internal/terminal/progress"
	"github.com/sightline/sightline/internal/transfer"
	"github.com/sightline/sightline/internal/zeroshot"
)

// The exit codes of both commands. Scripts rely on them.
const (
	ExitOK          = 0   // also where nothing was found
	ExitFatal       = 1   // the command could not do its work
	ExitUsage       = 2   // the arguments or the settings are wrong
	ExitPartial     = 3   // finished, but some files failed
	ExitUnreachable = 10  // the store cannot be reached
	ExitModel       = 11  // the index was built by another model
	ExitLocked      = 12  // another process is writing the index
	ExitInterrupted = 130 // Ctrl-C; what was reported is durable
)

// ExitCodes explains the codes at the end of a help text.
const ExitCodes = `0 ok (also with no hits)   1 fatal   2 usage or settings   3 finished with failed files
   10 store unreachable   11 index built by another model   12 locked   130 interrupted`

// ErrInterrupted ends a command that Ctrl-C cut short.
var ErrInterrupted = errors.New("interrupted")

// Problem is an error that knows how the command ends and what to do about it.
type Problem struct {
	Err    error
	Advice string // what to do; "" if the message says it all
	Code   int
}

// Error is the message, without the advice.
func (p *Problem) Error() string { return p.Err.Error() }

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }

// Hint is the advice.
func (p *Problem) Hint() string { return p.Advice }

// Usagef returns an error about how the command was called, with a hint.
func Usagef(hint, format string, args ...any) error {
	return &Problem{Err: fmt.Errorf(format, args...), Advice: hint, Code: ExitUsage}
}

// Partial returns the error of an indexing run that finished with failed files.
func Partial(failed int64, hint string) error { return PartialOf(failed, "indexed", hint) }

// PartialOf returns the error of a command that finished but could not do to some
// files what the verb says: "indexed".
func PartialOf(failed int64, verb, hint string) error {
	noun := "files"
	if failed == 1 {
		noun = "file"
	}
	return &Problem{Err: fmt.Errorf("%d %s could not be %s", failed, noun, verb), Advice: hint, Code: ExitPartial}
}

// rule maps a kind of error to an exit code and to advice.
type rule struct {
	match  func(error) bool
	code   int
	advice string
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

// rules are tried in order. An error that carries a hint of its own keeps it.
var rules = []rule{
	{is(ErrInterrupted), ExitInterrupted, adviseAgain},
	{is(context.Canceled), ExitInterrupted, adviseAgain},
	{isMismatch, ExitModel, "give the index's own model with --model, change the model with indexer run --rebuild, or build another index with --db DIR or --collection NAME; nothing was changed"},
	{is(store.ErrLocked), ExitLocked, "wait until the other indexer has finished; searching goes on meanwhile"},
	{is(store.ErrUnavailable), ExitUnreachable, "check that the server is running and that --milvus-address (or milvus.address in the settings) is right"},
	{is(store.ErrNoIndex), ExitFatal, "build one first: indexer run PATH (or name it with --db DIR)"},
	{is(store.ErrNewerFormat), ExitFatal, "use the newer sightline, or build another index with --db DIR"},
	{is(store.ErrDamaged), ExitFatal, "indexer verify says what is wrong; build a new index with --db DIR"},
	{is(store.ErrNotFound), ExitFatal, "give the path or the id of a picture that is in the index; for any other file use: search image FILE"},
	{is(store.ErrNoSpace), ExitFatal, adviseSpace},
	{is(syscall.ENOSPC), ExitFatal, adviseSpace},
	{is(ort.ErrNoLibrary), ExitFatal, "run scripts/setup.sh, or name the library with --onnxruntime-lib FILE"},
	{is(clip.ErrUnreadable), ExitFatal, "indexer model verify NAME checks every file; indexer model fetch NAME mends them"},
	{is(clip.ErrIncomplete), ExitFatal, "bring the model again: indexer model fetch NAME"},
	{is(config.ErrInvalid), ExitUsage, "config.yaml in the repository lists every setting"},
	{is(index.ErrNoRoots), ExitFatal, "check the spelling, and that the disk is mounted; without --force-prune the index is left as it is"},
	{is(query.ErrEmpty), ExitUsage, `say what to look for: search "a dog on a beach"`},
	{is(query.ErrPicture), ExitFatal, ""},
	{is(zeroshot.ErrLabels), ExitUsage, "search tag --help shows how a list is written"},
	{is(zeroshot.ErrTemplate), ExitUsage, `for example: --template "a photo of a {}"`},
	{is(tagging.ErrNoRun), ExitUsage, "search tag --runs lists the runs"},
	{is(export.ErrFormat), ExitUsage, ""},
	{is(retrieval.ErrCaptions), ExitFatal, "each line is a file name, a tab and a caption; index the pictures first"},
	{is(recall.ErrQueries), ExitFatal, "each line is a query, as one would search for it"},
	{is(recall.ErrNothingToTune), ExitFatal, "searches need no tuning here; nothing was changed"},
	{is(recall.ErrNotReached), ExitFatal, "ask for less with --recall, or index again with a larger milvus.index.m and ef_construction, or with milvus.index.type FLAT; nothing was changed"},
	{is(transfer.ErrCheck), ExitFatal, "was the index changed meanwhile? run the same command again: it sends what differs"},
	{is(fs.ErrPermission), ExitFatal, "check who owns the file or folder"},
}

const adviseAgain = "what was reported is safe; run the same command again to go on"

const adviseSpace = "make room on the disk and run the command again; nothing that was reported is lost"

func isMismatch(err error) bool {
	var m *store.ModelMismatchError
	return errors.As(err, &m)
}

// classify returns the exit code of an error and what to do about it.
func classify(err error) (code int, hint string) {
	code = ExitFatal
	for _, r := range rules {
		if r.match(err) {
			code, hint = r.code, r.advice
			break
		}
	}
	var p *Problem
	if errors.As(err, &p) {
		code = p.Code
	}
	var h interface{ Hint() string }
	if errors.As(err, &h) && h.Hint() != "" {
		hint = h.Hint()
	}
	return code, hint
}

// report writes an error to stderr and returns the exit code.
func (p *Program) report(err error, asJSON bool) int {
	if err == nil || errors.Is(err, syscall.EPIPE) { // the reader of a pipe has gone away
		return ExitOK
	}
	code, hint := classify(err)
	message := strings.ReplaceAll(err.Error(), "\n", "; ")
	if asJSON {
		line, _ := json.Marshal(struct {
			Error string `json:"error"`
			Hint  string `json:"hint"`
			Code  int    `json:"code"`
		}{message, hint, code}) // strings and a number always marshal
		fmt.Fprintf(p.Stderr, "%s\n", line)
		return code
	}
	fmt.Fprintf(p.Stderr, "error: %s\n", progress.Safe(message)) // it may hold the name of a file
	if hint != "" {
		fmt.Fprintf(p.Stderr, "hint: %s\n", progress.Safe(hint))
	}
	return code
}
