/* SPDX-License-Identifier: BSD-2-Clause */
/* Tags: both bodies against a loop. */
#include <check.h>
#include <string.h>

#include "exo/lib/bytes.h"
#include "exo/lib/tags.h"

static void both_are(const uint8_t *tag, uint8_t t)
{
	uint64_t a = exo_le64(tag), b = exo_le64(tag + 8);
	uint32_t want = 0;

	for (uint32_t i = 0; i < EXO_TAGS; i++)
		want |= (uint32_t)(tag[i] == t) << i;
	ck_assert_uint_eq(exo_tags_swar(a, b, t), want);
#ifdef __SSE2__
	ck_assert_uint_eq(exo_tags_vector(a, b, t), want);
#endif
	ck_assert_uint_eq(exo_tags_find(tag, t), want);
}

/* Every value of a tag against every value that is looked for, in each place,
 * among neighbours that are the same, and nearly so. */
START_TEST(every_pair)
{
	static const uint8_t near[] = { 0, 0x80, 1, 0xff };
	_Alignas(8) uint8_t tag[EXO_TAGS];

	for (uint32_t x = 0; x < 256; x++) {
		for (uint32_t t = 0; t < 256; t++) {
			memset(tag, (int)(t ^ near[x % 4]), sizeof(tag));
			tag[_i] = (uint8_t)x;
			both_are(tag, (uint8_t)t);
		}
	}
}
END_TEST

/* Every set of places. */
START_TEST(every_set)
{
	_Alignas(8) uint8_t tag[EXO_TAGS];

	for (uint32_t set = 0; set < 0x10000; set++) {
		uint8_t t = (uint8_t)(set * 37 >> 3);

		for (uint32_t i = 0; i < EXO_TAGS; i++)
			tag[i] = (uint8_t)(t ^ ((set >> i & 1) != 0
			                               ? 0
			                               : 1 << (set + i) % 8));
		both_are(tag, t);
	}
}
END_TEST

Suite *t_tags_suite(void)
{
	Suite *s = suite_create("tags");
	TCase *t = tcase_create("tags");

	tcase_add_loop_test(t, every_pair, 0, EXO_TAGS);
	tcase_add_test(t, every_set);
	suite_add_tcase(s, t);
	return s;
}
