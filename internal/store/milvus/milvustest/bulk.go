package milvustest

import (
	"context"
	"fmt"
	"os"

	"github.com/milvus-io/milvus-proto/go-api/v2/commonpb"
	"github.com/milvus-io/milvus-proto/go-api/v2/milvuspb"
	"github.com/parquet-go/parquet-go"
)

// Import implements milvuspb.MilvusServiceServer. It reads a Parquet file, or keeps why it
// could not for GetImportState.
func (s *Server) Import(_ context.Context, req *milvuspb.ImportRequest) (*milvuspb.ImportResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, st := s.find(req.GetCollectionName())
	if st != nil {
		return &milvuspb.ImportResponse{Status: st}, nil
	}
	s.imports = append(s.imports, c.importFile(req.GetFiles()[0]))
	return &milvuspb.ImportResponse{Status: ok(), Tasks: []int64{int64(len(s.imports))}}, nil
}

// GetImportState implements milvuspb.MilvusServiceServer.
func (s *Server) GetImportState(_ context.Context, req *milvuspb.GetImportStateRequest) (*milvuspb.GetImportStateResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &milvuspb.GetImportStateResponse{Status: ok(), State: commonpb.ImportState_ImportCompleted}
	if err := s.imports[req.GetTask()-1]; err != nil {
		out.State = commonpb.ImportState_ImportFailed
		out.Infos = []*commonpb.KeyValuePair{{Key: "failed_reason", Value: err.Error()}}
	}
	return out, nil
}

// importFile adds the rows of a file, whatever their ids. Every field must have a column.
func (c *collection) importFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	p, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		return err
	}
	r := parquet.NewReader(p)
	defer r.Close()
	for range p.NumRows() {
		row := make(map[string]any)
		if err := r.Read(&row); err != nil {
			return err
		}
		converted := make(Row)
		for _, field := range c.schema.GetFields() {
			if converted[field.GetName()], err = imported(row[field.GetName()]); err != nil {
				return fmt.Errorf("field %s: %w", field.GetName(), err)
			}
		}
		if extra, ok := converted["extra"].(string); ok {
			converted["extra"] = []byte(extra)
		}
		c.rows[converted["id"].(string)] = converted
	}
	return nil
}

// imported is a value of a file as a Row has it.
func imported(v any) (any, error) {
	switch v := v.(type) {
	case string, int64:
		return v, nil
	case []byte:
		return string(v), nil
	case map[string]any: // {"list": [{"element": x}, ...]}
		return importedList(v["list"])
	case []any:
		return importedList(v)
	}
	return nil, fmt.Errorf("a value of %T", v)
}

// importedList is a list of strings or of floats.
func importedList(v any) (any, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("a list of %T", v)
	}
	texts, floats := []string{}, []float32(nil)
	for _, x := range list {
		if m, ok := x.(map[string]any); ok {
			x = m["element"]
		}
		switch x := x.(type) {
		case string:
			texts = append(texts, x)
		case float32:
			floats = append(floats, x)
		default:
			return nil, fmt.Errorf("an element of %T", x)
		}
	}
	if floats != nil {
		return floats, nil
	}
	return texts, nil
}
