/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arguments of each call, nearly right, out of an input's bytes, for fuzz_bare_call.
 */
#ifndef TESTS_SUPPORT_BARE_FILL_H
#define TESTS_SUPPORT_BARE_FILL_H

#include "tests/support/bare_args.h"
#include "tests/support/bare_disk.h"

/* An image, and its size: one that there is, often. */
static uint32_t any_image(uint64_t *at)
{
	uint8_t how = take();

	if (how >= 0xd0) {
		*at = any_address();
		return any_size();
	}
	*at = how % 3 == 0 ? IMAGE_AT : how % 3 == 1 ? TAIL_AT : MEM_AT;
	return how % 3 == 1 ? TAIL_SIZE : IMAGE_SIZE;
}

static void bind(union args *a, const struct exo_key *key)
{
	uint8_t how = take();

	a->of_BIND = (struct exo_call_bind){ .key = any_net(key),
		.linktype = how % 3,
		.mode = how < 0xe0 ? 1u + how % 3 : how % 5,
		.report = any_or_none() };
	a->of_BIND.image_size = any_image(&a->of_BIND.image);
	if ((how & 3) == 0)
		a->of_BIND.claim = any_span();
	if ((how & 12) == 0)
		a->of_BIND.witness = any_span();
	if ((how & 48) == 0)
		a->of_BIND.flags = take() % 4;
	if ((a->of_BIND.flags & EXO_BIND_ASH) != 0)
		a->of_BIND.send = any_key(key);
}

static void slot(struct exo_call_slot *a)
{
	a->binding = any_binding();
	a->image_size = any_image(&a->image);
	a->map = take() < 0xe0 ? 0 : 1;
	a->slot = take() % 5;
	a->zero = take() / 250;
	a->report = any_or_none();
	if (a->slot == 3)
		a->image_size = 0;
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

/* Names of what it has, or had, of a kind. */
static void fill_surrender(
    struct exo_call_surrender *a, const struct exo_key *granted)
{
	uint64_t list[EXO_BATCH * 2];

	a->n = any_count();
	a->kind = take() % 6;
	a->names = any_place();
	for (uint32_t i = 0; i < a->n; i++) {
		struct exo_key k = a->kind == EXO_KIND_KEY
		                       ? any_net(granted)
		                       : any_issued(EXO_RES_FRAME);

		if (a->kind == EXO_KIND_FRAME)
			list[i] = k.epoch << 32 | k.region;
		else if (a->kind == EXO_KIND_KEY)
			list[i] = k.epoch << 32 | k.slot;
		else
			list[i] = a->kind == EXO_KIND_SLOT ? take() % 17u
			                                   : any_binding();
	}
	plant(a->names, list, a->n * sizeof(list[0]));
}

/* Seldom what is no multiple of 8, or too much. */
static void fill_wake(struct exo_call_wake *a)
{
	uint8_t how = take();

	*a = (struct exo_call_wake){ .key = any_issued(EXO_RES_FRAME),
		.image = how < 0xc0 ? MEM_AT : any_address(),
		.image_size = how < 0xc0 ? IMAGE_SIZE : any_size(),
		.off = take() * (how % 16 == 0 ? 1u : 8u),
		.size = take() * (how % 16 == 1 ? 1u : 8u) %
		        (how < 0x80 ? 257u : 2048u),
		.zero = how == 0x33,
		.report = any_or_none() };
	if (how % 16 == 2)
		a->image_size = 0;
}

static void fill_slots(struct exo_call_slots *a)
{
	uint8_t how = take();

	*a = (struct exo_call_slots){ .first = take() % 18u,
		.step = how % 5,
		.n = how < 0xa0 ? 1 : how % 7,
		.zero = how == 0x11,
		.zero2 = how == 0x22 };
	if ((how & 0x18) == 0x18)
		a->first = EXO_ANY;
}

static void fill_disk(struct exo_call_disk *a)
{
	*a = (struct exo_call_disk){ .disk = any_issued(EXO_RES_DISK),
		.frame = any_issued(EXO_RES_FRAME),
		.block = take() % (BARE_BLOCKS + 2),
		.write = take() % 9 };
	a->write = a->write > 2 ? a->write & 1 : a->write;
}

static void fill_lessen(struct exo_call_lessen *a)
{
	*a = (struct exo_call_lessen){ .key = any_issued(1 + take() % 4),
		.rights = take() };
	if (a->key.res == EXO_RES_DISK) {
		a->rights &= take() < 0xe0 ? 3u : 0xffu;
		a->first = take() % (BARE_BLOCKS + 1);
		a->n = take() % (BARE_BLOCKS + 1);
	} else {
		a->rights &= take() < 0xe0 ? 0x0fu : 0xffu;
		a->n = take() / 250;
	}
}

/* Of environments. False: it is none of these. */
static bool fill_family(union args *a, uint64_t nr)
{
	static const uint32_t rings[] = { 0, 0, 4096, 8192, 5, 1u << 20,
		1u << 31, ~0u };

	if (nr == EXO_CALL_ENV_NEW_NR)
		a->of_ENV_NEW =
		    (struct exo_call_env_new){ .frames = any_size() / 16,
			    .ring = rings[take() % 8] };
	else if (nr == EXO_CALL_ENV_START_NR)
		a->of_ENV_START =
		    (struct exo_call_env_start){ any_issued(EXO_RES_ENV),
			    any_address(), any_address(), 1 };
	else if (nr == EXO_CALL_ENV_END_NR)
		a->of_ENV_END.key = any_issued(EXO_RES_ENV);
	else if (nr == EXO_CALL_YIELD_TO_NR)
		a->of_YIELD_TO.env = any_name();
	else
		return false;
	return true;
}

/* Of frames, time and the disk. False: it is none of these. */
static bool fill_machine(
    union args *a, uint64_t nr, const struct exo_key *granted)
{
	if (nr == EXO_CALL_FRAMES_NR || nr == EXO_CALL_RELEASE_NR)
		fill_frames(a, nr);
	else if (nr == EXO_CALL_KEY_OF_NR)
		a->of_KEY_OF.frame = nissued == 0 || take() >= 0xc0
		                         ? take() * 9u
		                         : any_issued(EXO_RES_FRAME).region;
	else if (nr == EXO_CALL_LESSEN_NR)
		fill_lessen(&a->of_LESSEN);
	else if (nr == EXO_CALL_PTE_NR)
		fill_pte(&a->of_PTE);
	else if (nr == EXO_CALL_SURRENDER_NR)
		fill_surrender(&a->of_SURRENDER, granted);
	else if (nr == EXO_CALL_SEED_NR)
		a->of_SEED.disk = take() < 0x20 ? (struct exo_key){ .res = 0 }
		                                : any_issued(EXO_RES_DISK);
	else if (nr == EXO_CALL_WAKE_NR)
		fill_wake(&a->of_WAKE);
	else if (nr == EXO_CALL_SLEEP_NR)
		a->of_SLEEP =
		    (struct exo_call_sleep){ take() % 4u * 1000, take() / 250 };
	else if (nr == EXO_CALL_TIME_TAKE_NR || nr == EXO_CALL_TIME_GIVE_NR)
		fill_slots(&a->of_TIME_TAKE);
	else if (nr == EXO_CALL_DISK_NR)
		fill_disk(&a->of_DISK);
	else
		return fill_family(a, nr);
	return true;
}

static void fill(union args *a, uint64_t nr, const struct exo_key *key)
{
	memset(a, 0, sizeof(*a));
	if (fill_machine(a, nr, key))
		return;
	if (nr == EXO_CALL_BIND_NR)
		bind(a, key);
	else if (nr == EXO_CALL_DERIVE_NR)
		a->of_DERIVE = (struct exo_call_derive){ .key = any_net(key),
			.region = any_span(),
			.witness = any_span(),
			.rights = take() };
	else if (nr == EXO_CALL_REVOKE_NR)
		a->of_REVOKE.key =
		    take() < 8 ? any_net(key) : any_issued(EXO_RES_NET);
	else if (nr == EXO_CALL_SLOT_NR)
		slot(&a->of_SLOT);
	else if (nr == EXO_CALL_TRANSMIT_NR)
		a->of_TRANSMIT =
		    (struct exo_call_transmit){ .key = any_net(key),
			    .packet = any_address(),
			    .size = any_size() };
	else if (nr == EXO_CALL_PRINT_NR)
		a->of_PRINT = (struct exo_call_print){ .text = any_address(),
			.size = any_size() + ((uint64_t)(take() / 255) << 32) };
	else if (nr == EXO_CALL_UNBIND_NR || nr == EXO_CALL_STAT_NR)
		a->of_STAT.binding = any_binding();
	else /* that have no arguments, or any will do */
		for (unsigned i = take() < 0x80 ? 0 : take() % 64; i > 0; i--)
			a->raw[i] = take();
}

#endif
