// Package retrieval measures how well a model finds pictures: recall@k and mean
// reciprocal rank over captioned pictures of one's own.
package retrieval

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"syscall"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/measure/bootstrap"
	"github.com/sightline/sightline/internal/store"
)

// Caption is one line of a captions file: a picture and a text that describes it.
type Caption struct {
	File string // cleaned: absolute, or the end of a path, by whole elements
	Text string
	// Labels are what is true of the picture, out of the third column: divided by |,
	// none where the column is missing or empty.
	Labels []string
}

// ErrCaptions says that a captions file cannot be used; the message says why.
var ErrCaptions = errors.New("captions file is not usable")

// maxLine bounds a line of a captions file, in bytes.
const maxLine = 1 << 20

// ReadCaptionsFile reads the captions of a file: see ReadCaptions.
func ReadCaptionsFile(name string) ([]Caption, error) {
	// O_NONBLOCK: to open a pipe without a writer would wait for ever.
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCaptions, err)
	}
	defer f.Close()
	captions, err := ReadCaptions(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return captions, nil
}

// ReadCaptions reads lines of a file name, a tab, a caption and, if there are any, a
// tab and labels divided by |. Further columns are ignored, as are empty lines and
// lines that start with #.
func ReadCaptions(r io.Reader) ([]Caption, error) {
	var out []Caption
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		n++
		line := strings.TrimRight(lines.Text(), "\r")
		if n == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) == 1 && strings.Contains(line, ",") {
			return nil, fmt.Errorf("%w: line %d has a comma and no tab between file name and caption", ErrCaptions, n)
		}
		if len(f) < 2 || f[0] == "" || strings.TrimSpace(f[1]) == "" {
			return nil, fmt.Errorf("%w: line %d is not a file name, a tab and a caption", ErrCaptions, n)
		}
		c := Caption{File: path.Clean(f[0]), Text: f[1]}
		if len(f) > 2 {
			for l := range strings.SplitSeq(f[2], "|") {
				if l = strings.TrimSpace(l); l != "" {
					c.Labels = append(c.Labels, l)
				}
			}
		}
		out = append(out, c)
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("%w: line %d is longer than %d bytes", ErrCaptions, n+1, maxLine)
	} else if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCaptions, err)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: it holds no captions", ErrCaptions)
	}
	return out, nil
}

// Result is the outcome, the rates in per cent. Pictures whose file is not in the
// index are Missing, and their captions count as not found.
type Result struct {
	Queries  int     `json:"queries"`
	Images   int     `json:"images"`
	Recall1  float64 `json:"recall@1"`
	Recall5  float64 `json:"recall@5"`
	Recall10 float64 `json:"recall@10"`
	MRR      float64 `json:"mrr"`
	Missing  int     `json:"missing"`
	// Intervals are those of the rates, over resamples of the queries, in per cent.
	Intervals Intervals `json:"intervals"`
}

// Intervals says how far rates depend on which queries happened to be asked.
type Intervals struct {
	Recall1  bootstrap.Interval `json:"recall@1"`
	Recall5  bootstrap.Interval `json:"recall@5"`
	Recall10 bootstrap.Interval `json:"recall@10"`
	MRR      bootstrap.Interval `json:"mrr"`
}

// depth is how far down the hits a picture is looked for. A picture further down
// counts as not found, which moves the mean reciprocal rank by at most 0.1 points.
const depth = 1000

// queryBlock is how many captions are searched for in one pass over the index.
const queryBlock = 64

// Run searches for every caption and ranks its pictures. Captions that are equal
// up to case are one query, of which any picture is a hit. The rank of a hit is
// one more than the number of pictures with a strictly higher score, so equal
// pictures do not push each other down.
func Run(ctx context.Context, st store.Store, e clip.Encoder, captions []Caption) (Result, error) {
	files := make(map[string]bool)
	for _, c := range captions {
		files[c.File] = true
	}
	where, err := Locate(ctx, st, files)
	if err != nil {
		return Result{}, err
	}
	queries := group(captions)
	res := Result{Queries: len(queries), Images: len(files), Missing: len(files) - len(where)}
	if len(where) == 0 {
		return res, fmt.Errorf("%w: none of its %d pictures is in the index", ErrCaptions, len(files))
	}
	ranks := make([]int, 0, len(queries))
	for from := 0; from < len(queries); from += queryBlock {
		block := queries[from:min(from+queryBlock, len(queries))]
		if ranks, err = rankBlock(ctx, st, e, block, where, ranks); err != nil {
			return Result{}, err
		}
	}
	all := make([]int, len(ranks))
	for i := range all {
		all[i] = i
	}
	rates := make([]float64, rateCount)
	ratesOf(ranks, all, rates)
	res.Recall1, res.Recall5, res.Recall10, res.MRR = rates[0], rates[1], rates[2], rates[3]
	i := bootstrap.Intervals(len(ranks), rateCount, func(drawn []int, rates []float64) { ratesOf(ranks, drawn, rates) })
	res.Intervals = Intervals{Recall1: i[0], Recall5: i[1], Recall10: i[2], MRR: i[3]}
	return res, nil
}

// rateCount is how many rates ratesOf sets.
const rateCount = 4

// ratesOf sets recall@1, recall@5, recall@10 and the mean reciprocal rank, in per cent,
// of the queries at some places. A rank of 0 is not found.
func ratesOf(ranks, places []int, rates []float64) {
	clear(rates)
	for _, at := range places {
		rank := ranks[at]
		if rank == 0 {
			continue
		}
		for i, k := range []int{1, 5, 10} {
			if rank <= k {
				rates[i]++
			}
		}
		rates[3] += 1 / float64(rank)
	}
	for i := range rates {
		rates[i] = 100 * rates[i] / float64(len(places))
	}
}

// query is a text and the files that answer it.
type query struct {
	text  string
	files []string
}

func group(captions []Caption) []query {
	var out []query
	at := make(map[string]int)
	for _, c := range captions {
		key := strings.ToLower(c.Text)
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, query{text: c.Text})
		}
		out[i].files = append(out[i].files, c.File)
	}
	return out
}

// rankBlock appends the rank of each query's best picture.
func rankBlock(ctx context.Context, st store.Store, e clip.Encoder, block []query, where map[string][]string, ranks []int) ([]int, error) {
	texts := make([]string, len(block))
	for i, q := range block {
		texts[i] = q.text
	}
	vectors, err := e.EncodeTexts(ctx, texts)
	if err != nil {
		return nil, fmt.Errorf("embedding %d captions: %w", len(texts), err)
	}
	hits, err := st.Search(ctx, store.Query{Vectors: vectors, K: depth, MinScore: -1})
	if err != nil {
		return nil, fmt.Errorf("searching for %d captions: %w", len(texts), err)
	}
	for i, q := range block {
		wanted := make(map[string]bool)
		for _, f := range q.files {
			for _, id := range where[f] {
				wanted[id] = true
			}
		}
		ranks = append(ranks, rankOf(hits[i], wanted))
	}
	return ranks, nil
}

// rankOf returns the rank of the best wanted hit, from 1, or 0 if there is none.
func rankOf(hits []store.Hit, wanted map[string]bool) int {
	higher, last := 0, float32(0)
	for i, h := range hits {
		if i == 0 || h.Score != last {
			higher, last = i, h.Score
		}
		if wanted[h.ID] {
			return higher + 1
		}
	}
	return 0
}

// Locate returns the record ids of each file: a file is the path itself, or its
// end by whole elements.
func Locate(ctx context.Context, st store.Store, files map[string]bool) (map[string][]string, error) {
	where := make(map[string][]string)
	for r, err := range st.Scan(ctx, nil, store.Fields{}) {
		if err != nil {
			return nil, fmt.Errorf("reading the index: %w", err)
		}
		for p := r.Path; p != ""; {
			if files[p] {
				where[p] = append(where[p], r.ID)
			}
			_, rest, ok := strings.Cut(p, "/")
			if !ok {
				break
			}
			p = rest
		}
	}
	return where, nil
}
