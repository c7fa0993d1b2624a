/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Regions as text: the case files, every refusal, texts printed and read again,
 * budgets, memory that runs out, addresses against inet_pton().
 */
#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/lib/bytes.h"
#include "exo/lib/fmt.h"
#include "tests/support/region_case.h"
#include "tests/support/region_world.h"

#define TEXT_ROOM (1u << 20)

static struct region_case cases[REGION_CASES];
static unsigned ncases;
static char printed[TEXT_ROOM], again[TEXT_ROOM];

static const struct {
	const char *name;
	uint32_t code;
} codes[] = {
#define SP_TEXT_ERROR(number, name, what, advice) \
	{ "SP_TEXT_" #name, SP_TEXT_##name },
#include "exo/space/text_errors.inc"
#undef SP_TEXT_ERROR
};
#define NCODES (sizeof(codes) / sizeof(codes[0]))

static void load(void)
{
	ncases = region_case_load(cases);
}

static uint32_t code_named(const char *name)
{
	for (size_t i = 0; i < NCODES; i++)
		if (strcmp(codes[i].name, name) == 0)
			return codes[i].code;
	ck_abort_msg("there is no %s", name);
	return 0;
}

static const char *name_of(uint32_t code)
{
	for (size_t i = 0; i < NCODES; i++)
		if (codes[i].code == code)
			return codes[i].name;
	return "none";
}

/* Read a text that must be a region. */
static struct sp_region parse(struct region_world *t, const char *text)
{
	struct sp_text_error err;
	struct sp_region r;
	int rc = sp_text_parse(&t->w, text, (uint32_t)strlen(text), &r, &err);

	ck_assert_msg(rc == 0, "\"%.200s\": %d, %s at %u", text, rc,
	    name_of(err.code), err.at);
	ck_assert_uint_eq(err.code, SP_TEXT_NONE);
	return r;
}

static void print(char *to, struct sp_region r)
{
	struct exo_fmt f;

	exo_fmt_init(&f, to, TEXT_ROOM);
	ck_assert_int_eq(sp_text_print(&f, r), 0);
}

static int by_order(const void *a, const void *b)
{
	return sp_cube_order(a, b);
}

/* The cubes of both, sorted, are the same atom for atom. */
static void same_cubes(struct sp_region a, struct sp_region b)
{
	struct sp_cube *x = malloc((a.n + 1) * sizeof(*x));
	struct sp_cube *y = malloc((b.n + 1) * sizeof(*y));

	ck_assert_uint_eq(a.n, b.n);
	for (uint32_t i = 0; i < a.n; i++) {
		x[i] = a.v[i];
		y[i] = b.v[i];
	}
	qsort(x, a.n, sizeof(*x), by_order);
	qsort(y, b.n, sizeof(*y), by_order);
	for (uint32_t i = 0; i < a.n; i++) {
		ck_assert_uint_eq(x[i].n, y[i].n);
		for (uint32_t k = 0; k < x[i].n; k++) {
			ck_assert_uint_eq(x[i].a[k].field, y[i].a[k].field);
			ck_assert(x[i].a[k].absent == y[i].a[k].absent);
			ck_assert_uint_eq(x[i].a[k].mask, y[i].a[k].mask);
			ck_assert_uint_eq(x[i].a[k].value, y[i].a[k].value);
			ck_assert_uint_eq(x[i].a[k].lo, y[i].a[k].lo);
			ck_assert_uint_eq(x[i].a[k].hi, y[i].a[k].hi);
		}
	}
	free(x);
	free(y);
}

/* What is printed is read as the same cubes, and printed alike. */
static void there_and_back(struct region_world *t, struct sp_region r)
{
	struct sp_region back;

	print(printed, r);
	back = parse(t, printed);
	same_cubes(r, back);
	print(again, back);
	ck_assert_str_eq(printed, again);
}

START_TEST(words_mean_what_the_cases_say)
{
	unsigned n = 0;

	for (unsigned i = 0; i < ncases; i++) {
		const struct region_case *c = &cases[i];
		struct region_world t;
		struct sp_region r, same;

		if (c->refused[0] != '\0')
			continue;
		n++;
		region_world_init(&t, NULL);
		r = parse(&t, c->text);
		there_and_back(&t, r);
		ck_assert_msg((c->means[0] != '\0') != (c->same[0] != '\0'),
		    "%s:%u: means or same", c->file, c->line);
		ck_assert_msg(
		    c->means[0] == '\0' || strcmp(c->means, printed) == 0,
		    "%s:%u: it means %s", c->file, c->line, printed);
		if (c->same[0] != '\0') {
			same = parse(&t, c->same);
			ck_assert_msg(sp_inside(&t.w, r, same, NULL) == 1 &&
			                  sp_inside(&t.w, same, r, NULL) == 1,
			    "%s:%u: it means %s", c->file, c->line, printed);
		}
		region_world_free(&t);
	}
	ck_assert_uint_gt(n, 100);
}
END_TEST

static void check_refused(const struct region_case *c)
{
	uint32_t len = (uint32_t)strlen(c->text), n = (uint32_t)strlen(c->at);
	struct sp_region r = { NULL, 77 };
	struct sp_text_error err;
	struct region_world t;
	int rc;

	region_world_init(&t, NULL);
	rc = sp_text_parse(&t.w, c->text, len, &r, &err);
	ck_assert_msg(
	    rc == -EXO_EINVAL, "%s:%u: it is a region", c->file, c->line);
	ck_assert_uint_eq(r.n, 77);
	ck_assert_msg(err.code == code_named(c->refused), "%s:%u: it is %s",
	    c->file, c->line, name_of(err.code));
	ck_assert_msg(exo_range_ok(err.at, err.len, len) && err.len == n &&
	                  memcmp(c->text + err.at, c->at, n) == 0,
	    "%s:%u: it is about byte %u, %u long", c->file, c->line, err.at,
	    err.len);
	ck_assert_msg(
	    n > 0 || err.at == len, "%s:%u: not the end", c->file, c->line);
	ck_assert_msg(
	    c->near[0] != '\0', "%s:%u: no near miss", c->file, c->line);
	there_and_back(&t, parse(&t, c->near));
	region_world_free(&t);
}

START_TEST(refusals_say_why_and_where)
{
	bool seen[NCODES] = { false };

	for (unsigned i = 0; i < ncases; i++) {
		if (cases[i].refused[0] == '\0')
			continue;
		check_refused(&cases[i]);
		for (size_t k = 0; k < NCODES; k++)
			seen[k] |= strcmp(cases[i].refused, codes[k].name) == 0;
	}
	for (size_t k = 0; k < NCODES; k++)
		ck_assert_msg(seen[k] || codes[k].code == SP_TEXT_TOO_LONG ||
		                  codes[k].code == SP_TEXT_TOO_DEEP,
		    "no case earns %s", codes[k].name);
}
END_TEST

static int parse_n(struct region_world *t, const char *text, uint32_t n,
    struct sp_text_error *err)
{
	struct sp_region r;

	return sp_text_parse(&t->w, text, n, &r, err);
}

START_TEST(long_texts_are_refused)
{
	char *text = malloc(SP_TEXT_MAX + 1);
	struct sp_text_error err;
	struct region_world t;

	region_world_init(&t, NULL);
	memset(text, ' ', SP_TEXT_MAX + 1);
	ck_assert_int_eq(parse_n(&t, text, 9, &err), -EXO_EINVAL);
	ck_assert_uint_eq(err.code, SP_TEXT_EMPTY);
	ck_assert_int_eq(parse_n(&t, NULL, 0, &err), -EXO_EINVAL);
	ck_assert_uint_eq(err.code, SP_TEXT_EMPTY);
	memcpy(text, "tcp", 3);
	ck_assert_int_eq(parse_n(&t, text, SP_TEXT_MAX, &err), 0);
	ck_assert_int_eq(parse_n(&t, text, SP_TEXT_MAX + 1, &err), -EXO_EINVAL);
	ck_assert_uint_eq(err.code, SP_TEXT_TOO_LONG);
	/* a text ends where it ends: no byte behind it is read */
	ck_assert_int_eq(parse_n(&t, "tcp = ", 3, &err), 0);
	ck_assert_int_eq(parse_n(&t, "tcp\0and", 7, &err), -EXO_EINVAL);
	ck_assert_uint_eq(err.code, SP_TEXT_CHAR);
	ck_assert_uint_eq(err.at, 3);
	free(text);
	region_world_free(&t);
}
END_TEST

START_TEST(deep_texts_are_refused)
{
	char text[2 * SP_TEXT_DEPTH + 8];
	struct sp_text_error err;
	struct region_world t;

	region_world_init(&t, NULL);
	for (uint32_t n = SP_TEXT_DEPTH; n <= SP_TEXT_DEPTH + 1; n++) {
		memset(text, '(', n);
		memcpy(text + n, "tcp", 3);
		memset(text + n + 3, ')', n);
		ck_assert_int_eq(parse_n(&t, text, 2 * n + 3, &err),
		    n == SP_TEXT_DEPTH ? 0 : -EXO_EINVAL);
	}
	ck_assert_uint_eq(err.code, SP_TEXT_TOO_DEEP);
	ck_assert_uint_eq(err.at, SP_TEXT_DEPTH);
	/* one beside another is not deep */
	ck_assert_int_eq(parse_n(&t, "(((tcp)) or ((udp)))", 20, &err), 0);
	region_world_free(&t);
}
END_TEST

static uint64_t seed = 20261129;

static uint64_t dice(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return n == 0 ? seed : seed % n;
}

/* A tidy atom of any kind. */
static struct sp_atom any_atom(enum sp_field f)
{
	uint64_t max = sp_max(f);
	struct sp_atom a;

	do {
		uint64_t lo = dice(0) & max, hi = dice(0) & max;

		a = sp_present(f);
		if (dice(3) == 0)
			a = sp_between(f, lo < hi ? lo : hi, lo < hi ? hi : lo);
		if (dice(3) == 0)
			a = sp_is(f, lo);
		if (dice(3) == 0) {
			a.mask = dice(0) & max;
			a.mask &= dice(2) == 0 ? max << dice(20) : max;
			a.value = (dice(2) == 0 ? a.lo : dice(0)) & a.mask;
		}
		if (dice(8) == 0)
			a = sp_absent(f);
	} while (!sp_tidy(&a, max));
	return a;
}

START_TEST(random_regions_come_back)
{
	for (unsigned round = 0; round < 3000; round++) {
		uint32_t n = (uint32_t)dice(9), k = 0;
		struct sp_region r, one;
		struct region_world t;

		region_world_init(&t, NULL);
		r = (struct sp_region){ NULL, 0 };
		while (k++ < n) {
			struct sp_atom a[SP_FIELDS];
			uint32_t m = 0, most = (uint32_t)dice(20);

			for (uint32_t f = 0; f < SP_FIELDS; f++)
				if (dice(SP_FIELDS) < most)
					a[m++] = any_atom((enum sp_field)f);
			ck_assert_int_eq(sp_conj(&t.w, a, m, &one), 0);
			ck_assert_uint_eq(one.n, 1);
			if (dice(4) == 0) /* one twice */
				ck_assert_int_eq(sp_or(&t.w, r, one, &r), 0);
			ck_assert_int_eq(sp_or(&t.w, r, one, &r), 0);
		}
		there_and_back(&t, r);
		region_world_free(&t);
	}
}
END_TEST

/* Every atom of a field of two bits. */
START_TEST(all_small_atoms_come_back)
{
	struct region_world t;
	struct sp_region r;
	unsigned n = 0;

	region_world_init(&t, NULL);
	for (uint32_t i = 0; i < 256; i++) {
		struct sp_atom a = sp_between(SP_FRAG, i & 3, i >> 2 & 3);

		a.mask = i >> 4 & 3;
		a.value = i >> 6 & a.mask;
		if (!sp_tidy(&a, 3))
			continue;
		n++;
		ck_assert_int_eq(sp_conj(&t.w, &a, 1, &r), 0);
		there_and_back(&t, r);
	}
	ck_assert_uint_gt(n, 20);
	region_world_free(&t);
}
END_TEST

static const char many[] =
    "(udp dst port 53 and dst host 10.0.0.0/8) or not (tcp or vlan) or "
    "(sport != 80 and (ip or ip6) and (src net ::/0 or len in 60-1500))";

START_TEST(a_budget_is_kept)
{
	struct sp_text_error err;
	struct region_world t;
	int rc = -EXO_EBUDGET;
	uint64_t left;

	for (left = 0; rc == -EXO_EBUDGET; left++) {
		region_world_init(&t, NULL);
		t.w.left = left;
		rc = parse_n(&t, many, sizeof(many) - 1, &err);
		ck_assert(rc == 0 || rc == -EXO_EBUDGET);
		ck_assert_uint_eq(err.code, SP_TEXT_NONE);
		ck_assert_uint_le(t.w.left, left);
		region_world_free(&t);
	}
	ck_assert_int_eq(rc, 0);
	ck_assert_uint_gt(left, sizeof(many));
}
END_TEST

/* `left` allocations succeed, those after them do not. */
static void *get_some(void *ctx, size_t size)
{
	int *left = ctx;

	return (*left)-- > 0 ? malloc(size) : NULL;
}

static void put_back(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	free(p);
}

START_TEST(memory_may_run_out)
{
	int rc = -EXO_ENOMEM, n;
	struct sp_text_error err;

	for (n = 0; rc == -EXO_ENOMEM; n++) {
		int left = n;
		struct exo_mem m = {
			.get = get_some, .put = put_back, .ctx = &left
		};
		struct region_world t;

		region_world_init(&t, NULL);
		exo_arena_init(&t.arena, &m);
		rc = parse_n(&t, many, sizeof(many) - 1, &err);
		ck_assert(rc == 0 || rc == -EXO_ENOMEM);
		ck_assert_uint_eq(err.code, SP_TEXT_NONE);
		region_world_free(&t);
		ck_assert_uint_eq(m.used, 0);
	}
	ck_assert_int_eq(rc, 0);
	ck_assert_int_gt(n, 1);
}
END_TEST

/* Repeat a part up to SP_TEXT_MAX bytes. */
static uint32_t repeat(char *text, const char *part, const char *between)
{
	uint32_t n = 0;

	while (n + strlen(between) + strlen(part) <= SP_TEXT_MAX) {
		n += (uint32_t)sprintf(
		    text + n, "%s%s", n == 0 ? "" : between, part);
	}
	return n;
}

START_TEST(long_unions_and_conjunctions_are_cheap)
{
	static const char *const parts[][2] = {
		{ "sport = 80", " or " },
		{ "tcp", "||" },
		{ "(ip.src = 10.0.0.1 and sport = 80)", " or " },
		{ "len > 0", " and " },
		{ "!tcp", "||" },
	};
	char *text = malloc(SP_TEXT_MAX + 8);
	uint64_t held = 0;

	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		uint32_t n = repeat(text, parts[i][0], parts[i][1]);
		struct sp_text_error err;
		struct region_world t;

		region_world_init(&t, &held);
		ck_assert_int_eq(parse_n(&t, text, n, &err), 0);
		ck_assert_uint_lt(10000000 - t.w.left, 40 * n);
		ck_assert_uint_lt(held, 256 * n);
		region_world_free(&t);
	}
	free(text);
}
END_TEST

/* 2^32 cubes, of which none is in another. */
START_TEST(bombs_end_in_a_budget)
{
	static const char *const parts[][2] = {
		{ "(", "or" },
		{ "not (", "and" },
	};
	char text[4096];
	struct sp_text_error err;

	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct region_world t;
		uint64_t held = 0;
		uint32_t n = 0;

		for (uint32_t bit = 1; bit != 0; bit <<= 1) {
			n += (uint32_t)sprintf(text + n,
			    "%s %sl4.4 & %u = %u %s l4.8 & %u = %u)",
			    n == 0 ? "" : " and", parts[i][0], bit, bit,
			    parts[i][1], bit, bit);
		}
		region_world_init(&t, &held);
		t.w.left = 1000000;
		ck_assert_int_eq(parse_n(&t, text, n, &err), -EXO_EBUDGET);
		ck_assert_uint_lt(held, 400u << 20);
		region_world_free(&t);
		ck_assert_uint_eq(held, 0);
	}
}
END_TEST

static int answer; /* of the universe below */

static int inhabited(struct sp_work *w, const struct sp_cube *c)
{
	(void)w;
	return c->n > 1 ? answer : 1;
}

START_TEST(the_universe_is_asked)
{
	const struct sp_universe u = { region_world_max, inhabited };
	struct sp_text_error err;
	struct region_world t;

	region_world_init(&t, NULL);
	t.w.of = &u;
	answer = 0;
	ck_assert_uint_eq(parse(&t, "arp and tcp").n, 0);
	ck_assert_uint_eq(parse(&t, "(arp and tcp) or udp").n, 1);
	answer = -EXO_EBUDGET;
	ck_assert_int_eq(parse_n(&t, "arp and tcp", 11, &err), -EXO_EBUDGET);
	ck_assert_uint_eq(err.code, SP_TEXT_NONE);
	region_world_free(&t);
}
END_TEST

START_TEST(a_print_never_overflows)
{
	struct region_world t;
	struct sp_region r;
	struct exo_fmt f;
	size_t len;

	region_world_init(&t, NULL);
	r = parse(&t, many);
	print(printed, r);
	len = strlen(printed);
	for (size_t size = 1; size <= len + 1; size++) {
		memset(again, 'x', len + 2);
		exo_fmt_init(&f, again, size);
		ck_assert_int_eq(
		    sp_text_print(&f, r), size <= len ? -EXO_E2BIG : 0);
		ck_assert_int_eq(again[size], 'x');
		ck_assert_mem_eq(again, printed, strlen(again));
	}
	region_world_free(&t);
}
END_TEST

START_TEST(what_was_meant_is_told)
{
	static const struct {
		const char *text, *meant;
	} v[] = {
		{ "dst host 10.1.2.3/8", "10.0.0.0/8" },
		{ "net 10.1.2.3/0", "0.0.0.0/0" },
		{ "net 2001:db8:1::/32", "2001:db8::/32" },
		{ "net 2001:db8::123:2:3:4/72", "2001:db8:0:0:100::/72" },
		{ "net 1:2:3:4:5:6:7:8/127", "" },
		{ "net 1:2:3:4:5:6:7:9/127", "1:2:3:4:5:6:7:8/127" },
		{ "net 1:2:3:4:5:6:7:9/112", "1:2:3:4:5:6:7:0/112" },
		{ "net ffff::1/0", "::/0" },
		{ "ip.src = 10.1.2.3/24", "10.1.2.0/24" },
		{ "eth.dst = 00:1b:21:3c:9d:f8/24", "00:1b:21:00:00:00/24" },
		{ "sport = 81/12", "80/12" },
		{ "tci0 = 0x2fff/4", "0x2000/4" },
	};

	for (unsigned i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		uint32_t n = (uint32_t)strlen(v[i].text);
		struct sp_text_error err;
		struct region_world t;
		struct exo_fmt f;
		int rc;

		region_world_init(&t, NULL);
		rc = parse_n(&t, v[i].text, n, &err);
		if (v[i].meant[0] == '\0') {
			ck_assert_int_eq(rc, 0);
		} else {
			ck_assert_int_eq(rc, -EXO_EINVAL);
			ck_assert_uint_eq(err.code, SP_TEXT_HOST_BITS);
			exo_fmt_init(&f, printed, TEXT_ROOM);
			sp_text_prefix(&f, &err);
			ck_assert_str_eq(printed, v[i].meant);
		}
		region_world_free(&t);
	}
}
END_TEST

/* A text like an address, right more often than not. */
static void like_address(char *s)
{
	static const char *const parts[] = { "::", ":", ".", "0", "1", "ff",
		"255", "256", "12ab", "1.2.3.4", "00", "10000", "g" };
	unsigned groups = 1 + (unsigned)dice(9), n = 0;

	if (dice(3) == 0)
		n += (unsigned)sprintf(s, "::");
	for (unsigned i = 0; i < groups; i++) {
		n += (unsigned)sprintf(
		    s + n, "%x", (unsigned)(dice(0) >> (48 + dice(16))));
		if (i + 1 < groups)
			n += (unsigned)sprintf(
			    s + n, "%s", dice(6) == 0 ? "::" : ":");
	}
	if (dice(5) == 0)
		n += (unsigned)sprintf(s + n, "%s", dice(2) == 0 ? "::" : ":");
	if (dice(4) == 0)
		n += (unsigned)sprintf(s + n, ":%u.%u.%u.%u",
		    (unsigned)dice(260), (unsigned)dice(256),
		    (unsigned)dice(256), (unsigned)dice(256));
	for (unsigned k = (unsigned)dice(8); k >= 6; k--)
		strcpy(s + dice(n + 1), parts[dice(13)]);
}

static void compare_address(const char *s, unsigned *right)
{
	struct sp_text_error err;
	struct region_world t;
	char text[256];
	uint8_t b[16];
	bool six = strchr(s, ':') != NULL, good;
	uint32_t n = (uint32_t)sprintf(text, "src host %s", s);
	struct sp_region r;
	int rc;

	good = inet_pton(six ? AF_INET6 : AF_INET, s, b) == 1;
	region_world_init(&t, NULL);
	rc = sp_text_parse(&t.w, text, n, &r, &err);
	ck_assert_msg((rc == 0) == good, "%s: %d", s, rc);
	if (good && six) {
		ck_assert_uint_eq(
		    r.v->a[0].value, __builtin_bswap64(exo_le64(b)));
		ck_assert_uint_eq(
		    r.v->a[1].value, __builtin_bswap64(exo_le64(b + 8)));
	} else if (good) {
		ck_assert_uint_eq(r.v->a[0].value, exo_be32(b));
	}
	*right += good;
	region_world_free(&t);
}

START_TEST(addresses_are_those_of_inet_pton)
{
	unsigned right = 0;
	char s[256];

	for (unsigned i = 0; i < 40000; i++) {
		like_address(s);
		compare_address(s, &right);
		sprintf(s, "%u.%u.%u.%u", (unsigned)dice(300),
		    (unsigned)dice(256), (unsigned)dice(12),
		    (unsigned)dice(1000));
		compare_address(s, &right);
	}
	ck_assert_uint_gt(right, 2000);
}
END_TEST

Suite *t_space_text_suite(void)
{
	Suite *s = suite_create("space_text");
	TCase *t = tcase_create("space_text");

	tcase_add_unchecked_fixture(t, load, NULL);
	tcase_add_test(t, words_mean_what_the_cases_say);
	tcase_add_test(t, refusals_say_why_and_where);
	tcase_add_test(t, long_texts_are_refused);
	tcase_add_test(t, deep_texts_are_refused);
	tcase_add_test(t, random_regions_come_back);
	tcase_add_test(t, all_small_atoms_come_back);
	tcase_add_test(t, a_budget_is_kept);
	tcase_add_test(t, memory_may_run_out);
	tcase_add_test(t, long_unions_and_conjunctions_are_cheap);
	tcase_add_test(t, bombs_end_in_a_budget);
	tcase_add_test(t, the_universe_is_asked);
	tcase_add_test(t, a_print_never_overflows);
	tcase_add_test(t, what_was_meant_is_told);
	tcase_add_test(t, addresses_are_those_of_inet_pton);
	suite_add_tcase(s, t);
	return s;
}
