/* SPDX-License-Identifier: BSD-2-Clause */
/* The loader's files: archives as cpio writes them, and others. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/bare/cpio.h"

static uint8_t *mem; /* the archive, at the end of the heap's piece */
static size_t size;

static void setup(void)
{
	mem = NULL;
	size = 0;
}

static void teardown(void)
{
	free(mem);
}

/* Add a file; name_len counts the NUL. */
static void add(const char *name, size_t name_len, const char *data, size_t n)
{
	size_t head = (110 + name_len + 3) & ~(size_t)3;
	size_t whole = (head + n + 3) & ~(size_t)3;
	char text[111];

	mem = realloc(mem, size + whole);
	ck_assert_ptr_nonnull(mem);
	memset(mem + size, 0, whole);
	(void)snprintf(text, sizeof(text),
	    "070701%08X%08x%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zx%08X", 1,
	    0100644, 0, 0, 1, 0, n, 0, 0, 0, 0, name_len, 0);
	memcpy(mem + size, text, 110);
	memcpy(mem + size + 110, name, name_len);
	memcpy(mem + size + head, data, n);
	size += whole;
}

static void three(void)
{
	add("a", 2, "one", 3);
	add("bb.elf", 7, "", 0);
	add("ccc", 4, "three...", 8);
	add("TRAILER!!!", 11, "", 0);
}

static void is(const struct cpio_file *f, const char *name, const char *data)
{
	ck_assert_uint_eq(f->name_len, strlen(name));
	ck_assert(memcmp(f->name, name, f->name_len) == 0);
	ck_assert_uint_eq(f->size, strlen(data));
	ck_assert(memcmp(f->data, data, f->size) == 0);
}

START_TEST(files_come_in_order)
{
	struct cpio_file f;
	uint64_t at = 0;

	three();
	ck_assert(cpio_next(mem, size, &at, &f));
	is(&f, "a", "one");
	ck_assert(cpio_next(mem, size, &at, &f));
	is(&f, "bb.elf", "");
	ck_assert(cpio_next(mem, size, &at, &f));
	is(&f, "ccc", "three...");
	ck_assert(!cpio_next(mem, size, &at, &f));
}
END_TEST

START_TEST(files_are_found)
{
	struct cpio_file f;

	add("x", 2, "1", 1);
	add("x", 2, "2", 1);
	three();
	ck_assert(cpio_find(mem, size, "x", 1, &f));
	is(&f, "x", "1"); /* the first */
	ck_assert(cpio_find(mem, size, "ccc", 3, &f));
	is(&f, "ccc", "three...");
	ck_assert(!cpio_find(mem, size, "cc", 2, &f));
	ck_assert(!cpio_find(mem, size, "cccc", 4, &f));
	ck_assert(!cpio_find(mem, size, "TRAILER!!!", 10, &f));
	ck_assert(!cpio_find(mem, size, "", 0, &f));
}
END_TEST

/* Nothing behind the end, which is the heap's as well, is looked at. */
START_TEST(archives_are_cut_off)
{
	three();
	for (size_t n = 0; n < size; n++) {
		uint8_t *cut = malloc(n > 0 ? n : 1);
		struct cpio_file f;
		uint64_t at = 0;
		int files = 0;

		ck_assert_ptr_nonnull(cut);
		memcpy(cut, mem, n);
		while (cpio_next(cut, n, &at, &f)) {
			files++;
			ck_assert(f.data + f.size <= cut + n);
		}
		ck_assert_int_le(files, 3);
		free(cut);
	}
}
END_TEST

/* Numbers that are none, or too large, and names without an end. */
START_TEST(heads_are_malformed)
{
	static const struct {
		unsigned at;
		const char *text;
	} bad[] = { { 0, "070702" }, { 0, "070707" }, { 54, "0000000g" },
		{ 54, "        " }, { 54, "ffffffff" }, { 54, "00000020" },
		{ 94, "00000000" }, { 94, "ffffffff" }, { 94, "7fffffff" },
		{ 94, "-0000002" }, { 94, "00000001" } };

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct cpio_file f;
		uint64_t at = 0;

		size = 0;
		add("a", 2, "one", 3);
		memcpy(mem + bad[i].at, bad[i].text, strlen(bad[i].text));
		ck_assert_msg(!cpio_next(mem, size, &at, &f), "%u", i);
		ck_assert_uint_eq(at, 0);
	}
}
END_TEST

START_TEST(no_archive_at_all)
{
	struct cpio_file f;
	uint64_t at = 0;

	ck_assert(!cpio_next(NULL, 0, &at, &f));
	three();
	at = size + 1; /* the last file need not be padded */
	ck_assert(!cpio_next(mem, size, &at, &f));
	at = UINT64_MAX;
	ck_assert(!cpio_next(mem, size, &at, &f));
}
END_TEST

Suite *t_cpio_suite(void)
{
	Suite *s = suite_create("cpio");
	TCase *t = tcase_create("cpio");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, files_come_in_order);
	tcase_add_test(t, files_are_found);
	tcase_add_test(t, archives_are_cut_off);
	tcase_add_test(t, heads_are_malformed);
	tcase_add_test(t, no_archive_at_all);
	suite_add_tcase(s, t);
	return s;
}
