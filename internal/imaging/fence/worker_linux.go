package fence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// errGone says that a worker had ended before it was given its job.
var errGone = errors.New("the worker has ended")

const (
	// tick is how often a worker that does not answer is looked after. Time is counted in
	// ticks, so that what passes while the program itself is stopped does not count.
	tick = 500 * time.Millisecond
	// startPatience is how long a worker may take to begin.
	startPatience = time.Minute
)

// worker is a process, our end of its socket, and the memory that is shared with it.
type worker struct {
	options Options
	process *exec.Cmd
	socket  *os.File
	memory  *memory
	walls   Walls
	message [answerSize]byte

	told, counted uint64 // nanoseconds that it has had; which have been counted
}

// startWorker starts a worker and waits until it is ready.
func startWorker(ctx context.Context, o Options) (*worker, error) {
	m, err := newMemory(o.Name, o.Output)
	if err != nil {
		return nil, err
	}
	ours, theirs, err := socketPair()
	if err != nil {
		m.close()
		return nil, err
	}
	defer theirs.Close()
	w := &worker{options: o, socket: ours, memory: m, process: &exec.Cmd{
		Path: "/proc/self/exe", Args: []string{o.Name}, Dir: "/", Env: environment(o.Variable),
		ExtraFiles: []*os.File{theirs, m.file},
	}}
	if err := w.process.Start(); err != nil {
		m.close()
		ours.Close()
		return nil, fmt.Errorf("starting it: %w", errors.Unwrap(err))
	}
	theirs.Close() // else the worker's end would not close it
	a, err := w.hear(ctx, startPatience)
	if err == nil && a.kind != hearReady {
		err = fmt.Errorf("it began with a message of kind %d", a.kind)
	}
	if err != nil {
		w.end(err)
		return nil, fmt.Errorf("it did not begin: %w", err)
	}
	w.walls = a.walls
	return w, nil
}

// environment is what a worker has of ours: how libraries are found, and nothing that is secret.
func environment(variable string) []string {
	env := []string{variable + "=1"}
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "LD_") {
			env = append(env, v)
		}
	}
	return env
}

// socketPair makes a socket that keeps messages apart. Go's poller waits at our end of it.
func socketPair() (ours, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		return nil, nil, errors.Join(os.NewSyscallError("fcntl", err), unix.Close(fds[0]), unix.Close(fds[1]))
	}
	return os.NewFile(uintptr(fds[0]), "decoder"), os.NewFile(uintptr(fds[1]), "decoder"), nil
}

// do has the worker do a job. After an error the worker is of no more use.
func (w *worker) do(ctx context.Context, j *Job) ([]byte, error) {
	if err := w.memory.fit(len(j.Input)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	copy(w.memory.input(), j.Input)
	defer w.memory.shrink()
	r := request{
		kind: sayJob, seconds: uint32((w.options.ProcessorTime + time.Second - 1) / time.Second),
		input: uint64(len(j.Input)), output: uint64(w.options.Output), params: j.Params,
	}
	if err := w.say(r); err != nil {
		return nil, fmt.Errorf("%w: %w", errGone, err)
	}
	for rest := j.Output; ; {
		a, err := w.hear(ctx, w.options.Patience)
		if err != nil {
			return nil, err
		}
		if a.kind == hearReady || a.output > uint64(len(rest)) {
			return nil, errNonsense
		}
		copy(rest, w.memory.output()[:a.output])
		rest = rest[a.output:]
		if a.kind == hearDone {
			w.told = max(w.told, a.nanoseconds)
			return a.result, nil
		}
		if err := w.say(request{kind: sayGoOn}); err != nil {
			return nil, err
		}
	}
}

// errNonsense says that a worker does not keep to the rules.
var errNonsense = errors.New("makes no sense")

// errStuck says that it does nothing.
var errStuck = errors.New("hangs")

func (w *worker) say(r request) error {
	var b [requestSize]byte
	r.put(&b)
	_, err := w.socket.Write(b[:])
	return err
}

// hear waits for an answer, while the worker has processor time. The answer's result is valid until the next.
func (w *worker) hear(ctx context.Context, patience time.Duration) (answer, error) {
	var had time.Duration
	for idle := time.Duration(0); ; {
		wait := min(tick, patience)
		if err := w.socket.SetReadDeadline(time.Now().Add(wait)); err != nil {
			return answer{}, err
		}
		n, err := w.socket.Read(w.message[:])
		if err == nil {
			a, err := parseAnswer(w.message[:n], w.options.Output)
			if err != nil {
				return answer{}, errNonsense
			}
			return a, nil
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return answer{}, err
		}
		if ctx.Err() != nil {
			return answer{}, context.Cause(ctx)
		}
		if has := w.processorTime(); has > had {
			had, idle = has, 0
		} else if idle += wait; idle >= patience {
			return answer{}, errStuck
		}
	}
}

// processorTime is what the worker has had of it until now; 0 where that is not known.
func (w *worker) processorTime() time.Duration {
	const ofProcess = 2 // CPUCLOCK_SCHED of the kernel, in a clock's number
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^w.process.Process.Pid<<3|ofProcess), &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// spentNow is the processor time that has not been counted yet, and counts it.
func (w *worker) spentNow() int64 {
	n := w.told - w.counted
	w.counted = w.told
	return int64(n)
}

// end ends the worker, and says what a job that failed with err has done to it, and what
// processor time has not been counted yet.
func (w *worker) end(err error) (spent int64, f *Failure) {
	_ = w.process.Process.Kill() // which changes nothing where it has ended
	_ = w.process.Wait()
	w.socket.Close()
	w.memory.close()
	state := w.process.ProcessState
	if had := uint64(state.UserTime() + state.SystemTime()); had > w.counted {
		spent = int64(had - w.counted)
	}
	return spent, w.failure(err, state)
}

func (w *worker) failure(err error, state *os.ProcessState) *Failure {
	status, ok := state.Sys().(syscall.WaitStatus)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errStuck):
		return stuck()
	case errors.Is(err, errNonsense):
		return crashed("what it answers "+errNonsense.Error(), false)
	case !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE):
		return &Failure{How: "was given up: " + err.Error()}
	case ok && status.Signaled() && status.Signal() == syscall.SIGPROF:
		return tooSlow(w.options.ProcessorTime)
	case ok && status.Signaled():
		return crashed(status.Signal().String(), status.Signal() == syscall.SIGKILL)
	default:
		return crashed(state.String(), false)
	}
}
