package ort

import (
	"fmt"
	"regexp"
	"strings"
)

// reason is what an error of a library means to somebody who has a file and a program.
type reason struct {
	said  string // in the library's words, as a regular expression
	means string // with $1 for the first part in parentheses
}

// explain returns what the first of the reasons that fits means, or otherwise.
func explain(reasons []reason, said, otherwise string) string {
	for _, r := range reasons {
		// Compiled here and not at the start of every program: errors are rare.
		re := regexp.MustCompile(r.said)
		if m := re.FindStringSubmatchIndex(said); m != nil {
			return string(re.ExpandString(nil, r.means, said, m))
		}
	}
	return otherwise
}

// graphReasons are ONNX Runtime's about a graph.
var graphReasons = []reason{
	{`No Op registered for (\S+) `, "it needs the operation $1, which ONNX Runtime " + Version + " does not have"},
	{`Fatal error: (\S+?)\(.*is not a registered function/op`, "it needs the operation $1, which ONNX Runtime " + Version + " does not have"},
	{`Unsupported model IR version: (\d+)`, "it is written in version $1 of ONNX, which is too new for ONNX Runtime " + Version},
	{`Opset (\d+) is under development`, "it uses the operations of ONNX $1, which are too new for ONNX Runtime " + Version},
	{`(?i)protobuf parsing failed`, "it is damaged, or no ONNX file"},
	{`(?i)(cannot allocate|bad_alloc|out of memory)`, "the memory does not suffice for it"},
	{`(?i)external data|External initializer`, "the file beside it that holds its weights is missing or damaged"},
}

// graphError is ONNX Runtime's refusal of a graph. The library's words, which name lines
// of its own source and every input of a node, stay in the cause.
type graphError struct{ cause error }

func (e *graphError) Error() string {
	return explain(graphReasons, e.cause.Error(), "the parts of its graph do not fit together")
}

func (e *graphError) Unwrap() error { return e.cause }

// libraryReasons are those of the system's loader, and of our wrapper's, about a library.
var libraryReasons = []reason{
	{`file too short|invalid ELF header|not a mach-o file|slice is not valid`, "it is no library, or not a whole one"},
	{`wrong ELF class|incompatible architecture|wrong architecture|cannot open shared object file: Exec format`, "it is for another kind of processor"},
	{`Error looking up OrtGetApiBase`, "it is a library, but not ONNX Runtime"},
	{`Is a directory`, "it is a folder"},
	{`Error setting ORT API base: 2`, "it is an older ONNX Runtime; version " + Version + " is needed"},
	{"version `([^']+)' not found", "it needs a newer system: $1 is not there"},
	{`(?i)permission denied`, "there is no permission to load it"},
	{`(\S+): cannot open shared object file: No such file`, "it needs $1, which is not installed"},
}

// libraryError is the system's refusal of the library at path.
type libraryError struct {
	path  string
	cause error
}

func (e *libraryError) Error() string {
	said := e.cause.Error()
	if i := strings.LastIndex(said, e.path+": "); i >= 0 {
		said = said[i+len(e.path)+2:] // what the loader says
	}
	return fmt.Sprintf("%s: %s", e.path, explain(libraryReasons, e.cause.Error(), said))
}

func (e *libraryError) Unwrap() error { return e.cause }
