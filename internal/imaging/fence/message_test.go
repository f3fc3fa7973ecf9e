package fence

import (
	"bytes"
	"testing"
)

func TestRequest(t *testing.T) {
	var b [requestSize]byte
	b[requestSize-1] = 1 // what was there before
	request{kind: sayJob, seconds: 2, input: 3, output: 4, params: []byte("params")}.put(&b)
	if b[requestSize-1] != 0 || !bytes.HasPrefix(b[headerSize:], []byte("params\x00")) {
		t.Errorf("%v", b)
	}
}

// FuzzAnswer says what a worker in wrong hands may say.
func FuzzAnswer(f *testing.F) {
	f.Add(make([]byte, answerSize))
	f.Add([]byte{hearDone})
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := parseAnswer(b, page)
		if err == nil && (a.output > page || a.kind < hearReady || a.kind > hearDone || len(a.result) != answerSize-headerSize) {
			t.Errorf("%+v", a)
		}
	})
}

const page = 4096
