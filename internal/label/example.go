package label

import _ "embed" // the example is a file, with comments

//go:embed data/example.yaml
var example []byte

// Example is a commented label list that shows everything that one can say.
func Example() []byte { return append([]byte(nil), example...) }
