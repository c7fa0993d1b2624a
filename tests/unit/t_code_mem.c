/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Executable memory: nobody can write it, nothing lies round it, what is freed
 * does not run, whatever is installed and removed in whatever order.
 */
#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exo/hosted/code_mem.h"
#include "tests/unit/suites.h"

#define INT3 0xcc
#define PAGE 4096u

/* A line of /proc/self/maps. */
struct mapping {
	uintptr_t from, to;
	char may[8];
	char name[256];
};

static bool next_mapping(FILE *f, struct mapping *m)
{
	char line[512];

	if (fgets(line, sizeof(line), f) == NULL)
		return false;
	m->name[0] = '\0';
	ck_assert_int_ge(sscanf(line, "%lx-%lx %7s %*s %*s %*s %255s", &m->from,
	                     &m->to, m->may, m->name),
	    3);
	return true;
}

static struct mapping mapping_of(const void *p)
{
	FILE *f = fopen("/proc/self/maps", "r");
	struct mapping m;

	ck_assert_ptr_nonnull(f);
	while (next_mapping(f, &m)) {
		if ((uintptr_t)p >= m.from && (uintptr_t)p < m.to) {
			fclose(f);
			return m;
		}
	}
	ck_abort_msg("there is no memory at %p", p);
}

/* Nothing is writable and executable, and code nowhere writable. */
static void check_maps(const void *code)
{
	FILE *f = fopen("/proc/self/maps", "r");
	struct mapping m;

	ck_assert_ptr_nonnull(f);
	while (next_mapping(f, &m)) {
		bool w = strchr(m.may, 'w') != NULL;
		bool x = strchr(m.may, 'x') != NULL;

		ck_assert_msg(!w || !x, "%s: %s", m.name, m.may);
		ck_assert_msg(!w || strstr(m.name, "exopf-code") == NULL,
		    "%s: %s", m.name, m.may);
	}
	fclose(f);
	m = mapping_of(code);
	ck_assert_int_eq(strncmp(m.may, "r-x", 3), 0);
}

static void read_it(volatile uint8_t *p)
{
	(void)*p;
}

static void write_it(volatile uint8_t *p)
{
	*p = INT3;
}

static void run_it(volatile uint8_t *p)
{
	((void (*)(void))(uintptr_t)p)();
}

/* Does a child die of doing this? */
static bool dies(void (*what)(volatile uint8_t *), const void *p)
{
	pid_t pid;
	int status;

	fflush(NULL);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		signal(SIGTRAP, SIG_DFL);
		what((volatile uint8_t *)(uintptr_t)p);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) || WEXITSTATUS(status) != 0;
}

/* mov $n, %eax; ret, and INT3 up to a size. */
static uint8_t *function(uint32_t n, size_t size)
{
	uint8_t *p = malloc(size);

	ck_assert_ptr_nonnull(p);
	memset(p, INT3, size);
	p[0] = 0xb8;
	memcpy(p + 1, &n, sizeof(n));
	p[5] = 0xc3;
	return p;
}

static const uint8_t *install(uint32_t n, size_t size)
{
	uint8_t *bytes = function(n, size);
	const uint8_t *code = code_mem_install(bytes, size);

	ck_assert_ptr_nonnull(code);
	ck_assert_int_eq(memcmp(code, bytes, size), 0);
	free(bytes);
	return code;
}

static uint32_t call(const uint8_t *code)
{
	return ((uint32_t(*)(void))(uintptr_t)code)();
}

/* What must hold of one installed code. */
static void check_code(const uint8_t *code, uint32_t n)
{
	struct mapping m = mapping_of(code);

	ck_assert_uint_eq(call(code), n);
	check_maps(code);
	ck_assert(dies(write_it, code));
	ck_assert(dies(read_it, (const void *)(m.from - 1)));
	ck_assert(dies(read_it, (const void *)m.to));
	ck_assert(!dies(read_it, code));
}

START_TEST(t_shared)
{
	const uint8_t *a = install(1, 100), *b = install(2, 100);
	size_t rest = mapping_of(b).to - (uintptr_t)b, i;

	check_code(a, 1);
	check_code(b, 2);
	for (i = 100; i < rest; i++)
		ck_assert_uint_eq(b[i], INT3); /* was never used */
	code_mem_remove(a, 100);
	ck_assert_uint_eq(a[0], INT3);
	ck_assert_uint_eq(a[99], INT3);
	ck_assert(dies(run_it, a));
	ck_assert_uint_eq(call(b), 2);
	code_mem_remove(b, 100);
}
END_TEST

/* Where there are no memfd's: pages of its own, for what finds no room. */
START_TEST(t_alone)
{
	const size_t size = (4u << 20) + 5;
	const uint8_t *a;

	code_mem_no_memfd(true);
	a = install(7, size);
	check_code(a, 7);
	ck_assert_str_eq(mapping_of(a).name, "");
	ck_assert_uint_eq(a[size], INT3);
	code_mem_remove(a, size);
	ck_assert(dies(read_it, a));
	code_mem_no_memfd(false);
}
END_TEST

START_TEST(t_edges)
{
	const uint8_t *a;
	size_t size;

	ck_assert_ptr_null(code_mem_install("", 0));
	ck_assert_ptr_null(code_mem_install("", ((size_t)1 << 30) + 1));
	code_mem_remove(NULL, 0);
	for (size = 6; size < 200; size++) {
		a = install((uint32_t)size, size);
		ck_assert_uint_eq((uintptr_t)a % 16, 0);
		ck_assert_uint_eq(call(a), size);
		code_mem_remove(a, size);
	}
	/* larger than what chunks begin with */
	a = install(3, 3u << 20);
	check_code(a, 3);
	code_mem_remove(a, 3u << 20);
}
END_TEST

#define LIVE 64u

/* mov eax, v; ret */
static const void *number(uint32_t v)
{
	uint8_t code[6] = { 0xb8, (uint8_t)v, (uint8_t)(v >> 8), 0, 0, 0xc3 };

	return code_mem_install(code, sizeof(code));
}

static int result_of(const void *code)
{
	int (*fn)(void) = (int (*)(void))(uintptr_t)code;

	return fn();
}

/* What parent and child do to code after a fork is their own matter. */
static void forks(bool copies)
{
	const void *first = number(1), *second = number(2), *more;
	int go[2], done[2], status;
	uint8_t byte = 0;
	pid_t pid;

	ck_assert(pipe(go) == 0 && pipe(done) == 0);
	code_mem_no_memfd(!copies);
	pid = fork();
	code_mem_no_memfd(false);
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		bool right;

		code_mem_remove(second, 6);
		more = number(77);
		right =
		    write(done[1], &byte, 1) == 1 && read(go[0], &byte, 1) == 1;
		_exit(right && result_of(first) == 1 && result_of(more) == 77
		          ? 0
		          : 1);
	}
	ck_assert(read(done[0], &byte, 1) == 1);
	ck_assert_int_eq(result_of(second), 2);
	code_mem_remove(first, 6);
	more = number(99);
	ck_assert_int_eq(result_of(more), 99);
	ck_assert(write(go[1], &byte, 1) == 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_int_eq(result_of(second), 2);
	code_mem_remove(second, 6);
	code_mem_remove(more, 6);
	close(go[0]);
	close(go[1]);
	close(done[0]);
	close(done[1]);
}

START_TEST(t_forks)
{
	forks(true);
	forks(false); /* there is no memory for a copy, or no descriptor */
	forks(true);
}
END_TEST

/* Close what code is written through. */
static void close_code(void)
{
	char path[32], to[64];
	int fd, closed = 0;

	for (fd = 3; fd < 256; fd++) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, to, sizeof(to) - 1);
		to[n < 0 ? 0 : n] = '\0';
		if (strstr(to, "exopf-code") != NULL)
			closed += close(fd) == 0;
	}
	ck_assert_int_gt(closed, 0);
}

/* A descriptor that somebody closed is another file's: not written to. */
START_TEST(t_closed)
{
	char name[] = "/tmp/t_code_mem.XXXXXX", bytes[8];
	const void *first = number(1), *more;
	int fd;

	close_code();
	fd = mkstemp(name);
	ck_assert_int_ge(fd, 0);
	unlink(name);
	more = number(2);
	ck_assert_int_eq(result_of(first), 1);
	ck_assert_int_eq(result_of(more), 2);
	code_mem_remove(first, 6);
	code_mem_remove(more, 6);
	ck_assert_int_eq(pread(fd, bytes, sizeof(bytes), 0), 0);
	close(fd);
}
END_TEST

START_TEST(t_any_order)
{
	struct {
		const uint8_t *code;
		size_t size;
		uint32_t n;
	} live[LIVE] = { 0 };
	uint32_t i, k, rnd = 1;

	for (i = 1; i < 4000; i++) {
		rnd = rnd * 1664525 + 1013904223;
		k = rnd >> 20 & (LIVE - 1);
		if (live[k].code != NULL) {
			ck_assert_uint_eq(call(live[k].code), live[k].n);
			code_mem_remove(live[k].code, live[k].size);
			live[k].code = NULL;
			continue;
		}
		live[k].size = 6 + (rnd >> 8) % (i % 50 == 0 ? 300000 : 5000);
		live[k].n = i;
		live[k].code = install(i, live[k].size);
	}
	for (k = 0; k < LIVE; k++) {
		if (live[k].code == NULL)
			continue;
		ck_assert_uint_eq(call(live[k].code), live[k].n);
		code_mem_remove(live[k].code, live[k].size);
	}
}
END_TEST

Suite *t_code_mem_suite(void)
{
	Suite *s = suite_create("code_mem");
	TCase *tc = tcase_create("memory");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, t_shared);
	tcase_add_test(tc, t_alone);
	tcase_add_test(tc, t_edges);
	tcase_add_test(tc, t_any_order);
	tcase_add_test(tc, t_forks);
	tcase_add_test(tc, t_closed);
	suite_add_tcase(s, tc);
	return s;
}
