package cmdline

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"time"
)

func TestLogLines(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(newLogLines(&out, slog.LevelInfo))
	log.Warn("metadata were kept in part", "path", "a\x1b[2J\nb.jpg", "reason", "too many", "limit", 512)
	log.Debug("not shown")
	log.Info("told")
	log.With("shard", 2).WithGroup("run").With("id", "x").Error("no", "took", 2*time.Second, slog.Group("of", "n", 3),
		"error", json.Unmarshal([]byte("{"), &struct{}{}))
	const want = "warning: metadata were kept in part: a\\x1b[2J\\nb.jpg: too many (limit 512)\n" +
		"info: told\n" +
		"error: no (shard 2, run.id x, run.took 2s, run.of.n 3, run.error it ends too early)\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
}
