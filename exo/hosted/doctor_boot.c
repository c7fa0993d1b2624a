/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `exopf doctor` says of QEMU, by its own word. It may be any program: it has a
 * few seconds, one read is made of its output, and it is killed then.
 */
#include "exo/hosted/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define QEMU     "qemu-system-x86_64"
#define OLDEST   702u /* that boots the kernel: 7.2 (docs/boot.md) */
#define PATIENCE 5000 /* milliseconds */

/* Start `path --version`, with its output into out. Returns 0 or an errno. */
static int start(char *path, int out, pid_t *pid)
{
	char option[] = "--version", *argv[] = { path, option, NULL };
	posix_spawn_file_actions_t to;
	int err = posix_spawn_file_actions_init(&to);

	if (err != 0)
		return err;
	err = posix_spawn_file_actions_addopen(
	    &to, STDIN_FILENO, "/dev/null", O_RDWR, 0);
	if (err == 0)
		err = posix_spawn_file_actions_adddup2(&to, out, STDOUT_FILENO);
	if (err == 0)
		err = posix_spawn_file_actions_adddup2(
		    &to, STDIN_FILENO, STDERR_FILENO);
	if (err == 0)
		err = posix_spawn(pid, path, &to, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&to);
	return err;
}

/* What it says first, as text. Returns 0 or an errno. */
static int listen_to(char *path, char *text, size_t size)
{
	struct pollfd wait = { .events = POLLIN };
	ssize_t n = 0;
	pid_t pid;
	int fd[2], err;

	if (pipe2(fd, O_CLOEXEC) != 0)
		return errno;
	err = start(path, fd[1], &pid);
	close(fd[1]);
	if (err == 0) {
		wait.fd = fd[0];
		if (poll(&wait, 1, PATIENCE) > 0)
			n = read(fd[0], text, size - 1);
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
	close(fd[0]);
	text[n > 0 ? n : 0] = '\0';
	return err;
}

/* Its version where it is one; 0. *text is that of it, *n characters. */
static unsigned long version(const char **text, size_t *n)
{
	static const char says[] = "QEMU emulator version ";
	unsigned long major, minor = 0;
	char *end;

	if (strncmp(*text, says, sizeof(says) - 1) != 0)
		return 0;
	*text += sizeof(says) - 1;
	*n = strspn(*text, "0123456789.");
	major = strtoul(*text, &end, 10);
	if (*end == '.')
		minor = strtoul(end + 1, NULL, 10);
	return major > 1000 || minor > 99 ? 0 : major * 100 + minor;
}

void doctor_boot(struct findings *all)
{
	struct finding *f = doctor_add(all, "boot", QEMU, false);
	char where[sizeof(f->value)], said[256];
	const char *text = said;
	unsigned long is;
	size_t n = 0;
	int err;

	if (!doctor_in_path(QEMU, where, sizeof(where))) {
		snprintf(f->value, sizeof(f->value),
		    "missing: apt-get install qemu-system-x86");
		return;
	}
	err = listen_to(where, said, sizeof(said));
	is = err == 0 ? version(&text, &n) : 0;
	f->ok = is >= OLDEST;
	if (err != 0)
		snprintf(f->value, sizeof(f->value), "%.100s: %.50s", where,
		    strerror(err));
	else if (is == 0)
		snprintf(f->value, sizeof(f->value),
		    "%.120s does not say its version", where);
	else
		snprintf(f->value, sizeof(f->value), "%.*s%s, %.110s",
		    (int)(n < 16 ? n : 16), text,
		    f->ok ? "" : ", older than 7.2", where);
}
