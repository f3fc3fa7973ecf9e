package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/milvus-io/milvus-sdk-go/v2/client"
	"github.com/rogpeppe/go-internal/testscript"
)

// milvusAddress names a running server. scripts/test.sh sets it, and starts one.
const milvusAddress = "SIGHTLINE_MILVUS_ADDRESS"

// TestMilvusScripts runs the commands against a real server, each script with a
// collection of its own.
func TestMilvusScripts(t *testing.T) {
	address := os.Getenv(milvusAddress)
	if address == "" {
		t.Skip("no server: make test starts one, or set " + milvusAddress)
	}
	prefix := fmt.Sprintf("e%x_", time.Now().UnixNano())
	t.Cleanup(func() { dropCollections(t, address, prefix) })
	p := params(t, "testdata/milvus")
	setup := p.Setup
	p.Setup = func(env *testscript.Env) error {
		env.Setenv("SIGHTLINE_STORE", "milvus")
		env.Setenv(milvusAddress, address)
		env.Setenv("SIGHTLINE_MILVUS_CONSISTENCY", "strong")
		name := env.WorkDir[strings.LastIndexByte(env.WorkDir, '-')+1:]
		env.Setenv("SIGHTLINE_COLLECTION", prefix+name)
		return setup(env)
	}
	testscript.Run(t, p)
}

// dropCollections removes what the scripts left on a server.
func dropCollections(t *testing.T, address, prefix string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := client.NewClient(ctx, client.Config{Address: address})
	if err != nil {
		t.Errorf("removing what the scripts made: %v", err)
		return
	}
	defer c.Close()
	all, err := c.ListCollections(ctx)
	if err != nil {
		t.Errorf("removing what the scripts made: %v", err)
	}
	for _, collection := range all { // none on Milvus Lite, which lists them without ids
		if !strings.HasPrefix(collection.Name, prefix) {
			continue
		}
		// An alias, which only some of them have, is the name without the fingerprint.
		_ = c.DropAlias(ctx, collection.Name[:strings.LastIndexByte(collection.Name, '_')])
		if err := c.DropCollection(ctx, collection.Name); err != nil {
			t.Errorf("removing %s: %v", collection.Name, err)
		}
	}
}

// within SECONDS COMMAND ARG... runs one of our own commands, which must not take
// longer.
func within(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || args[1] != "exits" {
		ts.Fatalf("usage: within SECONDS exits CODE PROGRAM ARG...")
	}
	seconds, err := strconv.ParseFloat(args[0], 64)
	ts.Check(err)
	start := time.Now()
	exits(ts, false, args[2:])
	if took := time.Since(start); took.Seconds() > seconds {
		ts.Fatalf("it took %s", took)
	}
}

// deaf VARIABLE listens on an address, which it puts into an environment variable,
// and never answers.
func deaf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: deaf VARIABLE")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			} else if err != nil {
				continue
			}
			go func() {
				defer conn.Close()
				_, _ = io.Copy(io.Discard, conn) // until the other side gives up
			}()
		}
	}()
	ts.Setenv(args[0], l.Addr().String())
}
