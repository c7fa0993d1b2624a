/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The port to a Linux process.
 *
 * Addresses: a libOS shares our address space, so what it may read and write
 * is what the process may. The copies go through the system's own check of
 * user addresses (process_vm_readv on ourselves), so a wild pointer is an
 * error and no crash; but not those of a libOS that is a part of the tool.
 *
 * Memory: the arenas of the core take a few chunks for each BIND and give them
 * back. The last ones of each of their sizes are kept for the next, 480 KiB
 * at most, which the C library would join to their neighbours and cut out anew.
 * Any thread may take or leave one: a slot is exchanged, never looked into.
 */
#include "exo/hosted/plat_hosted.h"

#include "exo/abi/err.h"
#include "exo/hosted/code_mem.h"
#include "exo/lib/bug.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define ALIGN 64u

/* Sizes from SPARE_MIN, doubling; so many of each are kept. */
#define SPARE_MIN   8192u
#define SPARE_SIZES 4u
#define SPARE_EACH  4u
#define SPARE_BYTES (((SPARE_MIN << SPARE_SIZES) - SPARE_MIN) * SPARE_EACH)

_Static_assert(SPARE_BYTES == 480u << 10, "what the header of this file says");

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCHED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define WATCHED 1
#endif

/* The slots for a size, or NULL. None when memory is watched: what was given
 * back must not be touched. */
static _Atomic(void *) *spare_of(size_t size)
{
#ifndef WATCHED
	static _Atomic(void *) spare[SPARE_SIZES][SPARE_EACH];

	for (unsigned i = 0; i < SPARE_SIZES; i++)
		if (size == (size_t)SPARE_MIN << i)
			return spare[i];
#endif
	(void)size;
	return NULL;
}

void *plat_alloc(size_t size)
{
	_Atomic(void *) *slot = spare_of(size);
	void *p = NULL;

	if (size == 0 || size > SIZE_MAX - ALIGN)
		return NULL;
	for (unsigned i = 0; slot != NULL && p == NULL && i < SPARE_EACH; i++)
		if (atomic_load_explicit(&slot[i], memory_order_relaxed) !=
		    NULL)
			p = atomic_exchange(&slot[i], NULL);
	if (p != NULL)
		return p;
	return aligned_alloc(ALIGN, (size + ALIGN - 1) / ALIGN * ALIGN);
}

void plat_free(void *p, size_t size)
{
	_Atomic(void *) *slot = spare_of(size);

	for (unsigned i = 0; slot != NULL && p != NULL && i < SPARE_EACH; i++)
		if (atomic_load_explicit(&slot[i], memory_order_relaxed) ==
		    NULL)
			p = atomic_exchange(&slot[i], p);
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
static int copy(
    const struct plat_env *env, uintptr_t to, uintptr_t from, size_t n)
{
	struct iovec dst = span(to, n), src = span(from, n);
	ssize_t got;

	if (n == 0)
		return 0;
	if (to == 0 || from == 0)
		return -EXO_EINVAL;
	if (env != NULL && env->ours) {
		memcpy(dst.iov_base, src.iov_base, n);
		return 0;
	}
	got = process_vm_readv(getpid(), &dst, 1, &src, 1, 0);
	if (got < 0 && (errno == ENOSYS || errno == EPERM)) {
		memcpy(dst.iov_base, src.iov_base, n);
		return 0;
	}
	return got >= 0 && (size_t)got == n ? 0 : -EXO_EINVAL;
}

int plat_copy_in(struct plat_env *env, void *to, uint64_t from, size_t n)
{
	return copy(env, (uintptr_t)to, (uintptr_t)from, n);
}

int plat_copy_out(struct plat_env *env, uint64_t to, const void *from, size_t n)
{
	return copy(env, (uintptr_t)to, (uintptr_t)from, n);
}

void plat_notify(struct plat_env *env)
{
	if (env != NULL && env->packets != NULL)
		env->packets(env->user);
}

void plat_print(struct plat_env *env, const char *line, uint32_t n)
{
	if (env != NULL && env->line != NULL)
		env->line(env->user, line, n);
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
