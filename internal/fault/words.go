package fault

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sightline/sightline/internal/lazyregexp"
)

// Words is the message of an error as one person says it to another. Whoever wraps an error
// of a library leaves its words in the middle of the message: Words finds them, and puts in
// their place what they mean. "open a.txt: no such file or directory" becomes "there is no
// a.txt", and `strconv.Atoi: parsing "x": invalid syntax` becomes `"x" is not a number`.
// What nothing is known of stays as it is.
func Words(err error) string {
	if err == nil {
		return ""
	}
	message := err.Error()
	each(err, func(e error) bool {
		words := inWords(e)
		if words == "" {
			return true
		}
		message = strings.Replace(message, e.Error(), words, 1)
		return false // its causes are part of what was replaced
	})
	return message
}

// each calls visit for an error and, where that returns true, for what it wraps.
func each(err error, visit func(error) bool) {
	if err == nil || !visit(err) {
		return
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		each(e.Unwrap(), visit)
	case interface{ Unwrap() []error }:
		for _, cause := range e.Unwrap() {
			each(cause, visit)
		}
	}
}

// inWords is what an error of a library means, or "" for any other error.
func inWords(err error) string {
	switch e := err.(type) {
	case *fs.PathError:
		return pathInWords(e.Path, e.Err)
	case *os.LinkError:
		return pathInWords(e.New, e.Err)
	case *os.SyscallError:
		return causeInWords(e.Err)
	case *csv.ParseError:
		return csvInWords(e)
	case *json.SyntaxError:
		return jsonInWords(e)
	case *json.UnmarshalTypeError:
		return typeInWords(e)
	case *strconv.NumError:
		if errors.Is(e.Err, strconv.ErrRange) {
			return fmt.Sprintf("%q is out of range", e.Num)
		}
		return fmt.Sprintf("%q is not %s", e.Num, kindOfNumber(e.Func))
	case *time.ParseError:
		return fmt.Sprintf("%q is not a date or a time", e.Value)
	case *net.OpError:
		return connectionInWords(e)
	case *url.Error:
		if e.Op == "parse" {
			return fmt.Sprintf("%q is not an address", e.URL)
		}
		return "" // it leads to the cause
	}
	if err == io.ErrUnexpectedEOF { // the value itself, not what wraps it
		return "it ends too early"
	}
	return ""
}

// pathInWords says what is wrong with a file.
func pathInWords(path string, cause error) string {
	switch {
	case path == "":
		return ""
	case errors.Is(cause, fs.ErrNotExist):
		return "there is no " + path
	case errors.Is(cause, fs.ErrExist):
		return path + " is there already"
	case errors.Is(cause, syscall.EISDIR):
		return path + " is a folder, and a file is needed"
	case errors.Is(cause, syscall.ENOTDIR):
		return path + ": a file stands where a folder is needed"
	case errors.Is(cause, syscall.ELOOP):
		return path + ": links lead in a circle"
	}
	return path + ": " + causeInWords(cause)
}

// causeInWords is the message of what a system call failed with.
func causeInWords(cause error) string {
	var errno syscall.Errno
	if errors.As(cause, &errno) {
		return errno.Error()
	}
	return Words(cause)
}

func csvInWords(e *csv.ParseError) string {
	switch {
	case errors.Is(e.Err, csv.ErrQuote), errors.Is(e.Err, csv.ErrBareQuote):
		return fmt.Sprintf(`line %d: a quote (") is not closed, or stands where none can; in a quoted cell it is written twice`, max(e.Line, e.StartLine))
	case errors.Is(e.Err, csv.ErrFieldCount):
		return fmt.Sprintf("line %d has more or fewer cells than the lines before it", e.Line)
	}
	return fmt.Sprintf("line %d: %s", e.Line, Words(e.Err))
}

// unexpected is what the decoder of JSON says of a character.
var unexpected = lazyregexp.New(`^invalid character ('\\?.+?'|'\\''|'"')`)

func jsonInWords(e *json.SyntaxError) string {
	said := e.Error()
	if m := unexpected().FindStringSubmatch(said); m != nil {
		return fmt.Sprintf("character %d, %s, cannot stand there in JSON", e.Offset, m[1])
	}
	if strings.HasPrefix(said, "unexpected end") {
		return "it ends too early"
	}
	return "it is not JSON"
}

func typeInWords(e *json.UnmarshalTypeError) string {
	where := "a value"
	if e.Field != "" {
		where = strconv.Quote(e.Field)
	}
	given, _, _ := strings.Cut(e.Value, " ") // "number 1.5"
	for name, words := range map[string]string{"string": "a text", "bool": "true or false", "number": "a number", "array": "a list", "object": "an object"} {
		if given == name {
			given = words
		}
	}
	wanted := kindInWords(e.Type)
	if given == wanted {
		return where + " is a number that it cannot be"
	}
	return fmt.Sprintf("%s is %s, and must be %s", where, given, wanted)
}

// kindInWords is a type as JSON has it.
func kindInWords(t reflect.Type) string {
	if t == nil {
		return "something else"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return kindInWords(t.Elem())
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "an object"
	}
	return "a number"
}

// kindOfNumber is what a function of strconv reads.
func kindOfNumber(function string) string {
	switch function {
	case "Atoi", "ParseInt", "ParseUint":
		return "a whole number"
	case "ParseBool":
		return "true or false"
	}
	return "a number"
}

// connectionInWords says what is wrong with a connection: of "dial tcp 192.0.2.1:80:
// connect: connection refused" it keeps the address and the reason.
func connectionInWords(e *net.OpError) string {
	var dns *net.DNSError
	if errors.As(e.Err, &dns) {
		return "cannot find the host " + dns.Name
	}
	cause := causeInWords(e.Err)
	if e.Timeout() {
		cause = "no answer in time"
	}
	if e.Addr == nil || e.Addr.String() == "" {
		return cause
	}
	return e.Addr.String() + ": " + cause
}
