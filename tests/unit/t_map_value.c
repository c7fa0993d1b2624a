/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes of maps as JSON, by fields that may say anything of them. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/hosted/map_value.h"

/* A map named m: its key, then a value of 8 bytes with parts. */
#define PART(o, b, c, k, d)                                                  \
	{                                                                    \
		.off = (o), .bits = (b), .count = (c), .of = 2, .kind = (k), \
		.depth = (d), .name = 2                                      \
	}
static const struct exo_image_field fields[] = {
	{ .name = 0 },
	{ .of = 1, .kind = EXO_FIELD_SIGNED, .depth = 1, .bits = 16 },
	PART(0, 64, 0, EXO_FIELD_STRUCT, 1),
	PART(0, 8, 2, EXO_FIELD_UNSIGNED, 2),
	PART(20, 4, 0, EXO_FIELD_SIGNED, 2),
	PART(23, 1, 0, EXO_FIELD_BOOL, 2),
	PART(24, 8, 2, EXO_FIELD_CHAR, 2),
	PART(40, 16, 1, EXO_FIELD_STRUCT, 2),
	PART(0, 8, 0, EXO_FIELD_CHAR, 3),
	PART(8, 8, 0, EXO_FIELD_BYTES, 3),
	/* what is not inside its parent */
	PART(8, 16, 0, EXO_FIELD_BYTES, 3),
	PART(UINT32_MAX, 8, 0, EXO_FIELD_UNSIGNED, 3),
	PART(0, 8, UINT32_MAX, EXO_FIELD_UNSIGNED, 3),
	PART(0, 0, UINT32_MAX, EXO_FIELD_UNSIGNED, 3),
	PART(60, 8, 0, EXO_FIELD_UNSIGNED, 2),
	PART(0, UINT32_MAX, UINT32_MAX, EXO_FIELD_UNSIGNED, 2),
};

static char *as_json(const struct exo_image *img, uint32_t map,
    enum exo_field_of of, const uint8_t *bytes, uint32_t n)
{
	static char text[2048];
	FILE *f = fmemopen(text, sizeof(text), "w");

	ck_assert_ptr_nonnull(f);
	cmd_map_value(f, img, cmd_map_root(img, map, of), bytes, n);
	ck_assert_int_eq(fclose(f), 0);
	return text;
}

START_TEST(what_maps_hold)
{
	static const uint8_t v[8] = { 1, 200, 0x9f, 'a', '"', 0x80, 0xfe, 7 };
	const struct exo_image img = { .fields = fields,
		.nfields = sizeof(fields) / sizeof(fields[0]),
		.texts = "m\0a",
		.texts_len = 4 };

	ck_assert_str_eq(cmd_map_name(&img, 0), "m");
	ck_assert_ptr_null(cmd_map_name(&img, 1));
	ck_assert_str_eq(as_json(&img, 0, EXO_FIELD_KEY, v + 1, 2), "-24632");
	/* too short for what is said of it */
	ck_assert_str_eq(as_json(&img, 0, EXO_FIELD_KEY, v, 1), "null");
	ck_assert_str_eq(as_json(&img, 0, EXO_FIELD_VALUE, v, 7), "null");
	ck_assert_str_eq(as_json(&img, 1, EXO_FIELD_VALUE, v, 3), "\"01c89f\"");
	ck_assert_str_eq(as_json(&img, 0, EXO_FIELD_VALUE, v, 8),
	    "{\"a\":[1,200],\"a\":-7,\"a\":true,\"a\":\"a\\\"\","
	    "\"a\":[{\"a\":-128,\"a\":\"fe\",\"a\":null,\"a\":null,"
	    "\"a\":null,\"a\":null}],\"a\":null,\"a\":null}");
}
END_TEST

/* A structure of one bit, 2,048 times, and each bit is a thousand parts: not all
 * of them are written. */
START_TEST(what_maps_hold_is_bounded)
{
	static struct exo_image_field many[1002];
	static const uint8_t v[256];
	const struct exo_image img = {
		.fields = many, .nfields = 1002, .texts = "m\0a", .texts_len = 4
	};
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	many[1] = (struct exo_image_field)PART(0, 1, 2048, EXO_FIELD_STRUCT, 1);
	for (uint32_t i = 2; i < 1002; i++)
		many[i] = (struct exo_image_field)PART(
		    0, 1, 0, EXO_FIELD_UNSIGNED, 2);
	ck_assert_ptr_nonnull(f);
	cmd_map_value(
	    f, &img, cmd_map_root(&img, 0, EXO_FIELD_VALUE), v, sizeof(v));
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_uint_gt(n, CMD_MAP_PARTS);
	ck_assert_uint_lt(n, 8 * CMD_MAP_PARTS);
	free(text);
}
END_TEST

Suite *t_map_value_suite(void)
{
	Suite *s = suite_create("map_value");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, what_maps_hold);
	tcase_add_test(tc, what_maps_hold_is_bounded);
	suite_add_tcase(s, tc);
	return s;
}
