package service

// Type is what a field holds.
type Type int

// The types of fields that the store has.
const (
	Int64 Type = iota
	VarChar
	VarCharArray
	JSON
	FloatVector
)

// Schema is the schema of a collection.
type Schema struct {
	Name        string
	Description string
	Fields      []Field
}

// Field is a field of a schema. What does not belong to its type is 0.
type Field struct {
	Name        string
	Description string
	Type        Type
	Primary     bool
	MaxLength   int // bytes of a VarChar, or of each in an array
	MaxCapacity int // elements of an array
	Dim         int // of a vector
}

// Column is the values of a field, one a row.
type Column struct {
	Name   string
	Values Values
}

// Values are Texts, Numbers, Lists, Documents or Vectors.
type Values interface {
	// Len is the number of rows.
	Len() int
}

// The values of each Type.
type (
	Numbers   []int64     // Int64
	Texts     []string    // VarChar
	Lists     [][][]byte  // VarCharArray
	Documents [][]byte    // JSON
	Vectors   [][]float32 // FloatVector
)

// Len implements Values, as do the following.
func (v Numbers) Len() int { return len(v) }

func (v Texts) Len() int { return len(v) }

func (v Lists) Len() int { return len(v) }

func (v Documents) Len() int { return len(v) }

func (v Vectors) Len() int { return len(v) }
