//go:build cgo && !nolibjpeg

#include "jpeg_worker.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

/* The bits of fence.Walls. */
enum { NO_PRIVILEGES = 1, LIMITS = 2, LANDLOCK = 4, SECCOMP = 8 };

/*
 * The heap: the coefficients of the largest progressive picture that is accepted
 * (mostCoefficients in jpeg.go), and what libjpeg needs besides. Other pictures are read row by row.
 */
#define MOST_MEMORY ((rlim_t)1200 << 20)

static int set_limit(int what, rlim_t most)
{
	struct rlimit l = {most, most};
	return setrlimit(what, &l) == 0;
}

static int set_limits(void)
{
	return set_limit(RLIMIT_DATA, MOST_MEMORY) & set_limit(RLIMIT_CORE, 0) & set_limit(RLIMIT_FSIZE, 0) &
	       set_limit(RLIMIT_NOFILE, 0) & set_limit(RLIMIT_NPROC, 0);
}

/* Landlock: no file of the system can be opened, whatever the filter of calls lets through. */
#ifndef __NR_landlock_create_ruleset
#define __NR_landlock_create_ruleset 444
#define __NR_landlock_restrict_self 446
#endif

static int close_files(void)
{
	struct { uint64_t files; } handled = {0x1fff}; /* all rights of Landlock's first version */
	long rules = syscall(__NR_landlock_create_ruleset, &handled, sizeof handled, 0);
	int done;
	if (rules < 0)
		return 0;
	done = syscall(__NR_landlock_restrict_self, rules, 0) == 0;
	close((int)rules);
	return done;
}

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifdef ARCHITECTURE

/* The calls that are left. Those that map memory may not make it executable: see below. */
static const int calls[] = {
	__NR_recvfrom, __NR_sendto, __NR_exit_group, __NR_exit, __NR_rt_sigreturn, __NR_restart_syscall,
	__NR_brk, __NR_munmap, __NR_mremap, __NR_madvise,
	__NR_setitimer, __NR_clock_gettime, __NR_getrandom, __NR_futex,
};
static const int mapping[] = {__NR_mmap, __NR_mprotect};

enum { CALLS = sizeof calls / sizeof calls[0], MAPPING = sizeof mapping / sizeof mapping[0] };

/* Anything else fails with EPERM. The filter is a list of tests: a number, and what follows. */
static int filter_calls(void)
{
	static const struct sock_filter refuse = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	static const struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_filter f[8 + 5 * MAPPING + 2 * CALLS];
	struct sock_fprog program = {0, f};
	unsigned short n = 0;

	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	f[n++] = refuse;
	/* The numbers of another table (x32) have a bit that makes them unequal to all of ours. */
	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (int i = 0; i < CALLS; i++) {
		f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i], 0, 1);
		f[n++] = allow;
	}
	for (int i = 0; i < MAPPING; i++) {
		f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)mapping[i], 0, 4);
		/* The low half of the third argument; both architectures are little-endian. */
		f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2]));
		f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0);
		f[n++] = allow;
		f[n++] = refuse;
	}
	f[n++] = refuse;
	program.len = n;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

#else

static int filter_calls(void)
{
	return 0;
}

#endif

uint32_t sl_confine(void)
{
	uint32_t walls = 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		walls |= NO_PRIVILEGES;
	if (close_files()) /* while a file descriptor can be had for it */
		walls |= LANDLOCK;
	if (set_limits())
		walls |= LIMITS;
	if (filter_calls())
		walls |= SECCOMP;
	return walls;
}
