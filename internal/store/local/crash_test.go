package local

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The environment variables that turn the test binary into a writer that will be
// killed.
const (
	crashDir   = "SIGHTLINE_TEST_CRASH_DIR"
	crashRound = "SIGHTLINE_TEST_CRASH_ROUND"
)

// crashRecords is the number of records, which every batch replaces by those of its
// own version.
const crashRecords = 24

func TestMain(m *testing.M) {
	var err error
	role := true
	switch {
	case os.Getenv(crashDir) != "":
		err = writeUntilKilled(os.Getenv(crashDir), os.Getenv(crashRound))
	case os.Getenv(creationDir) != "":
		err = createUntilKilled(os.Getenv(creationDir))
	case os.Getenv(readOnlyDir) != "":
		err = readAndTell(os.Getenv(readOnlyDir))
	default:
		role = false
	}
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	if role {
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// writeUntilKilled says each version on stdout once its batch is committed. Every
// few batches it compacts.
func writeUntilKilled(dir, round string) error {
	first, err := strconv.Atoi(round)
	if err != nil {
		return err
	}
	ctx := context.Background()
	s, err := Open(ctx, testOptions(dir))
	if err != nil {
		return err
	}
	for version := first; ; version++ {
		if err := s.Upsert(ctx, testBatch(0, crashRecords, version)); err != nil {
			return err
		}
		fmt.Println(version)
		if version%7 == 0 {
			if err := s.Compact(ctx); err != nil {
				return err
			}
		}
	}
}

// TestKilledWriter kills a writer at random moments, many times over the same index.
// After each, everything that was reported is there, nothing is there by halves, and
// the next writer goes on from it.
func TestKilledWriter(t *testing.T) {
	rounds := chaosRounds(30, 300)
	dir := t.TempDir()
	o := testOptions(dir)
	mustOpen(t, o).Close()
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	last := 0
	for round := range rounds {
		said := killWriter(t, dir, last+1, time.Duration(rng.IntN(150))*time.Millisecond)
		last = max(last, said)
		s := mustOpen(t, o)
		versions := checkWhole(t, s)
		if last > 0 && len(versions) != crashRecords {
			t.Fatalf("round %d: %d records", round, len(versions))
		}
		for n, v := range versions {
			// One batch more may be committed than could be said.
			if v != versions[0] || v < last || v > last+1 {
				t.Fatalf("round %d: record %d has version %d, record 0 %d, committed was %d", round, n, v, versions[0], last)
			}
		}
		last = max(last, versions[0])
		s.Close()
	}
}

// killWriter runs a writer, kills it some time after it has said its first version, and
// returns the last version it reported.
func killWriter(t *testing.T, dir string, first int, after time.Duration) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir, crashRound+"="+strconv.Itoa(first))
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last := 0
	r := bufio.NewReader(stdout)
	for {
		line, err := r.ReadString('\n')
		if err == io.EOF {
			break // what was said in part was not said
		}
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(line, "error") {
			t.Fatalf("the writer failed: %s", line)
		}
		begun := last > 0
		if last, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
			t.Fatal(err)
		}
		if !begun { // the clock starts with the writer, however busy the machine is
			defer time.AfterFunc(after, func() { cmd.Process.Kill() }).Stop()
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the writer ended by itself")
	}
	return last
}
