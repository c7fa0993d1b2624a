/* SPDX-License-Identifier: BSD-2-Clause */
/* QEMU as a process of ours: see boot_guest.h. */
#include "exo/hosted/boot_guest.h"

#include "exo/hosted/boot.h"
#include "exo/hosted/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define HIGH \
	10 /* no descriptor that is handed over has a number from here on */

/* What the child needs, all of it at HIGH or above. */
struct handed {
	int null, console, archive, wire, failed;
	pid_t parent;
};

/* In the child, between fork and exec: system calls only. */
static _Noreturn void become(char *const *argv, const struct handed *h)
{
	sigset_t none;
	int err;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != h->parent)
		_exit(127);
	setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(h->null, STDIN_FILENO) >= 0 &&
	    dup2(h->console, STDOUT_FILENO) >= 0 &&
	    (h->archive < 0 || dup2(h->archive, BOOT_FD_ARCHIVE) >= 0) &&
	    (h->wire < 0 || dup2(h->wire, BOOT_FD_WIRE) >= 0))
		execvp(argv[0], argv);
	err = errno;
	(void)!write(h->failed, &err, sizeof(err));
	_exit(127);
}

/* A copy of fd out of the way, if there is one. False: it fails. */
static bool high(int fd, int *out)
{
	*out = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, HIGH);
	return fd < 0 || *out >= 0;
}

static void close_all(const int *fd, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

/* Whether the child became what it was to be: errno, or 0. */
static int became(int failed)
{
	int err = 0;
	ssize_t n;

	do
		n = read(failed, &err, sizeof(err));
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(err) ? err : 0;
}

static int complain(const char *what, int err)
{
	if (err == ENOENT)
		cmd_say("%s: there is no such program; on Debian it is in the "
		        "package qemu-system-x86, or say --qemu PATH",
		    what);
	else
		cmd_say("%s: %s", what, strerror(err));
	return CMD_FAULT;
}

int boot_guest_start(
    struct boot_guest *g, char *const *argv, int archive, int wire)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int out[2] = { -1, -1 }, word[2] = { -1, -1 }, err = 0;
	struct handed h = { .null = -1,
		.console = -1,
		.archive = -1,
		.wire = -1,
		.failed = -1,
		.parent = getpid() };

	*g = (struct boot_guest){ .pid = -1, .console = -1 };
	if (null < 0 || pipe2(out, O_CLOEXEC) != 0 ||
	    pipe2(word, O_CLOEXEC) != 0 || !high(null, &h.null) ||
	    !high(out[1], &h.console) || !high(archive, &h.archive) ||
	    !high(wire, &h.wire) || !high(word[1], &h.failed))
		err = errno;
	if (err == 0) {
		g->pid = fork();
		if (g->pid == 0)
			become(argv, &h);
		err = g->pid < 0 ? errno : 0;
	}
	close_all((const int[]){ null, out[1], word[1], h.null, h.console,
	              h.archive, h.wire, h.failed },
	    8);
	if (err == 0) {
		err = became(word[0]);
		if (err != 0)
			(void)boot_guest_wait(g);
	}
	close_all(&word[0], 1);
	if (err != 0) {
		close_all(&out[0], 1);
		return complain(argv[0], err);
	}
	g->console = out[0];
	return 0;
}

void boot_guest_kill(const struct boot_guest *g)
{
	kill(g->pid, SIGKILL);
}

int boot_guest_wait(struct boot_guest *g)
{
	int status = 0;

	while (waitpid(g->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

int boot_guest_verdict(int status)
{
	if (WIFSIGNALED(status)) {
		cmd_say("QEMU was ended by signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
		return CMD_NO;
	}
	switch (WEXITSTATUS(status)) {
	case 33:
		return CMD_YES;
	case 35:
		cmd_say("the kernel failed, or an environment did not end as "
		        "it should");
		break;
	case 0:
		cmd_say("the machine ended without a word of the kernel: a "
		        "triple fault, a reset, or somebody ended QEMU");
		break;
	case 1:
		cmd_say("QEMU failed");
		break;
	default:
		cmd_say("QEMU ended with status %d, which means nothing here",
		    WEXITSTATUS(status));
	}
	return CMD_NO;
}
