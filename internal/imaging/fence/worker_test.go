//go:build linux

package fence

import (
	"encoding/binary"
	"os"
	"syscall"
	"testing"
)

// The variables that make this test a worker, and one that ends before it is ready.
const (
	asWorker = "SIGHTLINE_FENCE_TEST_WORKER"
	asDud    = "SIGHTLINE_FENCE_TEST_DUD"
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(asWorker) != "":
		os.Exit(work(os.NewFile(3, "socket"), 4))
	case os.Getenv(asDud) != "":
		os.Exit(7)
	}
	os.Exit(m.Run())
}

// What a worker is told to do, as the first byte of the parameters; the rest is a path.
const (
	doEcho     = 'e' // the input, backwards, is the output
	doCrash    = 'c'
	doExit     = 'x'
	doStop     = 's'
	doDie      = 'd' // by SIGKILL
	doDieOnce  = 'o' // the same, where there is no file of the path, which is made
	doNonsense = 'n'
	doFlood    = 'f' // more output than was asked for
)

// work is a worker in Go, which knows the messages from message.go alone.
func work(socket *os.File, memoryFD int) int {
	say(socket, hearReady, 0, nil)
	var b [requestSize]byte
	for {
		if n, err := socket.Read(b[:]); err != nil || n != len(b) {
			return 0
		}
		input, output := int(binary.NativeEndian.Uint64(b[8:])), int(binary.NativeEndian.Uint64(b[16:]))
		memory, err := syscall.Mmap(memoryFD, 0, input+output, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
		if err != nil {
			return 3
		}
		perform(socket, b[headerSize:], memory, output)
		_ = syscall.Munmap(memory)
	}
}

func perform(socket *os.File, params, memory []byte, output int) {
	in := memory[output:]
	switch params[0] {
	case doCrash:
		signalSelf(syscall.SIGSEGV)
	case doExit:
		os.Exit(5)
	case doStop:
		signalSelf(syscall.SIGSTOP)
	case doDie:
		signalSelf(syscall.SIGKILL)
	case doDieOnce:
		n := 1
		for params[n] != 0 {
			n++
		}
		f, err := os.OpenFile(string(params[1:n]), os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			f.Close()
			signalSelf(syscall.SIGKILL)
		}
	case doNonsense:
		say(socket, 99, 0, nil)
		return
	case doFlood:
		for {
			say(socket, hearPart, output, nil)
			if n, err := socket.Read(make([]byte, requestSize)); n == 0 || err != nil {
				os.Exit(0)
			}
		}
	}
	at := 0
	for i := range in {
		if at == output {
			say(socket, hearPart, at, nil)
			if n, err := socket.Read(make([]byte, requestSize)); n == 0 || err != nil {
				os.Exit(0)
			}
			at = 0
		}
		memory[at] = in[len(in)-1-i]
		at++
	}
	say(socket, hearDone, at, params)
}

func say(socket *os.File, kind uint32, output int, result []byte) {
	var b [answerSize]byte
	binary.NativeEndian.PutUint32(b[0:], kind)
	binary.NativeEndian.PutUint32(b[4:], uint32(Limits))
	binary.NativeEndian.PutUint64(b[8:], uint64(output))
	binary.NativeEndian.PutUint64(b[16:], 1000)
	copy(b[headerSize:], result)
	if _, err := socket.Write(b[:]); err != nil {
		os.Exit(0)
	}
}

// signalSelf ends in a signal.
func signalSelf(s syscall.Signal) {
	if s == syscall.SIGSEGV { // which becomes a panic
		s = syscall.SIGTERM
	}
	_ = syscall.Kill(os.Getpid(), s)
	select {}
}
