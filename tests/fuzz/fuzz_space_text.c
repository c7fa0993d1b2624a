/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as the text of a region.
 *
 * Input: the text; or, behind a first byte of 1, bytes that each choose one of
 * the pieces below, since random text is seldom a region.
 *
 * A refusal has a code and a place in the text. A region is printed, read and
 * printed again: the same. On points made of its own numbers it is the opposite
 * of `not (text)`. Steps and memory stay within the budget.
 */
#include <stdio.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/lib/bytes.h"
#include "exo/lib/fmt.h"
#include "tests/support/region_world.h"

#define STEPS      300000u
#define TEXT_ROOM  (4u << 20)
#define MEM_LIMIT  (256u << 20)
#define STEP_BYTES 512u /* of memory that one step may take */
#define POINTS     32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const pieces[] = {
	"and",
	"or",
	"not",
	"(",
	")",
	"&&",
	"||",
	"!",
	"=",
	"!=",
	"&",
	"<",
	"<=",
	">",
	">=",
	"/",
	"-",
	"in",
	"has",
	"no",
	"any",
	"none",
	"ip",
	"ip6",
	"arp",
	"tcp",
	"udp",
	"sctp",
	"icmp",
	"ah",
	"src",
	"dst",
	"host",
	"net",
	"port",
	"portrange",
	"proto",
	"vlan",
	"ether",
	"link",
	"greater",
	"less",
	"fragment",
	"sport",
	"dport",
	"ip.src",
	"ip6.dst2",
	"eth.src",
	"tcp.flags",
	"frag",
	"tags",
	"len",
	"tci0",
	"l4.4",
	"0",
	"1",
	"2",
	"3",
	"80",
	"0xff",
	"65535",
	"4096",
	"10.0.0.0",
	"10.0.0.1",
	"255.255.255.255",
	"2001:db8::",
	"::1",
	"00:1b:21:00:00:00",
	"8",
	"24",
	"32",
	"64",
	"128",
	"type",
#define SP_FIELD(id, name, bits, header, byte, form) name,
#include "exo/space/fields.inc"
#undef SP_FIELD
};
#define PIECES (sizeof(pieces) / sizeof(pieces[0]))

static char text[SP_TEXT_MAX + 64], first[TEXT_ROOM], second[TEXT_ROOM];

static _Noreturn void finding(const char *what)
{
	fprintf(stderr, "fuzz_space_text: %s\n", what);
	abort();
}

/* Read with so many steps; checks what holds for every answer. */
static int parse(struct region_world *t, uint64_t steps, const char *s,
    uint32_t n, struct sp_region *r)
{
	struct sp_text_error err;
	int rc;

	t->w.left = steps;
	rc = sp_text_parse(&t->w, s, n, r, &err);
	if (t->w.left > steps)
		finding("steps were given back");
	if (t->mem.peak > 65536 + STEP_BYTES * (steps - t->w.left))
		finding("memory that was not charged");
	if (rc == -EXO_EINVAL) {
		if (err.code == SP_TEXT_NONE ||
		    !exo_range_ok(err.at, err.len, n))
			finding("a refusal without a place");
		return rc;
	}
	if (err.code != SP_TEXT_NONE)
		finding("a code without a refusal");
	if (rc != 0 && rc != -EXO_EBUDGET && rc != -EXO_ENOMEM)
		finding("another error");
	return rc;
}

static int print(char *to, struct sp_region r)
{
	struct exo_fmt f;

	exo_fmt_init(&f, to, TEXT_ROOM);
	return sp_text_print(&f, r);
}

/* A point near the region's numbers. */
static void point(struct sp_view *v, struct sp_region r, uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	v->has = *seed ^ *seed >> 29;
	memset(v->v, 0, sizeof(v->v));
	for (uint32_t i = 0; i < r.n; i++) {
		for (uint32_t k = 0; k < r.v[i].n; k++) {
			const struct sp_atom *a = &r.v[i].a[k];
			uint64_t max = sp_max((enum sp_field)a->field);

			*seed = *seed * 6364136223846793005u + 1;
			if ((*seed >> 61) == 0)
				v->v[a->field] = a->lo;
			else if ((*seed >> 61) == 1)
				v->v[a->field] = a->hi;
			else if ((*seed >> 61) == 2)
				v->v[a->field] = (a->hi + 1) & max;
			else if ((*seed >> 61) == 3)
				v->v[a->field] = a->value ^ (*seed & max);
			if ((*seed >> 58 & 7) != 0 && !a->absent)
				v->has |= SP_BIT(a->field);
		}
	}
}

static void check_not(struct sp_region r, uint32_t n)
{
	struct region_world t;
	struct sp_region other;
	struct sp_view v;
	uint64_t seed = n;

	memmove(text + 5, text, n);
	memcpy(text, "not (", 5);
	text[n + 5] = ')';
	region_world_init(&t, NULL);
	t.mem.limit = MEM_LIMIT;
	if (parse(&t, STEPS, text, n + 6, &other) == 0) {
		for (int i = 0; i < POINTS; i++) {
			point(&v, i % 2 == 0 ? r : other, &seed);
			if (sp_region_has(r, &v) == sp_region_has(other, &v))
				finding("not is not the opposite");
		}
	}
	region_world_free(&t);
}

static void check(uint32_t n)
{
	struct region_world t, back;
	struct sp_region r, same;
	uint32_t len;

	region_world_init(&t, NULL);
	region_world_init(&back, NULL);
	t.mem.limit = MEM_LIMIT;
	if (parse(&t, STEPS, text, n, &r) != 0 || print(first, r) != 0 ||
	    strlen(first) > SP_TEXT_MAX)
		goto out;
	len = (uint32_t)strlen(first);
	if (parse(&back, 100 * STEPS, first, len, &same) != 0)
		finding("a print is refused");
	if (same.n != r.n || print(second, same) != 0 ||
	    strcmp(first, second) != 0)
		finding("a print changes when it is read");
	if (n + 6 <= SP_TEXT_MAX && r.n < 64)
		check_not(r, n);
out:
	region_world_free(&back);
	region_world_free(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t n = 0;

	if (size > 0 && data[0] == 1) {
		for (size_t i = 1; i < size && n < SP_TEXT_MAX - 32; i++)
			n += (uint32_t)sprintf(
			    text + n, "%s ", pieces[data[i] % PIECES]);
	} else {
		n = size < SP_TEXT_MAX + 1 ? (uint32_t)size : SP_TEXT_MAX + 1;
		if (n > 0)
			memcpy(text, data, n);
	}
	check(n);
	return 0;
}
