package milvus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/store/milvus/service"
)

// importer is a server that imports as slowly as a test needs it: it answers the calls of an
// import, and those it has not panic.
type importer struct {
	service.Service
	files  []string
	looks  int
	most   int // tasks that were running at once
	ended  map[int64]bool
	failed string // the file whose import fails
}

func (s *importer) BulkInsert(_ context.Context, name, file string) (int64, error) {
	if name != "records" {
		return 0, fmt.Errorf("there is no collection %s", name)
	}
	s.files = append(s.files, file)
	s.most = max(s.most, len(s.files)-len(s.ended))
	return int64(len(s.files)), nil
}

// DescribeBulkInsert ends every second task that it is asked for.
func (s *importer) DescribeBulkInsert(_ context.Context, id int64) (service.BulkTask, error) {
	s.looks++
	switch {
	case s.files[id-1] == s.failed:
		return service.BulkTask{Failed: true, Reason: "no such column"}, nil
	case s.looks%2 == 0:
		s.ended[id] = true
		return service.BulkTask{Done: true}, nil
	}
	return service.BulkTask{}, nil
}

// An import gives the server some files at a time,
// each once.
func TestImportSomeFilesAtATime(t *testing.T) {
	t.Parallel()
	var table BulkTable
	for i := range 2*bulkAtOnce + 3 {
		table.Files = append(table.Files, BulkFile{Name: fmt.Sprintf("records-%06d.parquet", i+1), Records: 2})
		table.Records += 2
	}
	server := &importer{ended: make(map[int64]bool)}
	s := &Store{client: server, physical: "records"}
	var told []int64
	if err := s.importFiles(t.Context(), table, "bucket/x", func(done, _ int64) { told = append(told, done) }); err != nil {
		t.Fatal(err)
	}
	if len(told) != len(table.Files) || told[len(told)-1] != table.Records || !slices.IsSorted(told) {
		t.Errorf("told %v of %d", told, table.Records)
	}
	if len(server.files) != len(table.Files) || server.files[0] != "bucket/x/records-000001.parquet" || len(slices.Compact(slices.Sorted(slices.Values(server.files)))) != len(table.Files) {
		t.Errorf("files %v", server.files)
	}
	if server.most != bulkAtOnce {
		t.Errorf("%d files at once", server.most)
	}

	s.client = &importer{ended: make(map[int64]bool), failed: "records-000002.parquet"}
	if err := s.importFiles(t.Context(), table, "", func(int64, int64) {}); err == nil || !strings.Contains(err.Error(), "records-000002.parquet: the server says: no such column") {
		t.Errorf("a file that fails: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.client = &importer{ended: make(map[int64]bool)}
	if err := s.importFiles(ctx, table, "", func(int64, int64) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("an import that is interrupted: %v", err)
	}
}
