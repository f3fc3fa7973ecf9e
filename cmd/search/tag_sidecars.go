package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/tagging/sidecar"
	"github.com/sightline/sightline/internal/terminal"
	"github.com/sightline/sightline/internal/zeroshot"
)

// keywords are the labels of a list as they go into sidecars.
type keywords map[string]sidecar.Keyword

func keywordsOf(list *zeroshot.List) keywords {
	out := make(keywords, len(list.Labels))
	for i, parents := range list.Ancestors() {
		name := list.Labels[i].Name
		out[name] = sidecar.Keyword{Label: name, Parents: parents}
	}
	return out
}

func (k keywords) of(tags []store.Tag) []sidecar.Keyword {
	var out []sidecar.Keyword
	for _, t := range tags {
		out = append(out, k[t.Label])
	}
	return out
}

// writeSidecars brings every sidecar in line with the run. Pictures without a tag are
// gone through as well: they may have had one before.
func (x *tagRun) writeSidecars(ctx context.Context) error {
	failed, err := updateSidecars(ctx, x.tagger, x.run.ID, x.reporter.Failed, x.keywords.of)
	x.failed += failed
	return err
}

// updateSidecars gives each picture of the index the keywords that its tags of a run
// stand for. What is wrong with a sidecar is told, and the next is gone on with.
func updateSidecars(ctx context.Context, t *tagging.Tagger, run string, fail func(path, reason string),
	keywordsOf func([]store.Tag) []sidecar.Keyword) (failed int64, err error) {
	err = t.All(ctx, run, func(r store.Record, tags []store.Tag) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, err := sidecar.Update(r.Path, run, keywordsOf(tags))
		if err == nil || len(tags) == 0 && errors.Is(err, fs.ErrNotExist) {
			return nil // a picture that is gone has no sidecar to clear
		}
		failed++
		fail(r.Path, err.Error())
		return nil
	})
	return failed, err
}

// showSidecar prints how a sidecar would change.
func (x *tagRun) showSidecar(w io.Writer, path string, tags []store.Tag) error {
	change, err := sidecar.Plan(path, x.run.ID, x.keywords.of(tags))
	if err != nil {
		x.failed++
		x.reporter.Failed(path, err.Error())
		return nil
	}
	if change.Nothing() {
		return nil
	}
	var diff bytes.Buffer
	if err := change.Diff(&diff); err != nil {
		return fmt.Errorf("diff: %w", err)
	}
	_, err = io.WriteString(w, safeText(diff.String()))
	return err
}

// safeText makes the lines of a text safe for a terminal. Tabs stay; how lines ended is
// not shown.
func safeText(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		parts := strings.Split(strings.TrimSuffix(line, "\r"), "\t")
		for j := range parts {
			parts[j] = terminal.Safe(parts[j])
		}
		lines[i] = strings.Join(parts, "\t")
	}
	return strings.Join(lines, "\n")
}
