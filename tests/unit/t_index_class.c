/* SPDX-License-Identifier: BSD-2-Clause */
/* Plain packets: what the index says of them without parsing is what sp_parse()
 * says. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "exo/core/index_int.h"
#include "tests/support/index_gen.h"

static uint32_t seen_of[IX_CLASSES];

/* All fields of a packet, by its class and by the parser. */
static void same(const struct sp_packet *p)
{
	struct sp_view v;
	uint64_t has, common;
	uint8_t cls;

	ck_assert_uint_eq(ix_classify(p, 1, &cls, &has, &common), 1u << cls);
	seen_of[cls]++;
	if (cls == IX_PARSED)
		return;
	sp_parse(p, &v);
	ck_assert_uint_eq(has, v.has);
	ck_assert_uint_eq(common, v.has);
	ck_assert_uint_eq(ix_class_least(cls) & ~has, 0);
	ck_assert_uint_eq(has & ~ix_class_most(cls), 0);
	ck_assert_uint_le(ix_class_bytes(cls), p->caplen);
	for (uint32_t f = 0; f < SP_FIELDS; f++)
		if ((has & SP_BIT(f)) != 0)
			ck_assert_uint_eq(ix_class_value(cls, p, f), v.v[f]);
}

/* Made packets, each cut at every length, in memory of that length. */
START_TEST(as_the_parser_says)
{
	struct ig_chance c = { .state = 4711 };
	uint8_t b[IG_BYTES];
	struct sp_packet p;

	for (uint32_t i = 0; i < 3000; i++) {
		uint32_t whole;

		ig_packet(&c, b, &p);
		whole = p.caplen;
		same(&p);
		for (uint32_t n = 0; i % 8 == 0 && n <= whole; n++) {
			uint8_t *cut = malloc(n != 0 ? n : 1);

			ck_assert_ptr_nonnull(cut);
			memcpy(cut, b, n);
			p.data = cut;
			p.caplen = n;
			same(&p);
			free(cut);
		}
	}
	for (uint32_t k = 0; k < IX_CLASSES; k++)
		ck_assert_uint_gt(seen_of[k], 20);
}
END_TEST

/* Every byte of the headers of plain packets, with every value. */
START_TEST(every_byte)
{
	struct ig_chance c = { .state = 12 };
	uint8_t b[IG_BYTES], cls = IX_PARSED;
	struct sp_packet p;
	uint64_t has, common;

	while (cls != (uint8_t)_i) {
		ig_packet(&c, b, &p);
		(void)ix_classify(&p, 1, &cls, &has, &common);
	}
	for (uint32_t i = 0; i < p.caplen; i++) {
		uint8_t was = b[i];

		for (uint32_t v = 0; v < 256; v++) {
			b[i] = (uint8_t)v;
			same(&p);
		}
		b[i] = was;
	}
}
END_TEST

Suite *t_index_class_suite(void)
{
	Suite *s = suite_create("index_class");
	TCase *t = tcase_create("index_class");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, as_the_parser_says);
	tcase_add_loop_test(t, every_byte, 0, IX_PLAIN);
	suite_add_tcase(s, t);
	return s;
}
