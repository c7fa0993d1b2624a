/* SPDX-License-Identifier: BSD-2-Clause */
/* The platform under the unit tests: see plat_test.h. */
#include "tests/support/plat_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "exo/abi/err.h"
#include "exo/hosted/code_mem.h"
#include "exo/lib/bug.h"
#include "tests/support/oom.h"

/* Stands before each block and keeps it aligned to 64. */
struct block {
	uint64_t magic;
	size_t size;
	uint8_t pad[48];
};

#define MAGIC      UINT64_C(0x706c61745f746573)
#define FRESH_BYTE 0xa5
#define DEAD_BYTE  0x5a
#define TICK_NS    1000

_Static_assert(sizeof(struct block) == 64, "a block must stay aligned");

static struct {
	uint64_t live, blocks;
	uint64_t clock;
	uint64_t random;
	bool no_entropy;
	int (*in)(struct plat_env *, void *, uint64_t, uint64_t);
	int (*out)(struct plat_env *, uint64_t, const void *, uint64_t);
} plat = { .random = 1 };

void *plat_alloc(size_t size)
{
	struct block *b;
	void *p;

	if (test_oom_fails() || size > SIZE_MAX - sizeof(*b) ||
	    posix_memalign(&p, 64, sizeof(*b) + size) != 0)
		return NULL;
	b = p;
	memset(b, 0, sizeof(*b));
	b->magic = MAGIC;
	b->size = size;
	memset(b + 1, FRESH_BYTE, size);
	plat.live += size;
	plat.blocks++;
	return b + 1;
}

void plat_free(void *p, size_t size)
{
	struct block *b = p;

	if (p == NULL)
		return;
	b--;
	if (b->magic != MAGIC)
		exo_bug("plat_free() of what plat_alloc() never gave");
	if (b->size != size)
		exo_bug("plat_free() with another size than plat_alloc()");
	plat.live -= size;
	plat.blocks--;
	b->magic = 0;
	memset(p, DEAD_BYTE, size);
	free(b);
}

/* Code counts as memory of its size. */
const void *plat_code_install(const void *code, size_t size)
{
	const void *p = test_oom_fails() ? NULL : code_mem_install(code, size);

	if (p != NULL) {
		plat.live += size;
		plat.blocks++;
	}
	return p;
}

void plat_code_remove(const void *code, size_t size)
{
	if (code == NULL)
		return;
	code_mem_remove(code, size);
	plat.live -= size;
	plat.blocks--;
}

uint64_t plat_clock_ns(void)
{
	plat.clock += TICK_NS;
	return plat.clock;
}

/* S. Vigna's splitmix64: any seed will do, 0 included. */
static uint64_t next_random(void)
{
	uint64_t z = (plat.random += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

int plat_random(void *p, size_t n)
{
	uint8_t *to = p;
	size_t i;

	if (plat.no_entropy)
		return -EXO_ENOENTROPY;
	for (i = 0; i < n; i++)
		to[i] = (uint8_t)next_random();
	return 0;
}

/* The n bytes at an environment's address, or NULL. */
static void *space(struct plat_env *env, uint64_t at, size_t n)
{
	uint64_t off;

	if (env == NULL)
		return (void *)(uintptr_t)at;
	off = at - env->start;
	if (at < env->start || n > env->size || off > env->size - n)
		return NULL;
	return env->base + off;
}

int plat_copy_in(struct plat_env *env, void *to, uint64_t from, size_t n)
{
	const void *p;

	if (plat.in != NULL)
		return plat.in(env, to, from, n);
	p = space(env, from, n);
	if (p == NULL)
		return -EXO_EINVAL;
	memcpy(to, p, n);
	return 0;
}

int plat_copy_out(struct plat_env *env, uint64_t to, const void *from, size_t n)
{
	void *p;

	if (plat.out != NULL)
		return plat.out(env, to, from, n);
	p = space(env, to, n);
	if (p == NULL)
		return -EXO_EINVAL;
	memcpy(p, from, n);
	return 0;
}

void plat_notify(struct plat_env *env)
{
	if (env == NULL)
		return;
	env->notified++;
	if (env->on_notify != NULL)
		env->on_notify(env->arg);
}

void plat_print(struct plat_env *env, const char *line, uint32_t n)
{
	if (env == NULL || n >= sizeof(env->line))
		return;
	env->lines++;
	memcpy(env->line, line, (size_t)n + 1);
}

_Noreturn void plat_panic(const char *file, int line, const char *why)
{
	fprintf(stderr, "panic: %s:%d: %s\n", file, line, why);
	abort();
}

void plat_test_reset(uint64_t seed)
{
	plat.random = seed;
	plat.clock = 0;
	plat.no_entropy = false;
}

void plat_test_copies(int (*in)(struct plat_env *, void *, uint64_t, uint64_t),
    int (*out)(struct plat_env *, uint64_t, const void *, uint64_t))
{
	plat.in = in;
	plat.out = out;
}

uint64_t plat_test_live(void)
{
	return plat.live;
}

uint64_t plat_test_blocks(void)
{
	return plat.blocks;
}

void plat_test_check_leaks(void)
{
	ck_assert_msg(plat.blocks == 0, "%llu blocks (%llu bytes) leak",
	    (unsigned long long)plat.blocks, (unsigned long long)plat.live);
}

void plat_test_no_entropy(bool none)
{
	plat.no_entropy = none;
}

void plat_test_clock(uint64_t ns)
{
	plat.clock = ns;
}
