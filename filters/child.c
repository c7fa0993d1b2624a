/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes for work that may go wrong: see child.h. */
#include "filters/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exo/abi/err.h"
#include "filters/filters_int.h"

#define PIPE_FD 3

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
	char text[32] = "";
	unsigned long pages;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f == NULL)
		return 0;
	if (fgets(text, sizeof(text), f) == NULL)
		text[0] = '\0';
	fclose(f);
	pages = strtoul(text, NULL, 10);
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

bool flt_child_put(const void *bytes, size_t n)
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

static _Noreturn void child(const struct flt_child_limits *limits,
    void (*work)(void *arg), void *arg, int fd)
{
	seclude(fd);
	limit(RLIMIT_CORE, 0, 0);
	limit(RLIMIT_CPU, limits->cpu, limits->cpu + 1u);
	limit(RLIMIT_STACK, FLT_CHILD_STACK, RLIM_INFINITY);
	limit(RLIMIT_AS, address_space() + limits->memory, RLIM_INFINITY);
	work(arg);
	_exit(0);
}

/* --- the parent --------------------------------------------------------------- */

int flt_child_start(struct flt_child *c, const struct flt_child_limits *limits,
    void (*work)(void *arg), void *arg, struct flt_error *err)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) != 0)
		return flt_fail(
		    err, -EXO_ENOMEM, "no pipe: %s", strerror(errno));
	*c = (struct flt_child){ .pid = fork(), .fd = fd[0] };
	if (c->pid == 0)
		child(limits, work, arg, fd[1]);
	(void)close(fd[1]);
	clock_gettime(CLOCK_MONOTONIC, &c->until);
	c->until.tv_sec += (time_t)limits->wall;
	if (c->pid > 0)
		return 0;
	(void)close(fd[0]);
	return flt_fail(err, -EXO_ENOMEM, "no process: %s", strerror(errno));
}

/* Milliseconds to the deadline; 0: it is over. */
static int left(const struct flt_child *c)
{
	struct timespec now;
	int64_t ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (int64_t)(c->until.tv_sec - now.tv_sec) * 1000 +
	     (c->until.tv_nsec - now.tv_nsec) / 1000000;
	return ms > 0 ? (int)ms : 0;
}

bool flt_child_get(struct flt_child *c, void *to, size_t n)
{
	char *p = to;

	while (n != 0) {
		struct pollfd pfd = { c->fd, POLLIN, 0 };
		int ms = left(c);
		ssize_t got;

		c->late = ms == 0;
		if (c->late)
			return false;
		if (poll(&pfd, 1, ms) <= 0)
			continue;
		got = read(c->fd, p, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
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

int flt_child_end(struct flt_child *c, bool complete)
{
	int status;

	(void)close(c->fd);
	if (!complete && c->late)
		(void)kill(c->pid, SIGKILL);
	status = await(c->pid);
	return status != -1 && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}
