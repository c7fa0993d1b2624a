/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes of a file (or of memory) as they are stored, signals minded. */
#include "exo/hosted/trace_int.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int tr_raw_open(struct tr_raw *raw, const char *path)
{
	struct stat st;

	if (strcmp(path, "-") == 0) {
		raw->fd = STDIN_FILENO;
		raw->own = false;
	} else {
		do {
			raw->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		} while (raw->fd < 0 && errno == EINTR &&
		         (raw->stop == NULL || !*raw->stop));
		raw->own = true;
	}
	if (raw->fd < 0 || fstat(raw->fd, &st) != 0) {
		raw->sys = errno;
		tr_raw_close(raw);
		return -TR_EOPEN;
	}
	if (S_ISDIR(st.st_mode)) {
		raw->sys = EISDIR;
		tr_raw_close(raw);
		return -TR_EOPEN;
	}
	if (S_ISREG(st.st_mode))
		(void)posix_fadvise(raw->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return 0;
}

void tr_raw_close(struct tr_raw *raw)
{
	if (raw->own && raw->fd >= 0)
		(void)close(raw->fd);
	raw->fd = -1;
	raw->own = false;
}

static ptrdiff_t raw_from_memory(struct tr_raw *raw, uint8_t *to, size_t cap)
{
	size_t n = raw->mem_len < cap ? raw->mem_len : cap;

	if (n == 0)
		return 0;
	memcpy(to, raw->mem, n);
	raw->mem += n;
	raw->mem_len -= n;
	raw->taken += n;
	return (ptrdiff_t)n;
}

ptrdiff_t tr_raw_read(struct tr_raw *raw, uint8_t *to, size_t cap)
{
	ssize_t n;

	for (;;) {
		if (raw->stop != NULL &&
		    __atomic_load_n(raw->stop, __ATOMIC_RELAXED) != 0)
			return -TR_ESTOP;
		if (raw->fd < 0)
			return raw_from_memory(raw, to, cap);
		n = read(raw->fd, to, cap);
		if (n >= 0) {
			raw->taken += (uint64_t)n;
			return n;
		}
		if (errno != EINTR) {
			raw->sys = errno;
			return -TR_EREAD;
		}
		if (raw->awake != NULL)
			raw->awake(raw->user);
	}
}
