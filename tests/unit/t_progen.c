/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tests/support/progen.c makes gets to what there is: every helper does
 * its work on every map that it takes, and fails where it can; tail calls find
 * every program, or none. The verifier's judge looks on.
 */
#include <check.h>
#include <string.h>

#include "tests/support/oracle.h"
#include "tests/support/reach.h"

#define SEED  1u
#define BATCH 2000u
#define MOST  40000u /* programs, until all is reached */

/* Rows that cannot be: an array's elements stay, what is no program's for the
 * caller's type is not found. */
static bool cannot_do(const char *name)
{
	static const char *const never[] = { "map_delete_elem array#",
		"map_delete_elem percpu_array#", "tail_call slot 0",
		"tail_call slot 8", "tail_call slot 9" };
	unsigned i;

	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		if (strncmp(name, never[i], strlen(never[i])) == 0)
			return true;
	}
	return false;
}

static bool can_fail(const char *name)
{
	static const char *const may[] = { "map_", "tail_call prog_array",
		"ringbuf_reserve", "ringbuf_output", "perf_event_output",
		"skb_store_bytes", "skb_load_bytes", "xdp_adjust",
		"tail_call slot 0", "tail_call slot 8", "tail_call slot 9",
		"callback" };
	unsigned i;

	for (i = 0; i < sizeof(may) / sizeof(may[0]); i++) {
		if (strncmp(name, may[i], strlen(may[i])) == 0)
			return true;
	}
	return false;
}

/* The first row that was not reached, or where what cannot be was, or NULL. */
static const char *missing(char name[48])
{
	uint64_t did, failed;
	unsigned i;

	for (i = 0; reach_row(i, name, &did, &failed); i++) {
		if ((did == 0) != cannot_do(name) ||
		    (failed == 0 && can_fail(name)))
			return name;
	}
	return NULL;
}

START_TEST(t_all_is_reached)
{
	static struct oracle oracle;
	static struct progen_prog prog;
	static uint8_t bytes[PROGEN_BYTES + 8];
	const char *what = "all";
	char name[48];
	uint64_t i;

	for (i = 0; i < MOST && what != NULL; i++) {
		size_t size = progen_bytes(bytes, SEED, i);
		size_t used = progen(
		    &prog, bytes, size > PROGEN_BYTES ? PROGEN_BYTES : size);

		ck_assert_msg(oracle_judge(&oracle, &prog, bytes + used,
		                  size - used) == ORACLE_FINE,
		    "program %u: %s", (unsigned)i, oracle.text);
		if ((i + 1) % BATCH == 0)
			what = missing(name);
	}
	ck_assert_msg(what == NULL, "never reached, or never to be: %s", what);
	ck_assert_uint_gt(oracle.accepted, oracle.programs / 4 * 3);
	oracle_free(&oracle);
}
END_TEST

START_TEST(t_kinds)
{
	static const uint32_t kinds[] = {
#define EXO_MAP_KIND(nr, NAME, text, can) nr,
#include "exo/abi/map.inc"
#undef EXO_MAP_KIND
	};
	unsigned i, map;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		for (map = 0; map < PROGEN_MAPS; map++) {
			if (progen_maps[map].kind == kinds[i])
				break;
		}
		ck_assert_msg(map < PROGEN_MAPS,
		    "no generated program has a map of kind %u", kinds[i]);
	}
}
END_TEST

Suite *t_progen_suite(void)
{
	Suite *s = suite_create("progen");
	TCase *c = tcase_create("reach");

	tcase_set_timeout(c, 300);
	tcase_add_test(c, t_kinds);
	tcase_add_test(c, t_all_is_reached);
	suite_add_tcase(s, c);
	return s;
}
