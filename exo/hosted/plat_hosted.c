/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The port to a Linux process.
 *
 * Addresses: a libOS shares our address space, so what it may read and write
 * is what the process may. The copies go through the system's own check of
 * user addresses (process_vm_readv on ourselves), so a wild pointer is an
 * error and no crash.
 */
#include "exo/hosted/plat_hosted.h"

#include "exo/abi/err.h"
#include "exo/hosted/code_mem.h"
#include "exo/lib/bug.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define ALIGN 64u

void *plat_alloc(size_t size)
{
	if (size == 0 || size > SIZE_MAX - ALIGN)
		return NULL;
	return aligned_alloc(ALIGN, (size + ALIGN - 1) / ALIGN * ALIGN);
}

void plat_free(void *p, size_t size)
{
	(void)size;
	free(p);
}

const void *plat_code_install(const void *code, size_t size)
{
	return code_mem_install(code, size);
}

void plat_code_remove(const void *code, size_t size)
{
	code_mem_remove(code, size);
}

uint64_t plat_clock_ns(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) != 0)
		exo_bug("the system has no monotonic clock");
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

int plat_random(void *p, size_t n)
{
	uint8_t *to = p;
	ssize_t got;

	while (n > 0) {
		got = getrandom(to, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -EXO_ENOENTROPY;
		to += got;
		n -= (size_t)got;
	}
	return 0;
}

/* An address as the system's vectors want it: they point to what is written
 * and to what is only read alike. */
static struct iovec span(uintptr_t at, size_t n)
{
	struct iovec v = { .iov_len = n };

	memcpy(&v.iov_base, &at, sizeof(at));
	return v;
}

/*
 * Copy between two places of this process, either of which may be bad.
 * A sandbox may forbid the call altogether; then the addresses are believed,
 * which is no worse than what a libOS in our process could do anyway.
 */
static int copy(uintptr_t to, uintptr_t from, size_t n)
{
	struct iovec dst = span(to, n), src = span(from, n);
	ssize_t got;

	if (n == 0)
		return 0;
	if (to == 0 || from == 0)
		return -EXO_EINVAL;
	got = process_vm_readv(getpid(), &dst, 1, &src, 1, 0);
	if (got < 0 && (errno == ENOSYS || errno == EPERM)) {
		memcpy(dst.iov_base, src.iov_base, n);
		return 0;
	}
	return got >= 0 && (size_t)got == n ? 0 : -EXO_EINVAL;
}

int plat_copy_in(struct plat_env *env, void *to, uint64_t from, size_t n)
{
	(void)env;
	return copy((uintptr_t)to, (uintptr_t)from, n);
}

int plat_copy_out(struct plat_env *env, uint64_t to, const void *from, size_t n)
{
	(void)env;
	return copy((uintptr_t)to, (uintptr_t)from, n);
}

void plat_notify(struct plat_env *env)
{
	if (env != NULL && env->packets != NULL)
		env->packets(env->user);
}

_Noreturn void plat_panic(const char *file, int line, const char *why)
{
	fprintf(stderr,
	    "exopf: internal error at %s:%d: %s\n"
	    "exopf: this is a mistake of ours; please report it with the "
	    "input\n",
	    file, line, why);
	abort();
}
