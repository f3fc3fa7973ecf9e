package app

import (
	"context"
	"errors"
	"io/fs"
	"syscall"

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
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/tagging/corrections"
	"github.com/sightline/sightline/internal/tagging/export"
	"github.com/sightline/sightline/internal/tagging/review"
	"github.com/sightline/sightline/internal/transfer"
	"github.com/sightline/sightline/internal/webfetch"
	"github.com/sightline/sightline/internal/zeroshot"
)

// rule says of a kind of error what it means and what to do.
type rule struct {
	match  func(error) bool
	kind   fault.Kind
	advice string
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

// interruptions come before all other rules: what was interrupted may fail in any way.
var interruptions = []rule{
	{is(fault.ErrInterrupted), fault.Interrupted, adviseAgain},
	{is(context.Canceled), fault.Interrupted, adviseAgain},
}

// rules are tried in order, after those of the kinds of store. An error that carries a
// hint of its own keeps it.
var rules = []rule{
	{isChangedBundle, fault.Model, "the files of the model have changed since: indexer run --rebuild reads the pictures again by the new ones, and keeps the tags that people gave; nothing was changed"},
	{isMismatch, fault.Model, "give the index's own model with --model, change the model with indexer run --rebuild, or build another index with --db DIR or --collection NAME; nothing was changed"},
	{is(store.ErrLocked), fault.Locked, "wait until the program that writes has finished; searching goes on meanwhile"},
	{is(store.ErrNoIndex), fault.Fatal, "build one first: indexer run PATH (or name it with --db DIR)"},
	{is(store.ErrNewerFormat), fault.Fatal, "use the newer sightline, or build another index with --db DIR"},
	{is(store.ErrOlderFormat), fault.Fatal, "indexer run brings the index up to date, and reads that from the pictures"},
	{is(store.ErrIO), fault.Fatal, adviseDisk},
	{is(syscall.EIO), fault.Fatal, adviseDisk},
	{is(store.ErrDamaged), fault.Fatal, "indexer verify says what is wrong, and indexer verify --repair repairs what can be repaired; what it cannot, indexer restore DIR brings back from a backup"},
	{is(store.ErrNotFound), fault.Fatal, "give the path or the id of a picture that is in the index; search image FILE searches by any other file, and indexer run brings it in"},
	{is(store.ErrNoSpace), fault.Fatal, adviseSpace},
	{is(syscall.ENOSPC), fault.Fatal, adviseSpace},
	{is(syscall.EMFILE), fault.Fatal, adviseFiles},
	{is(syscall.ENFILE), fault.Fatal, adviseFiles},
	{is(ort.ErrNoLibrary), fault.Fatal, "run scripts/setup.sh, or name the library with --onnxruntime-lib FILE"},
	{is(clip.ErrUnreadable), fault.Fatal, "indexer model verify NAME checks every file; indexer model fetch NAME brings it again, and a model from elsewhere must be copied again"},
	{is(clip.ErrIncomplete), fault.Fatal, "bring the model again: indexer model fetch NAME, or copy its files again where it comes from elsewhere"},
	{is(config.ErrInvalid), fault.Usage, "indexer config show lists every setting, and indexer config init FILE writes a file that explains them"},
	{is(index.ErrNoRoots), fault.Fatal, "check the spelling, and that the disk is mounted"},
	{is(query.ErrEmpty), fault.Usage, `say what to look for: search "a dog on a beach"`},
	{is(query.ErrNoSubject), fault.Usage, "give words, or a picture to be like"},
	{is(query.ErrAddress), fault.Usage, "allow it with --allow-urls, or for good with fetch_urls: true in the settings; for the words: search text"},
	{is(webfetch.ErrNotPublic), fault.Fatal, "only what everybody can reach is fetched; save the picture, and search by the file"},
	{is(query.ErrPicture), fault.Fatal, ""},
	{is(query.ErrCutoff), fault.Usage, "for example: --cutoff auto, --cutoff 0.25 or --cutoff p0.3"},
	{is(saved.ErrUnknown), fault.Usage, `search label list shows what is there; to search for the sign use quotes: '"#tag"'`},
	{is(saved.ErrName), fault.Usage, ""},
	{is(saved.ErrExists), fault.Usage, "give another name, or replace it with --force"},
	{is(saved.ErrModel), fault.Fatal, "search label refresh makes it again of its pictures"},
	{is(saved.ErrDamaged), fault.Fatal, "remove it with: search label remove NAME, and save it again"},
	{is(explore.ErrNone), fault.Fatal, "explore it with: indexer explore"},
	{is(explore.ErrModel), fault.Fatal, "explore it again with: indexer explore"},
	{is(explore.ErrDamaged), fault.Fatal, "explore the index again with: indexer explore"},
	{is(explore.ErrFew), fault.Fatal, "index more pictures first: indexer run PATH"},
	{is(explore.ErrNoCluster), fault.Usage, "search clusters lists them; indexer explore renumbers them"},
	{isSyntax, fault.Usage, ""},
	{is(label.ErrTag), fault.Usage, ""},
	{is(label.ErrInvalid), fault.Usage, "search labels init FILE writes a list that explains itself; docs/labels.md has all of it"},
	{is(zeroshot.ErrTemplate), fault.Usage, `for example: --template "a photo of a {}"`},
	{is(tagging.ErrNoRun), fault.Usage, "search tag --runs lists the runs"},
	{is(corrections.ErrLabel), fault.Usage, ""},
	{is(corrections.ErrDamaged), fault.Fatal, ""},
	{is(review.ErrLabel), fault.Usage, ""},
	{is(review.ErrGrouped), fault.Usage, "ask about labels without a group; search tag --approve and --reject correct the others picture by picture"},
	{is(export.ErrFormat), fault.Usage, ""},
	{is(evaluate.ErrTruth), fault.Fatal, "search eval --truth can be captions, folders or tags"},
	{is(retrieval.ErrCaptions), fault.Fatal, "each line is a file name, a tab and a caption; index the pictures first"},
	{is(recall.ErrQueries), fault.Fatal, "each line is a query, as one would search for it"},
	{is(recall.ErrNothingToTune), fault.Fatal, "searches need no tuning here; nothing was changed"},
	{is(recall.ErrTooFew), fault.Fatal, "--dry-run only measures; without a kept value milvus.recall decides"},
	{is(recall.ErrNotReached), fault.Fatal, "ask for less with --recall, or index again with a larger milvus.index.m and ef_construction, or with milvus.index.type FLAT; nothing was changed"},
	{is(transfer.ErrCheck), fault.Fatal, "was the index changed meanwhile? run the same command again: it sends what differs"},
	{is(dump.ErrInvalid), fault.Fatal, "write it again with indexer dump FILE; nothing was changed"},
	{is(fs.ErrPermission), fault.Fatal, "check who owns the file or folder"},
}

const adviseAgain = "what was reported is safe; run the same command again to go on"

const adviseDisk = "try again; if it fails again, look at the disk and its connection: the index itself may be sound"

const adviseFiles = "allow more open files (ulimit -n 1024) and run the command again; nothing that was reported is lost"

const adviseSpace = "make room on the disk and run the command again; nothing that was reported is lost"

func isSyntax(err error) bool {
	var bad *syntax.Error
	return errors.As(err, &bad)
}

func isMismatch(err error) bool {
	var m *store.ModelMismatchError
	return errors.As(err, &m)
}

// isChangedBundle reports whether an index was built by other files of the model that is asked
// for by name, as after an update of the starter.
func isChangedBundle(err error) bool {
	var m *store.ModelMismatchError
	if !errors.As(err, &m) {
		return false
	}
	have, want := m.Have, m.Want
	have.Fingerprint, want.Fingerprint = "", ""
	return have == want
}

// BundleChanged reports whether the index was built by other files of the model that the
// settings name.
func (e *Env) BundleChanged(ctx context.Context, cfg config.Config) (bool, error) {
	open, err := e.OpenIndex(ctx, cfg, store.ReadOnly, OneQuery)
	if isChangedBundle(err) {
		return true, nil
	} else if err != nil {
		return false, err
	}
	return false, open.Close()
}

// OtherModel says how the model of the index and the one that the settings name differ. It
// returns nil where they do not, and where nothing can be said because one of them cannot
// be opened.
func (e *Env) OtherModel(ctx context.Context, cfg config.Config) error {
	open, err := e.OpenIndex(ctx, cfg, store.ReadOnly, OneQuery)
	if isMismatch(err) {
		return err
	} else if err == nil {
		open.Close() // was only read
	}
	return nil
}

// Explain returns what an error means and what to do about it; the hint is "" where
// nothing is known. It serves everybody who reports errors.
func Explain(err error) (kind fault.Kind, hint string) {
	kind = fault.Fatal
	if r, ok := ruleFor(err); ok {
		kind, hint = r.kind, r.advice
	}
	for _, f := range faults(err) {
		if f.Kind != fault.Unknown {
			kind = f.Kind
			break
		}
	}
	var h interface{ Hint() string }
	if errors.As(err, &h) && h.Hint() != "" {
		hint = h.Hint()
	}
	return kind, hint
}

// ruleFor returns the first rule that matches.
func ruleFor(err error) (rule, bool) {
	lists := [][]rule{interruptions}
	for _, k := range storeKinds {
		lists = append(lists, k.rules)
	}
	for _, list := range append(lists, rules) {
		for _, r := range list {
			if r.match(err) {
				return r, true
			}
		}
	}
	return rule{}, false
}

// faults lists the errors with advice in a chain, the outermost first.
func faults(err error) []*fault.Error {
	var found []*fault.Error
	var f *fault.Error
	for errors.As(err, &f) {
		found = append(found, f)
		err = f.Err
	}
	return found
}
