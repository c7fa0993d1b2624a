/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An expression compiled in a process of its own.
 *
 * libpcap's optimiser takes time with the cube of the terms and memory with
 * their square, and the rest of it recurses as deep as there are terms. What
 * cannot be split is therefore given to a child with limits of processor time,
 * of memory and of waiting (for names: they may be looked up by DNS). Whatever
 * becomes of it, this process goes on and says what was exceeded.
 *
 * Life-cycle: pipe, fork; the child writes one message and leaves by _exit();
 * the parent reads until the end or the deadline, kills the child in that case,
 * and always waits for it. The child has its end of the pipe, standard error
 * and nothing else of the parent's open. Where the process has other threads,
 * as one that reads a trace ahead, the child relies on the C library to keep
 * malloc() usable behind fork(), as glibc does. None of them may be looking up
 * a name at that moment: glibc's locks for that stay locked in the child.
 *
 * Trust: the child has eaten hostile text. Its message is a bounded number of
 * bytes; the program in it is checked like every other by flt_cbpf_convert().
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "exo/abi/err.h"
#include "filters/filters_int.h"

#define PIPE_FD   3
#define STACK_MAX (64u << 20) /* a main thread's can grow so far on Linux */
#define ADVICE    "; use several filters"

/* What the child says first. Then: n instructions, or the text of an error. */
struct message {
	int32_t ret;
	uint32_t n;
};

/* --- the child ---------------------------------------------------------------- */

static void limit(int what, uint64_t soft, uint64_t hard)
{
	struct rlimit r;

	if (getrlimit((__rlimit_resource_t)what, &r) != 0)
		return;
	if (r.rlim_max > hard)
		r.rlim_max = hard;
	r.rlim_cur = soft < r.rlim_max ? soft : r.rlim_max;
	(void)setrlimit((__rlimit_resource_t)what, &r);
}

/* How much address space this process has: sanitizers take much. */
static uint64_t address_space(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f == NULL)
		return 0;
	if (fscanf(f, "%lu", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Leave nothing of the parent's in reach. */
static void seclude(int fd)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT,
		SIGUSR1, SIGUSR2, SIGSEGV, SIGXCPU };
	size_t i;
	int null;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (fd != PIPE_FD)
		(void)dup2(fd, PIPE_FD);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		(void)dup2(null, STDIN_FILENO);
		(void)dup2(null, STDOUT_FILENO);
	}
	(void)close_range(PIPE_FD + 1, ~0u, 0);
}

static bool put(const void *bytes, size_t n)
{
	const char *from = bytes;

	while (n != 0) {
		ssize_t done = write(PIPE_FD, from, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		from += done;
		n -= (size_t)done;
	}
	return true;
}

/* Are these libpcap's words for memory that it did not get? */
static bool is_memory(const char *text)
{
	return strncmp(text, "malloc", 6) == 0 ||
	       strncmp(text, "out of memory", 13) == 0 ||
	       strcmp(text, "not enough core") == 0;
}

static _Noreturn void child(const struct flt_expr_how *how, const char *expr,
    uint32_t linktype, unsigned flags, int fd)
{
	struct flt_error err = { "" };
	struct flt_cbpf *insns = NULL;
	struct message m = { 0, 0 };
	bool sent;

	seclude(fd);
	limit(RLIMIT_CORE, 0, 0);
	limit(RLIMIT_CPU, how->cpu, how->cpu + 1u);
	limit(RLIMIT_STACK, STACK_MAX, RLIM_INFINITY);
	limit(RLIMIT_AS, address_space() + how->memory, RLIM_INFINITY);
	m.ret = flt_expr_whole(expr, linktype, flags, &insns, &m.n, &err);
	if (m.ret == -EXO_ESYNTAX && is_memory(err.text))
		m.ret = -EXO_EBUDGET;
	if (m.ret == -EXO_ENOMEM)
		m.ret = -EXO_EBUDGET;
	sent = put(&m, sizeof(m));
	if (sent && m.ret == 0)
		sent = put(insns, m.n * sizeof(*insns));
	else if (sent)
		sent = put(&err, sizeof(err));
	_exit(sent ? 0 : 1);
}

/* --- the parent --------------------------------------------------------------- */

struct reader {
	int fd;
	struct timespec until;
	bool late; /* the deadline came first */
};

/* Milliseconds to the deadline; 0: it is over. */
static int left(const struct reader *r)
{
	struct timespec now;
	int64_t ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (int64_t)(r->until.tv_sec - now.tv_sec) * 1000 +
	     (r->until.tv_nsec - now.tv_nsec) / 1000000;
	return ms > 0 ? (int)ms : 0;
}

/* Read n bytes. False: the end came first, or the deadline. */
static bool get(struct reader *r, void *to, size_t n)
{
	char *p = to;

	while (n != 0) {
		struct pollfd pfd = { r->fd, POLLIN, 0 };
		int ms = left(r);
		ssize_t got;

		r->late = ms == 0;
		if (r->late)
			return false;
		if (poll(&pfd, 1, ms) <= 0)
			continue;
		got = read(r->fd, p, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

/* The message, whole. False: the child did not say all. */
static bool receive(struct reader *r, struct message *m, struct flt_cbpf **out,
    struct flt_error *err)
{
	if (!get(r, m, sizeof(*m)))
		return false;
	if (m->ret != 0) {
		m->n = 0;
		if (m->ret != -EXO_EBUDGET)
			m->ret = -EXO_ESYNTAX;
		if (!get(r, err, sizeof(*err)))
			return false;
		err->text[sizeof(err->text) - 1] = '\0';
		return true;
	}
	if (m->n == 0 || m->n > EXO_INSNS_MAX) {
		m->ret = flt_fail(err, -EXO_E2BIG,
		    "the expression becomes %u instructions, the limit is %u",
		    m->n, EXO_INSNS_MAX);
		m->n = 0;
		return true;
	}
	*out = calloc(m->n, sizeof(**out));
	if (*out == NULL) {
		m->ret = flt_fail(err, -EXO_ENOMEM, "out of memory");
		m->n = 0;
		return true;
	}
	if (get(r, *out, m->n * sizeof(**out)))
		return true;
	free(*out);
	*out = NULL;
	return false;
}

/* How the child ended; -1 when somebody else has waited for it. */
static int await(pid_t pid)
{
	int status = -1;
	pid_t got;

	do
		got = waitpid(pid, &status, 0);
	while (got < 0 && errno == EINTR);
	return got == pid ? status : -1;
}

/* Why there is no message. */
static int explain(const struct flt_expr_how *how, bool late, int status,
    struct flt_error *err)
{
	int sig = status != -1 && WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (late)
		return flt_fail(err, -EXO_EBUDGET,
		    "libpcap was not done with it after %u s" ADVICE,
		    how->wall);
	if (sig == SIGXCPU || sig == SIGKILL)
		return flt_fail(err, -EXO_EBUDGET,
		    "libpcap needs more than %u s of processor time "
		    "for it" ADVICE,
		    how->cpu);
	if (sig == SIGSEGV || sig == SIGBUS)
		return flt_fail(err, -EXO_EBUDGET,
		    "libpcap needs more than %u MiB of stack for it" ADVICE,
		    STACK_MAX >> 20);
	if (sig == SIGINT || sig == SIGTERM)
		return flt_fail(
		    err, -EXO_EBUDGET, "its compilation was interrupted");
	return flt_fail(err, -EXO_EBUDGET,
	    "libpcap did not survive it (signal %d)" ADVICE, sig);
}

static int collect(const struct flt_expr_how *how, pid_t pid, int fd,
    struct flt_cbpf **out, uint32_t *n, struct flt_error *err)
{
	struct message m = { 0, 0 };
	struct reader r = { .fd = fd };
	bool complete;
	int status;

	clock_gettime(CLOCK_MONOTONIC, &r.until);
	r.until.tv_sec += (time_t)how->wall;
	complete = receive(&r, &m, out, err);
	close(fd);
	if (!complete && r.late)
		kill(pid, SIGKILL);
	status = await(pid);
	if (!complete)
		return explain(how, r.late, status, err);
	if (m.ret == -EXO_EBUDGET)
		return flt_fail(err, m.ret,
		    "libpcap ran out of memory for it (it may have %u MiB, "
		    "and has limits of its own)" ADVICE,
		    (unsigned)(how->memory >> 20));
	*n = m.n;
	return m.ret;
}

int flt_expr_child(const struct flt_expr_how *how, const char *expr,
    uint32_t linktype, unsigned flags, struct flt_cbpf **out, uint32_t *n,
    struct flt_error *err)
{
	int fd[2];
	pid_t pid;

	*out = NULL;
	*n = 0;
	if (pipe2(fd, O_CLOEXEC) != 0)
		return flt_fail(
		    err, -EXO_ENOMEM, "no pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0)
		child(how, expr, linktype, flags, fd[1]);
	close(fd[1]);
	if (pid > 0)
		return collect(how, pid, fd[0], out, n, err);
	close(fd[0]);
	return flt_fail(err, -EXO_ENOMEM, "no process: %s", strerror(errno));
}
