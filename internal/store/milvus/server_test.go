package milvus_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/milvus-io/milvus-sdk-go/v2/client"
)

// server is a real server for tests: where to find it, and how to start it if nobody
// has.
type server struct {
	kind string // argument of scripts/milvus
	env  string // names the address of one that runs
}

var (
	standalone = server{"standalone", "SIGHTLINE_MILVUS_ADDRESS"}
	lite       = server{"lite", "SIGHTLINE_MILVUS_LITE_ADDRESS"}

	starting sync.Mutex // one at a time, whichever test asks
)

const script = "../../../scripts/milvus"

// address returns where the server is. If it had to be started it is stopped at the
// end of the test run.
func (s server) address(t testing.TB) string {
	t.Helper()
	skipInShort(t)
	if a := os.Getenv(s.env); a != "" {
		return a
	}
	starting.Lock()
	defer starting.Unlock()
	requireScript(t)
	if err := runScript("status", s.kind); err != nil {
		if err := runScript("start", s.kind); err != nil {
			t.Fatal(err)
		}
		started = append(started, s.kind)
	}
	out, err := exec.Command(script, "address", s.kind).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// requireScript fails the test where scripts/milvus would have to install something
// first, which a test does not do unasked.
func requireScript(t testing.TB) {
	t.Helper()
	skipInShort(t)
	if _, err := os.Stat(filepath.Join(filepath.Dir(script), "../.venv/milvus/requirements.sha256")); err != nil {
		t.Fatal("there is no Milvus to test with: make test sets it up, and so does scripts/milvus setup")
	}
}

// skipInShort leaves the real servers out of a short run, such as the one under the
// race detector: whatever races does so with the fake too, in a tenth of the time.
func skipInShort(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short leaves out the real servers")
	}
}

// started are the servers that this test run has to stop.
var started []string

func runScript(args ...string) error {
	out, err := exec.Command(script, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("scripts/milvus %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, kind := range started {
		if err := runScript("stop", kind); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// uniqueName is the start of names that no other test uses. Whatever begins with it
// is removed at the end.
func uniqueName(t testing.TB, address string) string {
	t.Helper()
	prefix := fmt.Sprintf("t%x_", time.Now().UnixNano())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		c := connect(t, address)
		all, err := c.ListCollections(ctx)
		if err != nil {
			t.Errorf("removing what the test made: %v", err)
			return
		}
		for _, collection := range all {
			name := strings.TrimLeft(collection.Name, "_")
			if !strings.HasPrefix(name, prefix) {
				continue
			}
			// A server may refuse to drop what an alias points to. An alias is the
			// name without the fingerprint.
			if !strings.HasSuffix(name, "_meta") {
				_ = c.DropAlias(ctx, collection.Name[:strings.LastIndexByte(collection.Name, '_')])
			}
			if err := c.DropCollection(ctx, collection.Name); err != nil {
				t.Errorf("removing %s: %v", collection.Name, err)
			}
		}
	})
	return prefix
}

// connect returns the bare SDK.
func connect(t testing.TB, address string) client.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := client.NewClient(ctx, client.Config{Address: address})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
