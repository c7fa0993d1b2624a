/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What arguments of calls are made of, out of an input's bytes, for fuzz_bare_call:
 * addresses at the edges of its pages, keys and names that the kernel gave, or spoilt.
 * The calls themselves: bare_fill.h.
 */
#ifndef TESTS_SUPPORT_BARE_ARGS_H
#define TESTS_SUPPORT_BARE_ARGS_H

#include <string.h>

#include "exo/abi/call.h"
#include "tests/support/bare_model.h"
#include "tests/support/ram.h"

#include "exo/bare/paging.h"

#define PAGE       4096u
#define BASE       0x400000u
#define TOP_PAGES  8u
#define TOP        (USER_END - TOP_PAGES * PAGE)
#define HIGH       0xffff800000000000u /* the kernel's half */
#define IMAGE_AT   (BASE + 8 * PAGE - 40)
#define MEM_AT     (BASE + 8 * PAGE + 256) /* ... of memory */
#define IMAGE_SIZE 48u
#define TAIL_AT    (BASE + 8 * PAGE + 512) /* ... with a program array */
#define TAIL_SIZE  84u
#define ISSUED     512u /* keys that are remembered */
#define NAMES      16u  /* ... of environments */

static struct exo_key issued[ISSUED]; /* what the kernel said */
static unsigned nissued;
static uint64_t names[NAMES];
static unsigned nnames;
static const uint8_t *bytes;
static size_t left;

static uint8_t take(void)
{
	if (left == 0)
		return 0;
	left--;
	return *bytes++;
}

static uint64_t any_address(void)
{
	static const uint64_t bases[] = { BASE, BASE, BASE, TOP, USER_END, HIGH,
		0, RAM_AT };
	uint8_t b = take(), page = take(), off = take();
	uint64_t va;

	if (b == 0xff)
		return IMAGE_AT;
	if (b == 0xfe)
		return 0;
	va = bases[b % 8] + page % 20 * PAGE + (uint64_t)(int8_t)off;
	if ((b & 0x18) == 0x18)
		va += PAGE / 2;
	return (b & 0xe0) == 0xe0 ? va | (uint64_t)1 << (48 + page % 16) : va;
}

/* Where there is memory, often. */
static uint64_t any_place(void)
{
	uint8_t n = take();
	uint64_t base = (n & 2) != 0 ? BASE : 0;

	return n < 0xb0 ? base + (n & 1) * PAGE + (n >> 2) * 80u
	                : any_address();
}

/* Windows are not written. */
static uint64_t any_window(void)
{
	static const uint64_t windows[] = { EXO_FRAMES_AT, EXO_TABLES_AT,
		EXO_TABLES_AT + (BASE >> 9), EXO_TABLES_AT + PAGE };
	uint8_t n = take();

	return windows[n % 4] + n;
}

static uint32_t any_size(void)
{
	uint8_t n = take();

	return n < 0xf0 ? n : n < 0xf8 ? n + 12u : 0u - (n & 7u);
}

static struct exo_span any_span(void)
{
	struct exo_span s = { .at = any_address(), .size = any_size() };

	if (s.at == 0)
		s.size = 0;
	return s;
}

static struct exo_key any_key(const struct exo_key *good)
{
	struct exo_key k = *good;
	uint8_t spoil = take();

	if (spoil >= 0xe0)
		((uint8_t *)&k)[spoil % sizeof(k)] ^= take();
	return k;
}

/* One that the kernel gave, of a kind, if there is; or spoilt. */
static struct exo_key any_issued(uint32_t res)
{
	unsigned from = take();

	for (unsigned i = 0; i < nissued; i++)
		if (issued[(from + i) % nissued].res == res)
			return any_key(&issued[(from + i) % nissued]);
	return (struct exo_key){ .res = from % 5 };
}

/* One of packets: that of the environment's start, or one that came of it. */
static struct exo_key any_net(const struct exo_key *granted)
{
	struct exo_key k = { .res = 0 };

	if (take() >= 0x60)
		k = any_issued(EXO_RES_NET);
	return k.res == EXO_RES_NET ? k : any_key(granted);
}

/* Of an environment that there is, or was; or any. */
static uint64_t any_name(void)
{
	uint8_t n = take();

	return n < 0xe0 && nnames > 0 ? names[n % nnames] : n;
}

static uint64_t bound; /* last */

static uint64_t any_binding(void)
{
	uint8_t n = take();

	return n < 0x80 ? bound : n;
}

/* Often none: a report, or what else may be left out. */
static uint64_t any_or_none(void)
{
	return take() < 0xc0 ? 0 : any_address();
}

union args {
#define EXO_CALL_ROW(name, number, type, meaning) struct type of_##name;
#include "exo/abi/call.inc"
#include "exo/abi/machine.inc"
#undef EXO_CALL_ROW
	uint8_t raw[256];
};

static uint64_t size_of(uint64_t nr)
{
#define EXO_CALL_ROW(name, number, type, meaning) \
	if (nr == (number))                       \
		return sizeof(struct type);
#include "exo/abi/call.inc"
#include "exo/abi/machine.inc"
#undef EXO_CALL_ROW
	return 0;
}

/* Put it into the environment's memory, what fits. */
static void plant(uint64_t va, const void *from, uint64_t n)
{
	const uint8_t *p = from;

	for (uint64_t i = 0; i < n; i++)
		if (model_byte(va + i, true) != NULL)
			*model_byte(va + i, true) = p[i];
}

#endif
