package label

import (
	_ "embed" // the list of words with several senses is a file
	"strings"
)

//go:embed data/senses.txt
var senseFile string

// Problem is the kind of a Finding.
type Problem string

// The kinds of findings. The first two make a list unusable, the others are advice.
const (
	ProblemInvalid   Problem = "invalid"   // a label that no list may hold
	ProblemDuplicate Problem = "duplicate" // two labels with one name
	ProblemAlias     Problem = "alias"     // a label's name is another one's alias, or its plural
	ProblemSynonym   Problem = "synonym"   // two labels that mean nearly the same to the model
	ProblemSenses    Problem = "senses"    // a word that photos show in several senses
	ProblemNothing   Problem = "nothing"   // a label that no picture of the index gets
	ProblemHub       Problem = "hub"       // a label that a large share of the index gets
)

// Finding is something that lint has to say about a label.
type Finding struct {
	Problem Problem `json:"problem"`
	Label   string  `json:"label"`
	Other   string  `json:"other,omitempty"` // the other label of a pair
	Value   float64 `json:"value,omitempty"` // a cosine, or a share of the pictures
	Message string  `json:"message"`
}

// Unusable reports whether the list cannot be used as it is.
func (f Finding) Unusable() bool {
	return f.Problem == ProblemInvalid || f.Problem == ProblemDuplicate
}

// Lint looks at the labels themselves, without a model. labels need not be
// valid: all that is wrong with them is found, not only the first thing.
func Lint(labels []Label) []Finding {
	var out []Finding
	names := make(map[string]string, len(labels))
	for i := range labels {
		l := &labels[i]
		if err := l.check(); err != nil {
			out = append(out, Finding{Problem: ProblemInvalid, Label: Shorten(l.Name), Message: err.Error()})
			continue
		}
		key := Fold(l.Name)
		if first, ok := names[key]; ok {
			out = append(out, Finding{Problem: ProblemDuplicate, Label: l.Name, Other: first, Message: "it is in the list already"})
			continue
		}
		names[key] = l.Name
	}
	senses := senseWords()
	for i := range labels {
		l := &labels[i]
		for _, alias := range l.Aliases {
			if other, ok := names[Fold(alias)]; ok && Fold(other) != Fold(l.Name) {
				out = append(out, Finding{Problem: ProblemAlias, Label: l.Name, Other: other, Message: "its alias is a label by itself"})
			}
		}
		key := Fold(l.Name)
		for _, plural := range []string{key + "s", key + "es"} {
			if other, ok := names[plural]; ok {
				out = append(out, Finding{Problem: ProblemAlias, Label: l.Name, Other: other, Message: "the other is its plural"})
			}
		}
		if s, ok := senses[key]; ok && len(l.Prompts) == 0 {
			out = append(out, Finding{Problem: ProblemSenses, Label: l.Name,
				Message: "it can mean several things (" + s + "): give it prompts that say which"})
		}
	}
	return out
}

// Inspection is all that can be said of a label list without a model.
type Inspection struct {
	Source   string // names the list in messages
	Labels   int
	Findings []Finding
	Unusable int   // findings that keep the list from being used
	List     *List // nil where Unusable is not 0
}

// Inspect reads what Load reads and looks at it with Lint. The error is ErrInvalid where
// the list cannot be read at all, or is wrong as a whole, such as an empty one.
func Inspect(spec string) (Inspection, error) {
	labels, source, err := loadUnchecked(spec)
	if err != nil {
		return Inspection{}, err
	}
	in := Inspection{Source: source, Labels: len(labels), Findings: Lint(labels)}
	for _, f := range in.Findings {
		if f.Unusable() {
			in.Unusable++
		}
	}
	if in.Unusable == 0 {
		in.List, err = NewList(source, labels)
	}
	return in, err
}

// senseWords maps folded words to their senses.
func senseWords() map[string]string {
	out := make(map[string]string)
	for line := range strings.Lines(senseFile) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		word, senses, _ := strings.Cut(line, ":")
		out[Fold(word)] = strings.TrimSpace(senses)
	}
	return out
}
