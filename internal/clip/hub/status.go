package hub

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/sightline/sightline/internal/fault"
)

// statusError explains an answer that is not a success. path is empty for
// requests to the API.
//
// The hub answers 401 both for models that do not exist and for private and
// gated ones, and says which it may in X-Error-Code (see hf_raise_for_status in
// huggingface_hub).
func (c *Client) statusError(resp *http.Response, repo, rev, path string) error {
	code, said := resp.Header.Get("X-Error-Code"), c.message(resp)
	status := fmt.Sprintf("%s answers %d", resp.Request.URL.Host, resp.StatusCode)
	if said != "" {
		status += " (" + said + ")"
	}
	fromHub := sameOrigin(resp.Request.URL, c.endpoint)
	page := c.endpoint.Scheme + "://" + c.endpoint.Host + "/" + repo
	switch s := resp.StatusCode; {
	case s == http.StatusTooManyRequests, s == http.StatusRequestTimeout, s == http.StatusTooEarly, s >= 500:
		return &transientError{err: fmt.Errorf("%s", status), after: retryAfter(resp.Header, c.now())}
	case !fromHub && (s == http.StatusForbidden || s == http.StatusUnauthorized):
		// The content network's signed addresses expire. The next attempt asks the
		// hub for a new one.
		return &transientError{err: fmt.Errorf("%s", status)}
	case code == "GatedRepo" && c.token == "":
		return fault.Advise("accept the model's terms at "+page+" and set HF_TOKEN", "it is gated: %w: %s", ErrAccess, status)
	case code == "GatedRepo", s == http.StatusForbidden:
		return fault.Advise("accept the model's terms at "+page+" with the account that HF_TOKEN belongs to",
			"%w: %s", ErrAccess, status)
	case code == "RevisionNotFound":
		return fault.Advise("see the branches and commits at "+page, "revision %q: %w", rev, ErrNotFound)
	case code == "EntryNotFound", s == http.StatusNotFound && path != "":
		return fault.Advise("see the files at "+page, "%w: commit %s has no such file", ErrNotFound, rev)
	case s == http.StatusNotFound, code == "RepoNotFound", s == http.StatusUnauthorized && c.token == "":
		return fault.Advise("check the name; for a private or gated model set HF_TOKEN", "%w: %s", ErrNotFound, status)
	case s == http.StatusUnauthorized:
		return fault.Advise("check HF_TOKEN, or unset it for a public model", "%w: %s", ErrAccess, status)
	}
	return fmt.Errorf("unexpected answer: %s", status)
}

// message is what the server says about its refusal, one line without the token.
func (c *Client) message(resp *http.Response) string {
	said := resp.Header.Get("X-Error-Message")
	if said == "" {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 4096)) // only to explain an error
		var answer struct {
			Error string `json:"error"`
		}
		if json.Unmarshal(body, &answer) == nil {
			said = answer.Error
		}
	}
	said = strings.Join(strings.Fields(said), " ")
	if len(said) > 200 {
		said = strings.ToValidUTF8(said[:200], "") + "…"
	}
	if c.token != "" {
		said = strings.ReplaceAll(said, c.token, "***")
	}
	return said
}
