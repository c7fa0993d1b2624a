/* SPDX-License-Identifier: BSD-2-Clause */
/* What GRUB says of a machine: read as far as it is well-formed, never beyond its end. */
#include <stdlib.h>
#include <string.h>

#include "exo/bare/multiboot.h"
#include "tests/unit/suites.h"

#define MOST 4096u
#define RAM  1u
#define ACPI 3u

static struct {
	_Alignas(8) uint8_t bytes[MOST];
	uint32_t n;
} info;

static void begin(void)
{
	memset(&info, 0, sizeof(info));
	info.n = 8;
}

static void word(uint32_t v)
{
	memcpy(info.bytes + info.n, &v, sizeof(v));
	info.n += 4;
}

static void wide(uint64_t v)
{
	word((uint32_t)v);
	word((uint32_t)(v >> 32));
}

static void aligned(void)
{
	info.n = (info.n + 7) / 8 * 8;
}

static void text(uint32_t type, const char *s)
{
	uint32_t n = (uint32_t)strlen(s) + 1;

	word(type);
	word(8 + n);
	memcpy(info.bytes + info.n, s, n);
	info.n += n;
	aligned();
}

static void module(uint32_t from, uint32_t end)
{
	word(3);
	word(16 + 4);
	word(from);
	word(end);
	memcpy(info.bytes + info.n, "mod", 4);
	info.n += 4;
	aligned();
}

/* Ranges of so many bytes each: RAM below 640 KiB and above 1 MiB, with firmware's in the
 * middle. */
static void memory(uint32_t each)
{
	static const uint64_t range[3][3] = { { 0, 0xa0000, RAM },
		{ 0xf0000, 0x10000, ACPI }, { 0x100000, 0x3f00000, RAM } };

	word(6);
	word(16 + 3 * each);
	word(each);
	word(0);
	for (unsigned i = 0; i < 3; i++) {
		uint32_t at = info.n;

		wide(range[i][0]);
		wide(range[i][1]);
		wide(range[i][2]);
		info.n = at + each;
	}
}

static void end(void)
{
	word(0);
	word(8);
}

/* From memory that ends where it does. */
static bool read_exactly(struct machine *m, uint32_t n)
{
	void *copy = malloc(n == 0 ? 1 : n);
	bool ok;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, info.bytes, n);
	memset(m, 0, sizeof(*m));
	ok = multiboot_read(m, copy, n);
	free(copy);
	return ok;
}

static void plain(void)
{
	begin();
	text(1, "test=1 leaks");
	text(2, "a loader");
	module(0x800000, 0x812345);
	module(0x900000, 0x900001);
	memory(24);
	end();
}

START_TEST(all_of_it)
{
	struct machine m;

	plain();
	ck_assert(read_exactly(&m, info.n));
	ck_assert_str_eq(m.cmdline, "test=1 leaks");
	ck_assert_uint_eq(m.initrd.from, 0x800000);
	ck_assert_uint_eq(m.initrd.size, 0x12345);
	ck_assert_uint_eq(m.nram, 2);
	ck_assert_uint_eq(m.ram[0].size, 0xa0000);
	ck_assert_uint_eq(m.ram[1].from, 0x100000);
	ck_assert_uint_eq(m.ram_end, 0x4000000);
}
END_TEST

/* Versions to come may say more of each range. */
START_TEST(longer_ranges)
{
	struct machine m;

	begin();
	memory(40);
	end();
	ck_assert(read_exactly(&m, info.n));
	ck_assert_uint_eq(m.nram, 2);
	ck_assert_uint_eq(m.ram_end, 0x4000000);
	ck_assert_uint_eq(m.initrd.size, 0);
	ck_assert_str_eq(m.cmdline, "");
}
END_TEST

START_TEST(long_command_line)
{
	struct machine m;
	char s[2000];

	memset(s, 'x', sizeof(s));
	s[sizeof(s) - 1] = '\0';
	begin();
	text(1, s);
	memory(24);
	end();
	ck_assert(read_exactly(&m, info.n));
	ck_assert_uint_eq(strlen(m.cmdline), sizeof(m.cmdline) - 1);
}
END_TEST

START_TEST(nothing_of_ram)
{
	struct machine m;

	begin();
	text(1, "test");
	end();
	ck_assert(!read_exactly(&m, info.n));
	begin();
	memory(16); /* not as long as a range is */
	end();
	ck_assert(!read_exactly(&m, info.n));
	begin();
	memory(28); /* not where the next one begins */
	end();
	ck_assert(!read_exactly(&m, info.n));
}
END_TEST

START_TEST(module_of_nothing)
{
	struct machine m;

	begin();
	module(0x900000, 0x800000);
	memory(24);
	end();
	ck_assert(read_exactly(&m, info.n));
	ck_assert_uint_eq(m.initrd.size, 0);
}
END_TEST

/* Where RAM goes beyond what addresses there are, it is none. */
START_TEST(ram_without_end)
{
	struct machine m;

	begin();
	word(6);
	word(16 + 24);
	word(24);
	word(0);
	wide(UINT64_MAX - 5);
	wide(100);
	wide(RAM);
	end();
	ck_assert(!read_exactly(&m, info.n));
}
END_TEST

/* Each of its beginnings is refused: what ends it is missing. */
START_TEST(cut)
{
	struct machine m;

	plain();
	for (uint32_t n = 0; n < info.n; n++)
		ck_assert(!read_exactly(&m, n));
}
END_TEST

/* Any bytes end, within their bounds (the sanitizers look on). */
START_TEST(any_bytes)
{
	uint64_t x = 1;
	unsigned taken = 0;

	for (unsigned i = 0; i < 20000; i++) {
		struct machine m;

		plain();
		for (unsigned k = 0; k < 1 + i % 4; k++) {
			x = x * 6364136223846793005u + 1442695040888963407u;
			info.bytes[(x >> 33) % info.n] = (uint8_t)(x >> 20);
		}
		taken += read_exactly(&m, info.n);
		ck_assert_uint_le(m.nram, MACHINE_RANGES);
		ck_assert_uint_lt(strlen(m.cmdline), sizeof(m.cmdline));
	}
	ck_assert(taken > 1000 && taken < 20000);
}
END_TEST

Suite *t_bare_multiboot_suite(void)
{
	Suite *s = suite_create("bare_multiboot");
	TCase *t = tcase_create("multiboot");

	tcase_add_test(t, all_of_it);
	tcase_add_test(t, longer_ranges);
	tcase_add_test(t, long_command_line);
	tcase_add_test(t, nothing_of_ram);
	tcase_add_test(t, module_of_nothing);
	tcase_add_test(t, ram_without_end);
	tcase_add_test(t, cut);
	tcase_add_test(t, any_bytes);
	suite_add_tcase(s, t);
	return s;
}
