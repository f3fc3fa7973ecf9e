package sdk

import (
	"maps"

	"github.com/milvus-io/milvus-sdk-go/v2/entity"

	"github.com/sightline/sightline/internal/store/milvus/service"
)

var levels = map[service.Consistency]entity.ConsistencyLevel{
	service.Strong: entity.ClStrong, service.Session: entity.ClSession,
	service.Bounded: entity.ClBounded, service.Eventually: entity.ClEventually,
}

var types = map[service.Type]entity.FieldType{
	service.Int64: entity.FieldTypeInt64, service.VarChar: entity.FieldTypeVarChar, service.VarCharArray: entity.FieldTypeArray,
	service.JSON: entity.FieldTypeJSON, service.FloatVector: entity.FieldTypeFloatVector,
}

// schemaOf is a schema as the SDK has it.
func schemaOf(s service.Schema) *entity.Schema {
	out := entity.NewSchema().WithName(s.Name).WithDescription(s.Description)
	for _, f := range s.Fields {
		field := entity.NewField().WithName(f.Name).WithDescription(f.Description).WithDataType(types[f.Type]).WithIsPrimaryKey(f.Primary)
		if f.Type == service.VarCharArray {
			field.WithElementType(entity.FieldTypeVarChar)
		}
		if f.MaxLength > 0 {
			field.WithMaxLength(int64(f.MaxLength))
		}
		if f.MaxCapacity > 0 {
			field.WithMaxCapacity(int64(f.MaxCapacity))
		}
		if f.Dim > 0 {
			field.WithDim(int64(f.Dim))
		}
		out.WithField(field)
	}
	return out
}

// columnTo is a column as the SDK has it. The values are shared.
func columnTo(c service.Column) entity.Column {
	switch v := c.Values.(type) {
	case service.Numbers:
		return entity.NewColumnInt64(c.Name, v)
	case service.Lists:
		return entity.NewColumnVarCharArray(c.Name, v)
	case service.Documents:
		return entity.NewColumnJSONBytes(c.Name, v)
	case service.Vectors:
		dim := 0
		if len(v) > 0 {
			dim = len(v[0])
		}
		return entity.NewColumnFloatVector(c.Name, dim, v)
	case service.Texts:
		return entity.NewColumnVarChar(c.Name, v)
	}
	return nil
}

// columnsFrom are columns of the SDK. The values are shared.
func columnsFrom(columns []entity.Column) []service.Column {
	out := make([]service.Column, len(columns))
	for i, c := range columns {
		out[i] = service.Column{Name: c.Name(), Values: valuesFrom(c)}
	}
	return out
}

// valuesFrom are the values of a column, nil where they are of a type that no field of the
// store has.
func valuesFrom(c entity.Column) service.Values {
	switch c := c.(type) {
	case *entity.ColumnInt64:
		return service.Numbers(c.Data())
	case *entity.ColumnVarChar:
		return service.Texts(c.Data())
	case *entity.ColumnJSONBytes:
		return service.Documents(c.Data())
	case *entity.ColumnFloatVector:
		return service.Vectors(c.Data())
	case *entity.ColumnVarCharArray:
		return service.Lists(c.Data())
	}
	return nil
}

// searchParams implements entity.SearchParam.
type searchParams map[string]any

// Params returns a copy, which the SDK adds to.
func (p searchParams) Params() map[string]any { return maps.Clone(p) }

func (p searchParams) AddRadius(radius float64)      { p["radius"] = radius }
func (p searchParams) AddRangeFilter(filter float64) { p["range_filter"] = filter }
