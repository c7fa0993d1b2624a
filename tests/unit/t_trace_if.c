/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of exo/hosted/trace_if.c: the interface table. */
#include "exo/hosted/trace_int.h"

#include <check.h>

Suite *t_trace_if_suite(void);

/* Entries stay where they are, copies of what was given. */
START_TEST(entries_stay)
{
	struct tr_iftab *t = tr_iftab_new();
	const struct tr_iface *where[1000];
	struct tr_error err;
	uint8_t bytes[8] = "abcdefg";

	for (uint32_t i = 0; i < 1000; i++) {
		struct tr_iface f = { .linktype = (uint16_t)i,
			.opts = { bytes, i % 8, false },
			.section = { bytes, i / 500 * 4, true } };

		bytes[0] = (uint8_t)i;
		ck_assert_int_eq(tr_iftab_add(t, &f, &err), i);
		where[i] = tr_iftab_at(t, i);
	}
	for (uint32_t i = 0; i < 1000; i++) {
		ck_assert_ptr_eq(tr_iftab_at(t, i), where[i]);
		ck_assert_uint_eq(where[i]->id, i);
		ck_assert_uint_eq(where[i]->linktype, i);
		if (i % 8 != 0)
			ck_assert_uint_eq(where[i]->opts.p[0], (uint8_t)i);
		else
			ck_assert_ptr_null(where[i]->opts.p);
		ck_assert_uint_eq(where[i]->section.len, i / 500 * 4);
	}
	ck_assert_uint_eq(tr_iftab_count(t), 1000);
	ck_assert_ptr_null(tr_iftab_at(t, 1000));
	tr_iftab_free(t);
}
END_TEST

START_TEST(bounded)
{
	struct tr_iftab *t = tr_iftab_new();
	struct tr_iface f = { .file = "x.pcapng",
		.opts = { (const uint8_t *)"", 300U << 20, false } };
	struct tr_error err = { 0 };

	ck_assert_int_eq(tr_iftab_add(t, &f, &err), -TR_EMEM);
	ck_assert_int_eq(err.code, TR_EMEM);
	f.section = f.opts;
	f.opts.len = 0;
	ck_assert_int_eq(tr_iftab_add(t, &f, &err), -TR_EMEM);
	ck_assert_uint_eq(tr_iftab_count(t), 0);
	tr_iftab_free(t);
	tr_iftab_free(NULL);
}
END_TEST

Suite *t_trace_if_suite(void)
{
	Suite *s = suite_create("trace_if");
	TCase *t = tcase_create("if");

	tcase_add_test(t, entries_stay);
	tcase_add_test(t, bounded);
	suite_add_tcase(s, t);
	return s;
}
