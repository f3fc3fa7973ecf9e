package sdk

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/milvus-io/milvus-sdk-go/v2/entity"

	"github.com/sightline/sightline/internal/store/milvus/service"
)

// Columns pass through the SDK's types and back as they are.
func TestColumns(t *testing.T) {
	want := []service.Column{
		{Name: "n", Values: service.Numbers{-1, 1 << 62}},
		{Name: "t", Values: service.Texts{"", "a\x7fb"}},
		{Name: "l", Values: service.Lists{{}, {[]byte("a"), []byte("b")}}},
		{Name: "d", Values: service.Documents{[]byte("{}"), []byte(`{"a":1}`)}},
		{Name: "v", Values: service.Vectors{{1, 0}, {0, 1}}},
	}
	var through []entity.Column
	for _, c := range want {
		through = append(through, columnTo(c))
	}
	if diff := cmp.Diff(want, columnsFrom(through)); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	// What no field of the store holds is no values, and not wrong ones.
	if got := valuesFrom(entity.NewColumnBool("b", []bool{true})); got != nil {
		t.Errorf("a column of truth values is %v", got)
	}
}

// A schema arrives with all that a server looks at.
func TestSchemaOf(t *testing.T) {
	got := schemaOf(service.Schema{Name: "c", Description: "what it is", Fields: []service.Field{
		{Name: "id", Description: "the key", Type: service.VarChar, MaxLength: 128, Primary: true},
		{Name: "size", Type: service.Int64},
		{Name: "tags", Type: service.VarCharArray, MaxLength: 512, MaxCapacity: 1024},
		{Name: "extra", Type: service.JSON},
		{Name: "vector", Type: service.FloatVector, Dim: 4},
	}})
	if got.CollectionName != "c" || got.Description != "what it is" || got.PKFieldName() != "id" {
		t.Errorf("name %q, description %q, key %q", got.CollectionName, got.Description, got.PKFieldName())
	}
	want := []struct {
		kind, element entity.FieldType
		params        map[string]string
	}{
		{entity.FieldTypeVarChar, 0, map[string]string{"max_length": "128"}},
		{entity.FieldTypeInt64, 0, nil},
		{entity.FieldTypeArray, entity.FieldTypeVarChar, map[string]string{"max_length": "512", "max_capacity": "1024"}},
		{entity.FieldTypeJSON, 0, nil},
		{entity.FieldTypeFloatVector, 0, map[string]string{"dim": "4"}},
	}
	for i, f := range got.Fields {
		params := f.TypeParams
		if len(params) == 0 {
			params = nil
		}
		if f.DataType != want[i].kind || f.ElementType != want[i].element || !cmp.Equal(params, want[i].params) {
			t.Errorf("field %s is %v of %v with %v", f.Name, f.DataType, f.ElementType, f.TypeParams)
		}
	}
}

// An answer that the SDK cannot read is an error.
func TestUnreadable(t *testing.T) {
	read := func() (err error) {
		defer unreadable(&err)
		var answer []int
		_ = answer[3]
		return nil
	}
	if err := read(); err == nil {
		t.Error("a panic of the SDK is no error")
	}
}
