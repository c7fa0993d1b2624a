/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arguments of calls out of an input's bytes, for fuzz_bare_call: addresses at the edges
 * of its pages, and keys that the kernel gave, or spoilt.
 */
#ifndef TESTS_SUPPORT_BARE_ARGS_H
#define TESTS_SUPPORT_BARE_ARGS_H

#include <string.h>

#include "exo/abi/call.h"
#include "tests/support/bare_model.h"
#include "tests/support/ram.h"

#include "exo/bare/paging.h"

#define PAGE      4096u
#define BASE      0x400000u
#define TOP_PAGES 8u
#define TOP       (USER_END - TOP_PAGES * PAGE)
#define HIGH      0xffff800000000000u /* the kernel's half */
#define IMAGE_AT  (BASE + 8 * PAGE - 40)
#define ISSUED    512u /* keys that are remembered */

static struct exo_key issued[ISSUED]; /* what the kernel said */
static unsigned nissued;
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

static uint64_t bound; /* last */

static uint64_t any_binding(void)
{
	uint8_t n = take();

	return n < 0x80 ? bound : n;
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

static void bind(union args *a, const struct exo_key *key)
{
	a->of_BIND = (struct exo_call_bind){ .key = any_key(key),
		.claim = any_span(),
		.witness = any_span(),
		.image = any_address(),
		.image_size = any_size(),
		.linktype = take() % 3,
		.mode = take() % 5,
		.flags = take() % 4,
		.report = any_address() };
	if ((a->of_BIND.flags & EXO_BIND_ASH) != 0)
		a->of_BIND.send = any_key(key);
}

/* Put it into the environment's memory, what fits. */
static void plant(uint64_t va, const void *from, uint64_t n)
{
	const uint8_t *p = from;

	for (uint64_t i = 0; i < n; i++)
		if (model_byte(va + i, true) != NULL)
			*model_byte(va + i, true) = p[i];
}

/* Seldom none, or more than there may be. */
static uint32_t any_count(void)
{
	uint8_t n = take();

	return n < 0xa0   ? 1
	       : n < 0xe0 ? 1u + n % 4
	       : n < 0xf0 ? n & 63u
	                  : n & 127u;
}

/* Far pages are in tables of their own. Pins are not among them: they would have no room
 * in the end, which the model does not know of. */
static struct exo_pte any_pte(void)
{
	static const uint64_t soft[] = { 0, EXO_PTE_SOFT, 0x400, PT_USER,
		PT_LARGE, PT_FRAME, EXO_PTE_ACCESSED | EXO_PTE_DIRTY, ~0ull };
	uint8_t where = take(), what = take();
	struct exo_pte e = { .va = BASE + where % 24 * PAGE };

	if (where >= 0x80)
		e.va = (uint64_t)where << 30 | (what & 7) * PAGE;
	else if (where >= 0x70)
		e.va = where % 2 != 0
		           ? where % 16 * PAGE
		           : EXO_MAP_END - 4 * PAGE + where % 16 * PAGE;
	e.bits = (what & 1 ? EXO_PTE_PRESENT : 0) |
	         (what & 2 ? EXO_PTE_WRITE : 0) | (what & 12 ? EXO_PTE_NX : 0) |
	         ((what & 0x30) == 0x30 && where < 0x70 ? EXO_PTE_PIN : 0) |
	         ((what & 0xc0) == 0xc0 ? soft[take() % 8] : 0);
	if (where >= 0x70)
		e.bits &= ~EXO_PTE_PIN;
	if ((what & 0xc8) == 0x88)
		e.va += take();
	e.key = any_issued(EXO_RES_FRAME);
	return e;
}

static void fill_frames(union args *a, uint64_t nr)
{
	static struct exo_key keys[EXO_BATCH * 2];
	uint32_t n = any_count();

	if (nr == EXO_CALL_FRAMES_NR) {
		a->of_FRAMES =
		    (struct exo_call_frames){ any_place(), n, EXO_ANY };
		if (n % 4 == 2)
			a->of_FRAMES.want = take() * 9u;
		if (n % 4 == 2 && take() < 0xc0)
			a->of_FRAMES.n = 1;
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		keys[i] = any_issued(EXO_RES_FRAME);
	a->of_RELEASE = (struct exo_call_release){ any_place(), n, 0 };
	plant(a->of_RELEASE.keys, keys, n * sizeof(keys[0]));
}

static void fill_pte(struct exo_call_pte *a)
{
	static struct exo_pte pte[EXO_BATCH * 2];

	a->n = any_count();
	a->entries = any_place();
	for (uint32_t i = 0; i < a->n; i++)
		pte[i] = any_pte();
	plant(a->entries, pte, a->n * sizeof(pte[0]));
	if (take() >= 0xc0)
		a->env = any_issued(EXO_RES_ENV);
}

/* False: it is none of these. */
static bool fill_machine(union args *a, uint64_t nr)
{
	static const uint32_t rings[] = { 0, 0, 4096, 8192, 5, 1u << 20,
		1u << 31, ~0u };

	if (nr == EXO_CALL_FRAMES_NR || nr == EXO_CALL_RELEASE_NR)
		fill_frames(a, nr);
	else if (nr == EXO_CALL_KEY_OF_NR)
		a->of_KEY_OF.frame = nissued == 0 || take() >= 0xc0
		                         ? take() * 9u
		                         : any_issued(EXO_RES_FRAME).region;
	else if (nr == EXO_CALL_LESSEN_NR)
		a->of_LESSEN =
		    (struct exo_call_lessen){ .key = any_issued(1 + take() % 4),
			    .rights = take(),
			    .n = take() / 250 };
	else if (nr == EXO_CALL_PTE_NR)
		fill_pte(&a->of_PTE);
	else if (nr == EXO_CALL_ENV_NEW_NR)
		a->of_ENV_NEW =
		    (struct exo_call_env_new){ .frames = any_size() / 16,
			    .ring = rings[take() % 8] };
	else if (nr == EXO_CALL_ENV_START_NR)
		a->of_ENV_START =
		    (struct exo_call_env_start){ any_issued(EXO_RES_ENV),
			    any_address(), any_address(), 1 };
	else if (nr == EXO_CALL_ENV_END_NR)
		a->of_ENV_END.key = any_issued(EXO_RES_ENV);
	else
		return false;
	return true;
}

static void fill(union args *a, uint64_t nr, const struct exo_key *key)
{
	memset(a, 0, sizeof(*a));
	if (fill_machine(a, nr))
		return;
	if (nr == EXO_CALL_BIND_NR)
		bind(a, key);
	else if (nr == EXO_CALL_DERIVE_NR)
		a->of_DERIVE = (struct exo_call_derive){ .key = any_key(key),
			.region = any_span(),
			.witness = any_span(),
			.rights = take() };
	else if (nr == EXO_CALL_SLOT_NR)
		a->of_SLOT = (struct exo_call_slot){ .binding = any_binding(),
			.image = any_address(),
			.image_size = any_size(),
			.report = any_address() };
	else if (nr == EXO_CALL_TRANSMIT_NR)
		a->of_TRANSMIT =
		    (struct exo_call_transmit){ .key = any_key(key),
			    .packet = any_address(),
			    .size = any_size() };
	else if (nr == EXO_CALL_PRINT_NR)
		a->of_PRINT = (struct exo_call_print){ .text = any_address(),
			.size = any_size() + ((uint64_t)(take() / 255) << 32) };
	else if (nr == EXO_CALL_UNBIND_NR || nr == EXO_CALL_STAT_NR)
		a->of_STAT.binding = any_binding();
	else
		for (unsigned i = take() % 64; i > 0; i--)
			a->raw[i] = take();
}

#endif
