package fault_test

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
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/fault"
)

// failing returns the error of a call that must fail.
func failing[T any](_ T, err error) error {
	if err == nil {
		panic("it did not fail")
	}
	return err
}

func unmarshal(text string, into any) error {
	return failing(0, json.Unmarshal([]byte(text), into))
}

func rows(text string) error {
	return failing(csv.NewReader(strings.NewReader(text)).ReadAll())
}

func TestWords(t *testing.T) {
	dir := t.TempDir()
	none := filepath.Join(dir, "none.txt")
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	type settings struct {
		Port  int      `json:"port"`
		Names []string `json:"names"`
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{errors.New("plain"), "plain"},
		{failing(os.Open(none)), "there is no " + none},
		{failing(os.Stat(none)), "there is no " + none},
		{fmt.Errorf("captions: %w", failing(os.Open(none))), "captions: there is no " + none},
		{failing(os.ReadFile(dir)), dir + " is a folder, and a file is needed"},
		{failing(os.ReadFile(filepath.Join(file, "x"))), filepath.Join(file, "x") + ": a file stands where a folder is needed"},
		{failing(0, os.Mkdir(dir, 0o755)), dir + " is there already"},
		{failing(0, os.Rename(none, file)), "there is no " + file},
		{&fs.PathError{Op: "write", Path: "a", Err: syscall.ENOSPC}, "a: no space left on device"},
		{errors.Join(errors.New("one"), &fs.PathError{Op: "open", Path: "a", Err: syscall.EACCES}), "one\na: permission denied"},
		{&fault.Error{Err: fmt.Errorf("x: %w", &fs.PathError{Op: "open", Path: "a", Err: syscall.ENOENT})}, "x: there is no a"},
		{rows("a,b\n\"unclosed,x\n"), `line 2: a quote (") is not closed, or stands where none can; in a quoted cell it is written twice`},
		{rows("a\nb\"c\n"), `line 2: a quote (") is not closed, or stands where none can; in a quoted cell it is written twice`},
		{rows("a,b\nc\n"), "line 2 has more or fewer cells than the lines before it"},
		{unmarshal(`{"port":}`, &settings{}), "character 9, '}', cannot stand there in JSON"},
		{unmarshal(`{"port": 1 ' }`, &settings{}), `character 12, '\'', cannot stand there in JSON`},
		{unmarshal(`{"port"`, &settings{}), "it ends too early"},
		{unmarshal(`{"port":"x"}`, &settings{}), `"port" is a text, and must be a number`},
		{unmarshal(`{"port":1.5}`, &settings{}), `"port" is a number that it cannot be`},
		{unmarshal(`{"names":3}`, &settings{}), `"names" is a number, and must be a list`},
		{unmarshal(`[]`, &settings{}), "a value is a list, and must be an object"},
		{failing(strconv.Atoi("abc")), `"abc" is not a whole number`},
		{failing(strconv.ParseFloat("1,5", 64)), `"1,5" is not a number`},
		{failing(strconv.Atoi("99999999999999999999")), `"99999999999999999999" is out of range`},
		{failing(time.Parse(time.DateOnly, "yesterday")), `"yesterday" is not a date or a time`},
		{&url.Error{Op: "Get", URL: "http://x/", Err: &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80},
			Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}}, `Get "http://x/": 127.0.0.1:80: connection refused`},
		{&net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "server misbehaving", Name: "hub.example", Server: "127.0.0.53:53"}}, "cannot find the host hub.example"},
		{failing(url.Parse("http://[::1")), `"http://[::1" is not an address`},
		{fmt.Errorf("model.onnx: %w", io.ErrUnexpectedEOF), "model.onnx: it ends too early"},
	} {
		if got := fault.Words(c.err); got != c.want {
			t.Errorf("%v:\ngot  %s\nwant %s", c.err, got, c.want)
		}
	}
}

// What a message loses is only what a library said.
func FuzzWords(f *testing.F) {
	f.Add("open x: no such file", "x")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, text, path string) {
		if got := fault.Words(errors.New(text)); got != text {
			t.Errorf("%q became %q", text, got)
		}
		got := fault.Words(fmt.Errorf("%s: %w", text, &fs.PathError{Op: "open", Path: path, Err: syscall.EIO}))
		if !strings.Contains(got, path) {
			t.Errorf("%q does not name %q", got, path)
		}
	})
}
