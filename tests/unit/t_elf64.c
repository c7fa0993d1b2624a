/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs of environments: what their headers may say. */
#include <check.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/bare/elf.h"
#include "exo/lib/bytes.h"

#define SIZE (64u + 16 * 56u + 100)
#define DATA (64u + 16 * 56u) /* where 100 bytes of segments are */

static uint8_t file[SIZE];
static struct elf elf;

static void put16(uint32_t at, uint32_t v)
{
	file[at] = (uint8_t)v;
	file[at + 1] = (uint8_t)(v >> 8);
}

static void put64(uint32_t at, uint64_t v)
{
	for (uint32_t i = 0; i < 8; i++)
		file[at + i] = (uint8_t)(v >> 8 * i);
}

/* Segment number i: flags are 1 to execute, 2 to write, 4 to read. */
static void segment(
    uint32_t i, uint32_t flags, uint64_t va, uint64_t in_file, uint64_t in_mem)
{
	uint32_t at = 64 + i * 56;

	memset(file + at, 0, 56);
	file[at] = 1;
	file[at + 4] = (uint8_t)flags;
	put64(at + 8, DATA);
	put64(at + 16, va);
	put64(at + 32, in_file);
	put64(at + 40, in_mem);
}

static void setup(void)
{
	static const uint8_t ident[] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };

	memset(file, 0, sizeof(file));
	memcpy(file, ident, sizeof(ident));
	put16(16, 2);
	put16(18, 62);
	put64(24, 0x400000);
	put64(32, 64);
	put16(54, 56);
	put16(56, 3);
	segment(0, 5, 0x400000, 100, 100);
	segment(1, 4, 0x401000, 10, 10);
	segment(2, 6, 0x402ff0, 20, 5000);
}

static int read_it(void)
{
	return elf_read(file, SIZE, &elf);
}

START_TEST(a_program)
{
	ck_assert_int_eq(read_it(), 0);
	ck_assert_uint_eq(elf.entry, 0x400000);
	ck_assert_uint_eq(elf.n, 3);
	ck_assert(elf.segment[0].execute && !elf.segment[0].write);
	ck_assert(!elf.segment[1].execute && !elf.segment[1].write);
	ck_assert(!elf.segment[2].execute && elf.segment[2].write);
	ck_assert_uint_eq(elf.segment[2].va, 0x402ff0);
	ck_assert_uint_eq(elf.segment[2].in_file, 20);
	ck_assert_uint_eq(elf.segment[2].in_mem, 5000);
	ck_assert_uint_eq(elf.segment[2].off, DATA);
}
END_TEST

START_TEST(headers_are_malformed)
{
	static const uint32_t bytes[] = { 0, 1, 2, 3, 4, 5, 6, 16, 17, 18, 19,
		54, 55 };

	for (uint32_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		setup();
		file[bytes[i]] ^= 0x80;
		ck_assert_msg(read_it() == -EXO_EIMAGE, "%u", bytes[i]);
	}
	setup();
	for (uint32_t n = 0; n < SIZE; n++) /* the segments need all of it */
		ck_assert_int_eq(elf_read(file, n, &elf), -EXO_EIMAGE);
}
END_TEST

START_TEST(entries)
{
	static const struct {
		uint64_t at;
		int want;
	} rows[] = { { 0, -EXO_EIMAGE }, { ELF_FROM - 1, -EXO_EIMAGE },
		{ ELF_FROM, 0 }, { ELF_TO - 1, 0 }, { ELF_TO, -EXO_EIMAGE },
		{ UINT64_MAX, -EXO_EIMAGE },
		{ 0xffffffff80200000u, -EXO_EIMAGE } };

	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put64(24, rows[i].at);
		ck_assert_int_eq(read_it(), rows[i].want);
	}
}
END_TEST

START_TEST(tables_of_segments)
{
	static const uint64_t bad[] = { SIZE, SIZE - 3 * 56 + 1, SIZE + 1,
		UINT64_MAX, UINT64_MAX - 167, (uint64_t)1 << 63 };

	for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put64(32, bad[i]);
		ck_assert_int_eq(read_it(), -EXO_EIMAGE);
	}
	put64(32, 64);
	put16(56, 16); /* those that are not said to be loaded are not */
	ck_assert_int_eq(read_it(), 0);
	ck_assert_uint_eq(elf.n, 3);
	put16(56, 17);
	ck_assert_int_eq(read_it(), -EXO_EIMAGE);
	put16(56, 0xffff);
	ck_assert_int_eq(read_it(), -EXO_EIMAGE);
	put16(56, 0);
	ck_assert_int_eq(read_it(), 0);
	ck_assert_uint_eq(elf.n, 0);
}
END_TEST

/* The third segment is one of these, each with its near miss. */
START_TEST(segments_are_malformed)
{
	static const struct {
		uint32_t flags;
		uint64_t va, in_file, in_mem;
		int want;
	} rows[] = {
		{ 7, 0x500000, 1, 1, -EXO_EIMAGE },
		{ 3, 0x500000, 1, 1, -EXO_EIMAGE },
		{ 1, 0x500000, 1, 1, 0 },
		{ 6, 0x500000, 100, 100, 0 },
		{ 6, 0x500000, 101, 101, -EXO_EIMAGE },
		{ 6, 0x500000, UINT64_MAX, UINT64_MAX, -EXO_EIMAGE },
		{ 6, 0x500000, 11, 10, -EXO_EIMAGE },
		{ 6, 0x500000, UINT64_MAX, 0, 0 }, /* of no bytes */
		{ 6, ELF_FROM, 0, 1, 0 },
		{ 6, ELF_FROM - 1, 0, 1, -EXO_EIMAGE },
		{ 6, 0, 0, 1, -EXO_EIMAGE },
		{ 6, ELF_TO - 4096, 0, 4096, 0 },
		{ 6, ELF_TO - 4096, 0, 4097, -EXO_EIMAGE },
		{ 6, UINT64_MAX, 0, 1, -EXO_EIMAGE },
		{ 6, UINT64_MAX - 4095, 0, 4096, -EXO_EIMAGE },
		{ 6, 0x500000, 0, ELF_MOST - 110, 0 },
		{ 6, 0x500000, 0, ELF_MOST - 109, -EXO_EIMAGE },
		{ 6, 0x500000, 0, ELF_MOST + 1, -EXO_EIMAGE },
		{ 6, 0x500000, 0, UINT64_MAX, -EXO_EIMAGE },
		/* on a page of another */
		{ 6, 0x400fff, 0, 1, -EXO_EIMAGE },
		{ 6, 0x401fff, 0, 1, -EXO_EIMAGE },
		{ 6, 0x402000, 0, 1, 0 },
		{ 6, 0x3ff000, 0, 4096, 0 },
		{ 6, 0x3ff000, 0, 4097, -EXO_EIMAGE },
		{ 6, 0x3ff000, 0, 0x10000, -EXO_EIMAGE },
	};

	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		segment(2, rows[i].flags, rows[i].va, rows[i].in_file,
		    rows[i].in_mem);
		ck_assert_msg(read_it() == rows[i].want, "row %u", i);
	}
	segment(2, 6, 0x500000, 1, 1);
	put64(64 + 2 * 56 + 8, UINT64_MAX); /* where it is in the file */
	ck_assert_int_eq(read_it(), -EXO_EIMAGE);
	put64(64 + 2 * 56 + 8, SIZE - 1);
	ck_assert_int_eq(read_it(), 0);
	put64(64 + 2 * 56 + 8, SIZE);
	ck_assert_int_eq(read_it(), -EXO_EIMAGE);
}
END_TEST

Suite *t_elf64_suite(void)
{
	Suite *s = suite_create("elf64");
	TCase *t = tcase_create("elf64");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, a_program);
	tcase_add_test(t, headers_are_malformed);
	tcase_add_test(t, entries);
	tcase_add_test(t, tables_of_segments);
	tcase_add_test(t, segments_are_malformed);
	suite_add_tcase(s, t);
	return s;
}
