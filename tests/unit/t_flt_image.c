/* SPDX-License-Identifier: BSD-2-Clause */
/* The image writer, read back by the kernel's parser; the assembler on top. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/core/image.h"
#include "filters/filters.h"
#include "tests/support/oom.h"
#include "tests/unit/suites.h"

static const struct exo_insn two[] = { { 0xb4, 0, 0, 7 }, { 0x95, 0, 0, 0 } };

static struct flt_image img;
static struct flt_error err;

static void parse(struct exo_image *out)
{
	uint32_t bad = 12345;

	ck_assert_msg(exo_image_parse(img.bytes, img.size, out, &bad) == 0,
	    "wrong at byte %u", bad);
}

START_TEST(what_is_written_is_read)
{
	static const char *const names[] = { NULL, "n", "web",
		"64 characters 64 characters 64 characters 64 characters 64 "
		"chara",
		"seven77", "eight888" };
	static const char *const sources[] = { NULL, "", "tcp port 80",
		"\x01\xff any bytes", "eight888" };
	const char *name = names[_i % 6], *source = sources[_i / 6];
	struct exo_image out;

	ck_assert_int_eq(
	    flt_image_write(EXO_PROG_SOCKET, two, 2, name, source, &img, &err),
	    0);
	parse(&out);
	ck_assert_uint_eq(out.type, EXO_PROG_SOCKET);
	ck_assert_uint_eq(out.ninsns, 2);
	ck_assert_mem_eq(out.insns, two, sizeof(two));
	ck_assert_uint_eq(out.name_len, name != NULL ? strlen(name) : 0);
	if (name != NULL)
		ck_assert_mem_eq(out.name, name, strlen(name));
	ck_assert_int_eq(out.source != NULL, source != NULL);
	if (source != NULL) {
		ck_assert_uint_eq(out.source_len, strlen(source));
		ck_assert_mem_eq(out.source, source, strlen(source));
	}
	flt_image_free(&img);
	ck_assert_ptr_null(img.bytes);
}
END_TEST

START_TEST(what_is_refused)
{
	char too_long[EXO_NAME_MAX + 2];
	const char *const names[] = { "", "tab\t", "\x7f", "caf\xc3\xa9",
		too_long };
	char *huge = malloc(EXO_IMAGE_MAX + 2);
	size_t i;

	memset(too_long, 'x', EXO_NAME_MAX + 1);
	too_long[EXO_NAME_MAX + 1] = '\0';
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ck_assert_int_eq(flt_image_write(EXO_PROG_XDP, two, 2, names[i],
		                     NULL, &img, &err),
		    -EXO_EINVAL);
		ck_assert_ptr_null(img.bytes);
		ck_assert_ptr_nonnull(strstr(err.text, "name"));
	}
	ck_assert_int_eq(
	    flt_image_write(0, two, 2, NULL, NULL, &img, &err), -EXO_EINVAL);
	ck_assert_int_eq(flt_image_write(EXO_PROG_TYPE_MAX + 1, two, 2, NULL,
	                     NULL, &img, &err),
	    -EXO_EINVAL);
	ck_assert_int_eq(
	    flt_image_write(EXO_PROG_TC, two, 0, NULL, NULL, &img, &err),
	    -EXO_EINVAL);
	ck_assert_int_eq(flt_image_write(EXO_PROG_TC, two, EXO_INSNS_MAX + 1,
	                     NULL, NULL, &img, &err),
	    -EXO_E2BIG);
	memset(huge, 'x', EXO_IMAGE_MAX + 1);
	huge[EXO_IMAGE_MAX + 1] = '\0';
	ck_assert_int_eq(
	    flt_image_write(EXO_PROG_TC, two, 2, NULL, huge, &img, &err),
	    -EXO_E2BIG);
	/* header, two rows, two instructions: 64 bytes that are not source */
	huge[EXO_IMAGE_MAX - 63] = '\0';
	ck_assert_int_eq(
	    flt_image_write(EXO_PROG_TC, two, 2, NULL, huge, &img, &err),
	    -EXO_E2BIG);
	huge[EXO_IMAGE_MAX - 64] = '\0';
	ck_assert_int_eq(
	    flt_image_write(EXO_PROG_TC, two, 2, NULL, huge, &img, &err), 0);
	ck_assert_uint_eq(img.size, EXO_IMAGE_MAX);
	flt_image_free(&img);
	free(huge);
}
END_TEST

static int assemble(const char *text)
{
	return flt_asm_image(
	    text, strlen(text), EXO_PROG_XDP, "asm", &img, &err);
}

START_TEST(text_becomes_an_image)
{
	struct exo_image out;

	ck_assert_int_eq(assemble("w0 = 7\nexit\n"), 0);
	parse(&out);
	ck_assert_uint_eq(out.type, EXO_PROG_XDP);
	ck_assert_uint_eq(out.ninsns, 2);
	ck_assert_mem_eq(out.insns, two, sizeof(two));
	ck_assert_mem_eq(out.name, "asm", 3);
	flt_image_free(&img);
	/* labels need room of their own */
	ck_assert_int_eq(assemble("a: b: c: d: e: f: r0 = 0\ng: exit"), 0);
	parse(&out);
	ck_assert_uint_eq(out.ninsns, 2);
	flt_image_free(&img);
	/* and so do instructions of two slots */
	ck_assert_int_eq(
	    assemble("r1 = 0x123456789 ll\nr0 = 0x123456789 ll\nexit"), 0);
	parse(&out);
	ck_assert_uint_eq(out.ninsns, 5);
	flt_image_free(&img);
}
END_TEST

START_TEST(wrong_text_is_placed)
{
	ck_assert_int_eq(assemble("w0 = 7\n  frob r1\n"), -EXO_ESYNTAX);
	ck_assert_msg(
	    strncmp(err.text, "line 2, column 3: ", 18) == 0, "%s", err.text);
	ck_assert_ptr_null(img.bytes);
	ck_assert_int_eq(assemble("; nothing\n"), -EXO_EINVAL);
	ck_assert_ptr_null(img.bytes);
}
END_TEST

static int image_once(void *arg)
{
	int ret = arg == NULL ? assemble("w0 = 7\nexit\n")
	                      : flt_image_write(EXO_PROG_TC, two, 2, "name",
	                            "source", &img, &err);

	flt_image_free(&img);
	return ret;
}

START_TEST(memory_fails)
{
	test_oom_loop(image_once, NULL);
	test_oom_loop(image_once, &img);
}
END_TEST

Suite *t_flt_image_suite(void)
{
	Suite *s = suite_create("t_flt_image");
	TCase *tc = tcase_create("image");
	TCase *oom = tcase_create("oom");

	tcase_add_loop_test(tc, what_is_written_is_read, 0, 30);
	tcase_add_test(tc, what_is_refused);
	tcase_add_test(tc, text_becomes_an_image);
	tcase_add_test(tc, wrong_text_is_placed);
	tcase_add_test(oom, memory_fails);
	suite_add_tcase(s, tc);
	suite_add_tcase(s, oom);
	return s;
}
