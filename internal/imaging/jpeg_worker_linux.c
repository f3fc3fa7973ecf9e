//go:build cgo && !nolibjpeg

/*
 * The process that package fence starts for this decoder: this program once more, which
 * becomes a loop around sl_jpeg_decode before its main, and Go's runtime, have begun. So it is small,
 * starts in a few milliseconds, has one thread, and needs so few calls of the system that all others can be
 * taken from it. The messages are those of internal/imaging/fence/message.go.
 */

#include "jpeg_worker.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { SOCKET = 3, MEMORY = 4 }; /* file descriptors */
enum { JOB = 1, GO_ON = 2 };     /* what comes */
enum { READY = 1, PART = 2, DONE = 3 };

enum { MISUSE = 2 }; /* exit status: a message makes no sense */

struct request {
	uint32_t kind, seconds; /* of processor time that the job may take */
	uint64_t input, output; /* bytes of the two parts of the memory: the output comes first */
	struct sl_jpeg_job job;
	uint8_t unused[128 - 24 - sizeof(struct sl_jpeg_job)];
};

struct answer {
	uint32_t kind, walls;
	uint64_t output;      /* bytes that are in the memory */
	uint64_t nanoseconds; /* of processor time, in all */
	struct sl_jpeg_result result;
	uint8_t unused[256 - 24 - sizeof(struct sl_jpeg_result)];
};

static uint8_t *memory;
static size_t mapped;

static void say(struct answer *a)
{
	struct timespec t = {0, 0};
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	a->nanoseconds = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
	while (sendto(SOCKET, a, sizeof *a, MSG_NOSIGNAL, NULL, 0) < 0)
		if (errno != EINTR)
			_exit(0); /* nobody is there */
}

static void hear(struct request *r, uint32_t kind)
{
	ssize_t n;
	while ((n = recvfrom(SOCKET, r, sizeof *r, 0, NULL, NULL)) < 0)
		if (errno != EINTR)
			_exit(0);
	if (n == 0)
		_exit(0); /* the program has ended */
	if (n != sizeof *r || r->kind != kind)
		_exit(MISUSE);
}

/* Hands over a part of the picture, and waits until it has been taken. */
static void hand_over(size_t bytes)
{
	struct answer a;
	struct request r;
	memset(&a, 0, sizeof a);
	a.kind = PART;
	a.output = bytes;
	say(&a);
	hear(&r, GO_ON);
}

/* Sees to it that the memory of a job is mapped. It only ever grows. */
static void map(size_t bytes)
{
	if (bytes <= mapped)
		return;
	if (memory)
		munmap(memory, mapped);
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, MEMORY, 0);
	if (memory == MAP_FAILED)
		_exit(MISUSE);
	mapped = bytes;
}

/* A decoder that goes round in circles is ended by SIGPROF. */
static void limit_time(uint32_t seconds)
{
	struct itimerval t = {{0, 0}, {(time_t)seconds, 0}};
	setitimer(ITIMER_PROF, &t, NULL);
}

static void work(const struct request *r)
{
	struct sl_jpeg_sink sink = {r->output, hand_over, 0};
	struct answer a;

	memset(&a, 0, sizeof a);
	map(r->output + r->input);
	limit_time(r->seconds);
	a.result.code = sl_jpeg_decode(memory + r->output, r->input, r->job.scale, r->job.colours,
	                               memory, r->job.width, r->job.height, r->job.components,
	                               &sink, &a.result.report);
	limit_time(0);
	a.kind = DONE;
	a.output = sink.left;
	say(&a);
}

static void begin(void)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGPIPE};
	sigset_t none;

	/*
	 * No worker outlives the program: a closed socket ends it, and this where it is stuck. The system
	 * means the thread that started it, but Go keeps its threads; were one to end, the
	 * job would be given to another worker.
	 */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Signals to a whole group are the program's to answer: it may finish what is in hand. */
	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		signal(ignored[i], SIG_IGN);
	signal(SIGPROF, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
#ifdef __NR_close_range
	syscall(__NR_close_range, MEMORY + 1, ~0u, 0);
#endif
#ifdef M_TRIM_THRESHOLD
	/* What one picture took serves the next, instead of being mapped and cleared again. */
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
#endif
}

/* Runs before main, in every process of this program, and returns in all but the workers. */
__attribute__((constructor)) static void serve(void)
{
	struct request r;
	struct answer a;

	if (!getenv("SIGHTLINE_JPEG_WORKER"))
		return;
	begin();
	memset(&a, 0, sizeof a);
	a.kind = READY;
	a.walls = sl_confine();
	say(&a);
	for (;;) {
		hear(&r, JOB);
		work(&r);
	}
}
