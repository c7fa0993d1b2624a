/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that fails on demand: see oom.h. */
#include "tests/support/oom.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "tests/support/plat_test.h"

/* More than any test makes; a loop that goes on past it would never end. */
#define LOOP_MAX 1000000u

void *__real_malloc(size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t max);
void __wrap_free(void *p);

static struct {
	bool armed;
	bool onwards;
	uint64_t seen;
	uint64_t fail; /* the allocation that fails; 0: none */
	void **live;   /* blocks since armed, in no order */
	size_t n, room;
} oom;

bool test_oom_fails(void)
{
	if (!oom.armed)
		return false;
	oom.seen++;
	return oom.fail != 0 &&
	       (oom.seen == oom.fail || (oom.onwards && oom.seen > oom.fail));
}

void test_oom_arm(uint64_t n, bool onwards)
{
	oom.armed = true;
	oom.onwards = onwards;
	oom.seen = 0;
	oom.fail = n;
	oom.n = 0;
}

uint64_t test_oom_disarm(void)
{
	oom.armed = false;
	return oom.seen;
}

size_t test_oom_live(void)
{
	return oom.n;
}

/* Remember a new block, so that its free() can be told from a stranger's. */
static void *born(void *p)
{
	if (p == NULL || !oom.armed)
		return p;
	if (oom.n == oom.room) {
		size_t room = oom.room == 0 ? 1024 : oom.room * 2;
		void **live = __real_realloc(oom.live, room * sizeof(*live));

		if (live == NULL)
			abort();
		oom.live = live;
		oom.room = room;
	}
	oom.live[oom.n++] = p;
	return p;
}

/* Newest first: most blocks die young. */
static void dead(const void *p)
{
	size_t i = oom.n;

	while (i-- > 0) {
		if (oom.live[i] == p) {
			oom.live[i] = oom.live[--oom.n];
			return;
		}
	}
}

static void *no_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

void *__wrap_malloc(size_t size)
{
	return test_oom_fails() ? no_memory() : born(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
	size_t bytes;
	void *p;

	if (test_oom_fails() || __builtin_mul_overflow(n, size, &bytes))
		return no_memory();
	p = __real_malloc(bytes);
	if (p != NULL)
		memset(p, 0, bytes);
	return born(p);
}

void *__wrap_realloc(void *p, size_t size)
{
	uintptr_t was = (uintptr_t)p;
	void *q;

	if (test_oom_fails())
		return no_memory();
	q = __real_realloc(p, size);
	if (q != NULL || size == 0)
		dead((const void *)was);
	return born(q);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return no_memory();
	return __wrap_realloc(p, bytes);
}

char *__wrap_strndup(const char *s, size_t max)
{
	size_t len = strnlen(s, max);
	char *copy = __wrap_malloc(len + 1);

	if (copy != NULL) {
		memcpy(copy, s, len);
		copy[len] = '\0';
	}
	return copy;
}

char *__wrap_strdup(const char *s)
{
	return __wrap_strndup(s, SIZE_MAX - 1);
}

void __wrap_free(void *p)
{
	if (p != NULL)
		dead(p);
	__real_free(p);
}

/* One run of fn with allocation n failing. True when n was reached. */
static bool one_run(int (*fn)(void *), void *arg, uint64_t n, bool onwards)
{
	uint64_t before = plat_test_live();
	uint64_t seen;
	size_t left;
	int r;

	test_oom_arm(n, onwards);
	r = fn(arg);
	seen = test_oom_disarm();
	left = test_oom_live();
	ck_assert_msg(
	    seen >= n || r == 0, "error %d although no allocation failed", r);
	ck_assert_msg(left == 0, "allocation %llu failed: %zu blocks leak",
	    (unsigned long long)n, left);
	ck_assert_msg(plat_test_live() == before,
	    "allocation %llu failed: %lld bytes of plat_alloc() leak",
	    (unsigned long long)n, (long long)(plat_test_live() - before));
	return seen >= n;
}

uint64_t test_oom_loop(int (*fn)(void *), void *arg)
{
	uint64_t n = 1;

	while (one_run(fn, arg, n, false)) {
		(void)one_run(fn, arg, n, true);
		n++;
		ck_assert_msg(n < LOOP_MAX, "no end after %llu allocations",
		    (unsigned long long)n);
	}
	ck_assert_msg(n > 1, "nothing was allocated, so nothing was tested");
	return n - 1;
}
