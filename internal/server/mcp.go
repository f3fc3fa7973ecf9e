package server

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/thumbnail"
)

// mcpPath is where the Model Context Protocol is spoken over HTTP.
const mcpPath = "/mcp"

// The bounds of what a tool shows: a picture is some 10 kB, and what reads it has a
// context of bounded size.
const (
	mcpPictures     = 4
	mcpMostPictures = 16
	mcpMostHits     = 100
	mcpMostTags     = 200
	mcpSide         = 256
	mcpMostSide     = 1024
)

// FindInput asks for pictures by a query.
type FindInput struct {
	Query    string `json:"query" jsonschema:"what to look for, in plain words; filters such as tag:sea, under:/photos/2024, after:2024-06, width>=2000 can be added, and NOT people leaves pictures out"`
	Limit    int    `json:"limit,omitempty" jsonschema:"pictures wanted, up to 100; 10 where it is left out"`
	Pictures *int   `json:"pictures,omitempty" jsonschema:"how many of them to show as images, up to 16; 4 where it is left out"`
}

// LikeInput asks for pictures like some.
type LikeInput struct {
	Like     []string `json:"like" jsonschema:"ids of pictures that the answer is like"`
	Unlike   []string `json:"unlike,omitempty" jsonschema:"ids of pictures that the answer is unlike"`
	Query    string   `json:"query,omitempty" jsonschema:"words and filters besides"`
	Limit    int      `json:"limit,omitempty" jsonschema:"pictures wanted, up to 100; 10 where it is left out"`
	Pictures *int     `json:"pictures,omitempty" jsonschema:"how many of them to show as images, up to 16; 4 where it is left out"`
}

// FoundPictures is what a tool found.
type FoundPictures struct {
	Pictures  []FoundPicture `json:"pictures"`
	Confident *bool          `json:"confident,omitempty" jsonschema:"false where the pictures are only the nearest and nothing clearly matches"`
	More      bool           `json:"more,omitempty" jsonschema:"there are further pictures beyond limit"`
	Remarks   []string       `json:"remarks,omitempty"`
	// Suggestions are whole queries.
	Suggestions []string `json:"suggestions,omitempty" jsonschema:"queries that were probably meant"`
}

// FoundPicture is a picture, with what one needs to talk of it.
type FoundPicture struct {
	ID      string   `json:"id"`
	Path    string   `json:"path"`
	Score   float32  `json:"score"`
	Width   int      `json:"width"`
	Height  int      `json:"height"`
	Date    string   `json:"date"`
	Tags    []string `json:"tags"`
	Caption string   `json:"caption,omitempty"`
	Camera  string   `json:"camera,omitempty"`
}

// MCPClassifyInput asks which labels fit pictures.
type MCPClassifyInput struct {
	IDs         []string `json:"ids" jsonschema:"ids of pictures"`
	Labels      []string `json:"labels" jsonschema:"labels to choose from"`
	Independent bool     `json:"independent,omitempty" jsonschema:"judge each label by itself; else they exclude one another"`
}

// ClassifiedPictures is what pictures show.
type ClassifiedPictures struct {
	Pictures []Classified `json:"pictures"`
}

// MCPTagInput changes tags.
type MCPTagInput struct {
	IDs    []string `json:"ids" jsonschema:"ids of pictures"`
	Add    []string `json:"add,omitempty" jsonschema:"tags to add"`
	Remove []string `json:"remove,omitempty" jsonschema:"tags, given by hand before, to take away"`
}

// TaggedPictures says how many pictures were changed.
type TaggedPictures struct {
	Changed int `json:"changed"`
}

// MCPTagsInput asks for tags.
type MCPTagsInput struct {
	Prefix string `json:"prefix,omitempty" jsonschema:"how the tags begin"`
}

// MCPTags are tags of the index.
type MCPTags struct {
	Tags  []MCPTag `json:"tags"`
	Total int      `json:"total" jsonschema:"how many tags there are; those with the most pictures are listed"`
}

// MCPTag is a tag with how many pictures have it.
type MCPTag struct {
	Tag      string `json:"tag"`
	Pictures int64  `json:"pictures"`
}

// MCPShowInput asks to see pictures.
type MCPShowInput struct {
	IDs  []string `json:"ids" jsonschema:"ids of pictures, up to 16"`
	Size int      `json:"size,omitempty" jsonschema:"length of the longer side, in pixels, up to 1024; 512 where it is left out"`
}

// ShownPictures says how many pictures are shown.
type ShownPictures struct {
	Shown int `json:"shown"`
}

// MCP returns a server of the Model Context Protocol with the tools find, like, classify,
// show and tags, and tag for those who may write.
func (s *Server) MCP(role Role) *mcp.Server {
	m := mcp.NewServer(&mcp.Implementation{Name: "sightline", Title: "Sightline", Version: s.options.Version}, &mcp.ServerOptions{
		Instructions: "Finds pictures of this person's own collection by meaning. Ids name pictures from one tool to the next.",
	})
	reads := &mcp.ToolAnnotations{ReadOnlyHint: true}
	mcp.AddTool(m, &mcp.Tool{Name: "find", Description: "Find pictures by what they show, with filters", Annotations: reads}, tool(s.mcpFind))
	mcp.AddTool(m, &mcp.Tool{Name: "like", Description: "Find pictures like some, and unlike others", Annotations: reads}, tool(s.mcpLike))
	mcp.AddTool(m, &mcp.Tool{Name: "classify", Description: "Say which of some labels fit pictures, with probabilities", Annotations: reads}, tool(s.mcpClassify))
	mcp.AddTool(m, &mcp.Tool{Name: "show", Description: "Look at pictures", Annotations: reads}, tool(s.mcpShow))
	mcp.AddTool(m, &mcp.Tool{Name: "tags", Description: "List the tags that pictures have, which tag:NAME in a query looks for", Annotations: reads}, tool(s.mcpTags))
	if s.options.AllowWrite && role >= RoleWrite {
		mcp.AddTool(m, &mcp.Tool{Name: "tag", Description: "Add tags to pictures, or take away those that were given by hand"}, tool(s.mcpTag))
	}
	return m
}

// mcpHandler speaks the protocol over HTTP, each request for itself, so that what a token
// may do is decided with each. A batch is refused, as the protocol has it since 2025-06-18:
// its answers, with their pictures, would all have to be held at once.
func (s *Server) mcpHandler() http.Handler {
	single := mcp.NewStreamableHTTPHandler(func(r *http.Request) *mcp.Server { return s.MCP(roleOf(r.Context())) },
		&mcp.StreamableHTTPOptions{Stateless: true, JSONResponse: true})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := bufio.NewReader(r.Body)
		if isBatch(body) {
			writeProblem(w, newProblem(http.StatusBadRequest, "usage", "a batch of messages is not answered", "send each message for itself"))
			return
		}
		r.Body = struct {
			io.Reader
			io.Closer
		}{body, r.Body}
		single.ServeHTTP(w, r)
	})
}

// isBatch reports whether a body is an array, without its leading white space, which it
// takes. What cannot be read is for the next reader to explain.
func isBatch(body *bufio.Reader) bool {
	for {
		c, err := body.ReadByte()
		switch {
		case err != nil:
			return false
		case strings.IndexByte(" \t\r\n", c) >= 0:
			continue
		}
		return body.UnreadByte() == nil && c == '['
	}
}

// ServeMCP speaks the protocol over a pair of pipes, such as stdin and stdout, until ctx or
// the other side ends it. Who is at the other end has the role write.
func (s *Server) ServeMCP(ctx context.Context, in io.ReadCloser, out io.WriteCloser) error {
	err := s.MCP(RoleWrite).Run(ctx, &mcp.IOTransport{Reader: in, Writer: out})
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// tool makes a handler of a function. An error is reported with its hint, so that who called
// can do better. images are shown behind the text.
func tool[I, O any](handle func(context.Context, I) (O, []mcp.Content, error)) mcp.ToolHandlerFor[I, O] {
	return func(ctx context.Context, _ *mcp.CallToolRequest, in I) (*mcp.CallToolResult, O, error) {
		ctx, cancel := context.WithTimeout(ctx, requestTime)
		defer cancel()
		out, images, err := handle(ctx, in)
		if err != nil {
			p := toolProblem(err)
			text := p.Detail
			if p.Hint != "" {
				text += " (" + p.Hint + ")"
			}
			return nil, out, errors.New(text)
		}
		text, err := json.Marshal(out)
		if err != nil {
			return nil, out, err
		}
		return &mcp.CallToolResult{Content: append([]mcp.Content{&mcp.TextContent{Text: string(text)}}, images...)}, out, nil
	}
}

func (s *Server) mcpFind(ctx context.Context, in FindInput) (FoundPictures, []mcp.Content, error) {
	none := FoundPictures{Pictures: []FoundPicture{}}
	limit, shown, err := mcpCounts(in.Limit, in.Pictures)
	if err != nil {
		return none, nil, err
	}
	out, err := s.search(ctx, SearchRequest{Q: in.Query, SearchOptions: SearchOptions{Limit: limit}})
	if err != nil {
		return none, nil, err
	}
	found, images := s.mcpFound(ctx, out.Body, shown)
	return found, images, nil
}

func (s *Server) mcpLike(ctx context.Context, in LikeInput) (FoundPictures, []mcp.Content, error) {
	none := FoundPictures{Pictures: []FoundPicture{}}
	limit, shown, err := mcpCounts(in.Limit, in.Pictures)
	if err != nil {
		return none, nil, err
	}
	x, release, err := s.source.acquire(ctx)
	if err != nil {
		return none, nil, err
	}
	defer release()
	out, err := s.similar(ctx, x, &SimilarRequest{Like: in.Like, Unlike: in.Unlike, Q: in.Query, SearchOptions: SearchOptions{Limit: limit}})
	if err != nil {
		return none, nil, err
	}
	found, images := s.mcpFound(ctx, out.Body, shown)
	return found, images, nil
}

// mcpCounts checks how many pictures are wanted, and how many of them as images.
func mcpCounts(limit int, pictures *int) (wanted, shown int, err error) {
	if limit < 0 || limit > mcpMostHits {
		return 0, 0, mcpUsage(fmt.Sprintf("limit is %d, and can be 1 to %d", limit, mcpMostHits))
	}
	shown = mcpPictures
	if pictures != nil {
		shown = *pictures
	}
	if shown < 0 || shown > mcpMostPictures {
		return 0, 0, mcpUsage(fmt.Sprintf("pictures is %d, and can be 0 to %d", shown, mcpMostPictures))
	}
	return defaultTo(limit, 10), shown, nil
}

func mcpUsage(detail string) *Problem { return newProblem(http.StatusBadRequest, "usage", detail, "") }

// mcpFound is an answer for a model that reads it, with the first pictures as images.
func (s *Server) mcpFound(ctx context.Context, a SearchAnswer, shown int) (FoundPictures, []mcp.Content) {
	out := FoundPictures{Pictures: []FoundPicture{}, Confident: a.Confident, More: a.Next != "", Remarks: a.Remarks}
	for _, one := range a.Suggestions {
		out.Suggestions = append(out.Suggestions, one.Query)
	}
	var images []mcp.Content
	for i, h := range a.Hits {
		out.Pictures = append(out.Pictures, FoundPicture{
			ID: h.ID, Path: h.Path, Score: h.Score, Width: h.Width, Height: h.Height, Date: h.Date, Tags: h.Tags, Caption: h.Caption, Camera: h.Camera,
		})
		if i < shown {
			images = append(images, s.mcpImage(ctx, h.ID, mcpSide)...)
		}
	}
	return out, images
}

// mcpImage is a picture with its id before it; one that cannot be shown is said to be so.
func (s *Server) mcpImage(ctx context.Context, id string, side int) []mcp.Content {
	r, err := s.record(ctx, id)
	if err == nil {
		var jpeg []byte
		if jpeg, _, err = s.jpegOf(ctx, r, side); err == nil {
			return []mcp.Content{&mcp.TextContent{Text: "picture " + id + ":"}, &mcp.ImageContent{Data: jpeg, MIMEType: "image/jpeg"}}
		}
	}
	return []mcp.Content{&mcp.TextContent{Text: fmt.Sprintf("picture %s cannot be shown: %s", id, pictureProblem(err).Detail)}}
}

func (s *Server) mcpClassify(ctx context.Context, in MCPClassifyInput) (ClassifiedPictures, []mcp.Content, error) {
	out, err := s.classify(ctx, ClassifyRequest{LabelList: LabelList{Labels: in.Labels}, IDs: in.IDs, Independent: in.Independent})
	if err != nil {
		return ClassifiedPictures{Pictures: []Classified{}}, nil, err
	}
	return ClassifiedPictures{out.Body.Pictures}, nil, nil
}

func (s *Server) mcpTag(ctx context.Context, in MCPTagInput) (TaggedPictures, []mcp.Content, error) {
	n, err := s.editTags(ctx, TagEdit(in))
	return TaggedPictures{n}, nil, err
}

func (s *Server) mcpShow(ctx context.Context, in MCPShowInput) (ShownPictures, []mcp.Content, error) {
	if len(in.IDs) == 0 || len(in.IDs) > mcpMostPictures {
		return ShownPictures{}, nil, mcpUsage(fmt.Sprintf("ids names %d pictures, and can name 1 to %d", len(in.IDs), mcpMostPictures))
	}
	if in.Size < 0 || in.Size > mcpMostSide {
		return ShownPictures{}, nil, mcpUsage(fmt.Sprintf("size is %d, and can be 1 to %d", in.Size, mcpMostSide))
	}
	var images []mcp.Content
	for _, id := range in.IDs {
		if _, err := s.record(ctx, id); err != nil {
			return ShownPictures{}, nil, err
		}
		images = append(images, s.mcpImage(ctx, id, thumbnail.SideFor(defaultTo(in.Size, 512)))...)
	}
	shown := 0
	for _, part := range images {
		if _, ok := part.(*mcp.ImageContent); ok {
			shown++
		}
	}
	return ShownPictures{Shown: shown}, images, nil
}

func (s *Server) mcpTags(ctx context.Context, in MCPTagsInput) (MCPTags, []mcp.Content, error) {
	out := MCPTags{Tags: []MCPTag{}}
	f, err := s.facetsOf(ctx)
	if err != nil {
		return out, nil, err
	}
	want := label.Fold(in.Prefix)
	for _, t := range f.Tags {
		if strings.HasPrefix(label.Fold(t.Label), want) {
			out.Tags = append(out.Tags, MCPTag{t.Label, t.Pictures})
		}
	}
	out.Total = len(out.Tags)
	slices.SortStableFunc(out.Tags, func(a, b MCPTag) int { return cmp.Compare(b.Pictures, a.Pictures) })
	out.Tags = out.Tags[:min(out.Total, mcpMostTags)]
	return out, nil, nil
}
