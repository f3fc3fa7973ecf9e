package server

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/zeroshot"
)

// LabelList is a list of labels, in one of three forms.
type LabelList struct {
	Labels []string `json:"labels,omitempty" maxItems:"10000" doc:"Names of labels"`
	List   string   `json:"list,omitempty" maxLength:"4000000" doc:"The text of a label file, in place of labels"`
	// Bundled is the name of one that ships.
	Bundled string `json:"bundled,omitempty" maxLength:"100" doc:"The name of a list of GET /lists, in place of labels"`
	Format  string `json:"format,omitempty" enum:"text,csv,yaml" doc:"Of list; text where it is left out"`
	Name    string `json:"name,omitempty" maxLength:"200" doc:"What the list is called in the run"`
	// Templates are prompt templates with {} for the label.
	Templates []string `json:"templates,omitempty" maxItems:"200" doc:"Prompt templates with {} for the label, or ensemble; the built-in ones where it is left out"`
}

// read makes a list of what was sent.
func (l LabelList) read() (*label.List, error) {
	if l.Bundled != "" {
		b, ok := label.FindBundled(l.Bundled)
		if !ok {
			return nil, newProblem(http.StatusBadRequest, "usage", fmt.Sprintf("no list of the name %q ships with the program", l.Bundled), "GET /lists lists them")
		}
		return b.List()
	}
	source := cmp.Or(l.Name, label.Given)
	if l.List != "" {
		return label.Read(strings.NewReader(l.List), source, label.Format(cmp.Or(l.Format, string(label.Text))))
	}
	labels := make([]label.Label, len(l.Labels))
	for i, name := range l.Labels {
		labels[i] = label.Label{Name: strings.TrimSpace(name)}
	}
	return label.NewList(source, labels)
}

// templates reads the templates. No file is read for anybody.
func (l LabelList) templates() ([]string, error) {
	var all []string
	for _, spec := range l.Templates {
		if strings.HasPrefix(spec, "@") {
			return nil, newProblem(http.StatusBadRequest, "usage", "a template is no file here", "send its lines as templates")
		}
		t, err := zeroshot.Templates(spec)
		if err != nil {
			return nil, err
		}
		all = append(all, t...)
	}
	return all, nil
}

// RunRequest asks for a tag run.
type RunRequest struct {
	LabelList
	Per            string  `json:"per,omitempty" enum:"image,label" doc:"The best labels of each picture (image, the default), or the best pictures of each label"`
	Count          int     `json:"count,omitempty" minimum:"1" maximum:"100000" doc:"Labels a picture (5), or pictures a label (100)"`
	MinProbability float32 `json:"min_probability,omitempty" minimum:"0" maximum:"1" doc:"Tags below it are left out, except those of labels with a threshold of their own; where it is left out the min_probability of GET /runs counts, and more for lists of more than 50 labels"`
	// Thresholds are those of single labels, to be tried.
	Thresholds     map[string]float32 `json:"thresholds,omitempty" maxProperties:"10000" doc:"Of a dry run: the least probabilities of single labels, in place of what was saved; 0 for none. POST /thresholds saves one"`
	CorrectHubness bool               `json:"correct_hubness,omitempty" doc:"With per label: prefer pictures that stand out"`
	Retag          bool               `json:"retag,omitempty" doc:"Look at all pictures again"`
	Sidecars       bool               `json:"xmp,omitempty" doc:"Write the labels into XMP sidecars too"`
	DryRun         bool               `json:"dry_run,omitempty" doc:"Show what the run would write, and write nothing"`
	Examples       int                `json:"examples,omitempty" minimum:"1" maximum:"200" doc:"Of a dry run: pictures that are shown for each label (12)"`
}

func (r RunRequest) options(collection string) (tagging.Options, error) {
	o := tagging.Options{
		Collection: collection, Direction: tagging.Direction(cmp.Or(r.Per, string(tagging.PerImage))), Count: r.Count,
		MinProbability: r.MinProbability, CorrectHubness: r.CorrectHubness, Retag: r.Retag,
	}
	o.Sidecars = r.Sidecars
	if o.Count == 0 {
		o.Count = 5
		if o.Direction == tagging.PerLabel {
			o.Count = 100
		}
	}
	if o.CorrectHubness && o.Direction != tagging.PerLabel {
		return o, newProblem(http.StatusBadRequest, "usage", "correct_hubness needs per label", "")
	}
	return o, nil
}

// RunAnswer is a run that was begun, or what one would write.
type RunAnswer struct {
	ID      string         `json:"id" doc:"Of the run, and of its events"`
	DryRun  bool           `json:"dry_run"`
	Job     *Progress      `json:"job,omitempty" doc:"How far the run is"`
	Labels  []LabelPreview `json:"labels,omitempty" doc:"Of a dry run: what each label would get"`
	Tagged  int64          `json:"tagged" doc:"Of a dry run: pictures that would get a tag"`
	Tags    int64          `json:"tags" doc:"Of a dry run"`
	Lengths []int64        `json:"histogram,omitempty" doc:"Of a dry run: tags by probability, in 20 equal steps from 0 to 1"`
	// MinProbability is the least probability of labels without a threshold.
	MinProbability float32   `json:"min_probability" doc:"The least probability of labels without a threshold of their own"`
	Learned        []Learned `json:"learned" doc:"Labels of the list that people have corrected, and what the run learns from it"`
}

// LabelPreview is what a label would get.
type LabelPreview struct {
	Label    string `json:"label"`
	Pictures int64  `json:"pictures"`
	Before   *int64 `json:"before,omitempty" doc:"Where thresholds are tried: pictures without them"`
	// Threshold is the label's own least probability, or that of the run.
	Threshold float32      `json:"threshold" doc:"The least probability of this label"`
	Own       bool         `json:"own_threshold" doc:"It is the label's own: of the list, saved, or tried"`
	Best      []LabelMatch `json:"best" doc:"The most probable first"`
}

// LabelMatch is a picture that a label would get.
type LabelMatch struct {
	Hit
	Probability float32 `json:"probability"`
	Cosine      float32 `json:"cosine"`
}

func (s *Server) registerRuns(api huma.API) {
	type runID struct {
		ID string `path:"id" maxLength:"20" doc:"Of a run, or last"`
	}
	register(s, api, operation{
		ID: "tag", Method: http.MethodPost, Path: "/runs", Tag: "runs", Summary: "Tag the index from a list of labels, or see what that would write",
		Reads: true, Long: true, MaxBody: 8 << 20,
	}, func(ctx context.Context, in *struct{ Body RunRequest }) (*struct{ Body RunAnswer }, error) {
		if !in.Body.DryRun {
			if err := s.mayWrite(ctx); err != nil {
				return nil, err
			}
		}
		a, err := s.tag(ctx, in.Body)
		return &struct{ Body RunAnswer }{a}, err
	})
	register(s, api, operation{Method: http.MethodGet, Path: "/runs", Tag: "runs", Summary: "The tag runs of the index, the oldest first"},
		func(ctx context.Context, _ *struct{}) (*RunsOutput, error) {
			x, release, err := s.source.acquire(ctx)
			if err != nil {
				return nil, err
			}
			defer release()
			runs, err := x.Runs.Runs(ctx)
			out := &RunsOutput{}
			out.Body.Runs, out.Body.Job = append([]tagging.Run{}, runs...), s.jobs.running()
			out.Body.MinProbability = zeroshot.DefaultMinProbability
			return out, err
		})
	register(s, api, operation{ID: "undo", Method: http.MethodPost, Path: "/runs/{id}/undo", Tag: "runs", Summary: "Take the tags of a run back", Status: http.StatusAccepted},
		func(ctx context.Context, in *runID) (*struct{ Body Progress }, error) {
			p, err := s.undo(ctx, in.ID)
			return &struct{ Body Progress }{p}, err
		})
	s.registerRunEvents(api)
	s.registerExport(api)
}

// RunsOutput lists runs.
type RunsOutput struct {
	Body struct {
		Runs []tagging.Run `json:"runs"`
		Job  *Progress     `json:"job,omitempty" doc:"What this server is at work on"`
		// MinProbability is where a run begins that says nothing else.
		MinProbability float32 `json:"min_probability" doc:"The least probability of a tag where a run does not say it"`
	}
}

func (s *Server) tag(ctx context.Context, r RunRequest) (RunAnswer, error) {
	x, release, err := s.source.acquire(ctx)
	if err != nil {
		return RunAnswer{}, err
	}
	defer release()
	o, err := r.options(x.Collection)
	if err != nil {
		return RunAnswer{}, err
	}
	classifier, err := s.classifier(ctx, x, r.LabelList)
	if err != nil {
		return RunAnswer{}, err
	}
	if o.MinProbability == 0 {
		o.MinProbability = zeroshot.DefaultMinimum(classifier.List())
	}
	if o.Direction == tagging.PerLabel {
		if err := tagging.CheckCount(len(classifier.List().Labels), o.Count); err != nil {
			return RunAnswer{}, newProblem(http.StatusBadRequest, "usage", err.Error(), "give a smaller count")
		}
	}
	learned, err := learn(ctx, x.Store, classifier, o.MinProbability)
	if err != nil {
		return RunAnswer{}, err
	}
	o.Verdicts = learned.Verdicts
	if r.DryRun {
		return previewThresholds(ctx, x, learned, o, r)
	}
	if len(r.Thresholds) > 0 {
		return RunAnswer{}, newProblem(http.StatusBadRequest, "usage", "thresholds are for dry runs: a run takes what is saved", "save them with POST /thresholds first")
	}
	id := o.RunID(classifier)
	job, err := s.write(ctx, id, "tag", func(ctx context.Context, t *tagging.Tagger) (any, error) {
		sum, err := t.Tag(ctx, learned.Classifier, o)
		return sum.Run, err
	})
	if err != nil {
		return RunAnswer{}, err
	}
	now := job.now()
	return RunAnswer{ID: id, Job: &now, MinProbability: o.MinProbability, Learned: learnedOf(learned)}, nil
}

// write begins a job that writes tags. That the index cannot be written now is reported at
// once.
func (s *Server) write(ctx context.Context, id, kind string, work func(context.Context, *tagging.Tagger) (any, error)) (*job, error) {
	x, release, err := s.source.acquire(ctx)
	if err != nil {
		return nil, err
	}
	runs := x.Runs
	release()
	st, err := s.options.Opener.OpenWriter(ctx)
	if err != nil {
		return nil, err
	}
	one, err := s.jobs.start(id, kind, func(ctx context.Context, j *job) (any, error) {
		defer s.facets.forget()
		defer st.Close() // what the run reported is durable
		return work(ctx, tagging.New(st, runs, j))
	})
	if err != nil {
		st.Close()
	}
	return one, err
}

func (s *Server) undo(ctx context.Context, name string) (Progress, error) {
	x, release, err := s.source.acquire(ctx)
	if err != nil {
		return Progress{}, err
	}
	r, err := x.Runs.Find(ctx, name)
	release()
	if err != nil {
		return Progress{}, err
	}
	job, err := s.write(ctx, r.ID, "undo", func(ctx context.Context, t *tagging.Tagger) (any, error) {
		u, err := t.Undo(ctx, r.ID)
		return UndoResult{Run: u.Run.ID, Pictures: u.Pictures, FailedSidecars: u.FailedSidecars}, err
	})
	if err != nil {
		return Progress{}, err
	}
	return job.now(), nil
}

// UndoResult is what taking a run back came to, as search tag --undo --json has it.
type UndoResult struct {
	Run            string `json:"run"`
	Pictures       int64  `json:"pictures"`
	FailedSidecars int64  `json:"failed_sidecars"`
}

// classifier makes a label list ready for the model.
func (s *Server) classifier(ctx context.Context, x *Index, l LabelList) (*zeroshot.Classifier, error) {
	list, err := l.read()
	if err != nil {
		return nil, err
	}
	templates, err := l.templates()
	if err != nil {
		return nil, err
	}
	return x.Classifier(ctx, list, templates)
}
