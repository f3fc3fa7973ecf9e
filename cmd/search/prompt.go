package main

import (
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/terminal"
)

const promptHelp = `A line is a query. One that begins with + or - or NOT, or that holds only filters, refines
the last one: + sunset, - people, tag:beach. A picture file or an address works too.

   :next, :prev     the page after, the page before
   :new             start again, with nothing asked
   :like N          pictures like the Nth
   :open N          the Nth in a viewer
   :help            this
   :quit, Ctrl-D    end
`

// prompt is one person's session: the index stays open from query to query.
type prompt struct {
	c      *cli.Context
	p      *cmdline.Program
	search *app.Search
	params query.Params
	asked  query.Refinement
	last   query.Answer
	again  func() error // the last question, for other pages of it; nil before the first
}

// promptLoop reads queries from the terminal until Ctrl-D.
func promptLoop(c *cli.Context, p *cmdline.Program) error {
	params, err := paramsOf(c)
	if err != nil {
		return err
	}
	cfg, err := p.Config(c)
	if err != nil {
		return err
	}
	params.Pair = cfg.Index.RAW == config.RAWTwin
	if err := narrowToClusters(c, p, &params); err != nil {
		return err
	}
	search, err := p.OpenSearch(c.Context, cfg)
	if err != nil {
		return err
	}
	defer search.Close()
	editor, err := p.NewLineEditor("search> ")
	if err != nil {
		return err
	}
	s := &prompt{c: c, p: p, search: search, params: params}
	p.Printf("%s\n", p.Style().Dim("What do the pictures show? + and - refine, :help tells more, Ctrl-D ends."))
	for c.Context.Err() == nil {
		line, err := editor.ReadLine()
		if errors.Is(err, io.EOF) {
			p.Printf("\n")
			return editor.Close()
		} else if err != nil {
			return errors.Join(err, editor.Close())
		}
		if end, err := s.do(strings.TrimSpace(line)); end {
			return editor.Close()
		} else if err != nil {
			p.Report(err)
		}
	}
	return errors.Join(c.Context.Err(), editor.Close())
}

// do does what a line says. end reports whether it says to end.
func (s *prompt) do(line string) (end bool, err error) {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "":
		return false, nil
	case ":q", ":quit", ":exit", "quit", "exit":
		if word[0] != ':' && rest != "" {
			break // a query: exit sign
		}
		return true, nil
	case ":h", ":help", ":?", "?", "help":
		if word[0] != ':' && rest != "" {
			break // a query: help wanted
		}
		s.p.Printf("%s", promptHelp)
		return false, nil
	case ":new", ":clear":
		s.asked, s.again, s.last = query.Refinement{}, nil, query.Answer{}
		s.p.Printf("%s\n", s.p.Style().Dim("nothing is asked now"))
		return false, nil
	case ":n", ":next":
		return false, s.turn(s.params.K)
	case ":p", ":prev":
		return false, s.turn(-s.params.K)
	case ":l", ":like":
		return false, s.withHit(word, rest, func(path string) error {
			return s.ask(query.PictureLike(path), 0)
		})
	case ":o", ":open":
		return false, s.withHit(word, rest, func(path string) error { return s.p.Open(s.c, path) })
	}
	if strings.HasPrefix(word, ":") {
		return false, fault.Usagef(":help lists them", "there is no %s here", word)
	}
	return false, s.query(line)
}

// query asks a new question, or refines the last one.
func (s *prompt) query(typed string) error {
	if first, _, _ := strings.Cut(typed, " "); len(first) > 1 && first[0] == '-' && strings.Trim(first, "-") != "" && !strings.Contains(first, ":") && first[1] != '(' {
		return fault.Usagef("for less of something write a blank behind the dash: - people", "flags belong to the command, not to a query: %s", first)
	}
	line, pictures, err := s.asked.Next(typed, filterOptions(s.c, s.p))
	if err != nil {
		return err
	}
	notePictures(s.p, pictures)
	if whole := s.asked.Line(); whole != strings.TrimSpace(typed) && len(pictures) == 0 {
		s.p.Printf("%s\n", s.p.Style().Dim(terminal.Safe(whole)))
	}
	if len(line.Query.Terms) > 0 {
		return s.ask(line, 0)
	}
	s.again = nil
	s.params.Offset = 0
	s.last, err = s.search.List(s.c.Context, line, s.c.StringSlice("tag"), s.params)
	if err != nil {
		return err
	}
	return s.p.ShowAnswer(s.c, s.last, "")
}

// ask asks a question, from a place of its list on.
func (s *prompt) ask(q query.Question, offset int) (err error) {
	params := s.params
	params.Offset = offset
	s.last, err = ask(s.c, s.p, s.search, q, params)
	s.params.Offset = offset
	s.again = func() error { return s.ask(q, s.params.Offset) }
	return err
}

// turn shows another page of the last answer.
func (s *prompt) turn(by int) error {
	if s.again == nil {
		return fault.Usagef("", "there is nothing to turn the pages of")
	}
	s.params.Offset = max(0, s.params.Offset+by)
	return s.again()
}

// withHit takes the number of a hit.
func (s *prompt) withHit(word, number string, do func(path string) error) error {
	n, err := strconv.Atoi(strings.TrimSpace(number))
	if i := n - 1 - s.last.Offset; err == nil && i >= 0 && i < len(s.last.Hits) {
		return do(s.last.Hits[i].Path)
	}
	example := "for example: " + word + " 1"
	if len(s.last.Hits) == 0 {
		example = "ask for pictures first"
	}
	if number == "" {
		return fault.Usagef(example, "%s needs the number of a picture", word)
	}
	return fault.Usagef(example, "%q is not the number of a picture of the last answer", number)
}
