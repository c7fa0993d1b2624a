/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attacks on what is given up, taken, slept for and saved, by their names as in
 * attack.c. Where there is no disk, its keys are forged all the same.
 */
#include "tests/bare/pages.h"

#define FEW     8u
#define FLOOD   500u
#define HOARDS  4000u
#define LONG_NS 10000000000u /* now() is of 100 ms ago, at most */

static struct exo_pe *page;
static struct exo_key keys[EXO_BATCH], few[FEW];
static uint64_t names[EXO_BATCH + 1];

static uint64_t now(void)
{
	return pages_state()->now;
}

/* What the kernel says to somebody who wants frames when there may be none. */
static int64_t want(uint32_t n)
{
	int64_t err = pages_take(keys, n);

	CHECK(err == 0 || err == -EXO_ENOMEM || err == -EXO_EAGAIN);
	return err;
}

/* A few frames, for as long as it lives or until they are taken; whether it has them. */
static int own_few(void)
{
	static int has;

	if (has && pages_alive(&few[0]) && pages_alive(&few[FEW - 1]))
		return 1;
	has = want(FEW) == 0;
	for (uint32_t i = 0; has && i < FEW; i++)
		few[i] = keys[i];
	return has;
}

static struct exo_key lesser(const struct exo_key *key, uint32_t rights)
{
	struct exo_call_lessen a = { .key = *key, .rights = rights };

	CHECK(lnet_call(EXO_CALL_LESSEN_NR, &a, sizeof(a)) == 0);
	return a.out_key;
}

/* Each bit is worth all of it. */
static struct exo_key spoilt(const struct exo_key *key, unsigned bit)
{
	struct exo_key k = *key;

	((uint8_t *)&k)[bit / 8] ^= (uint8_t)(1u << bit % 8);
	return k;
}

#define KEY_BITS (8 * (unsigned)sizeof(struct exo_key))

/* --- answers ------------------------------------------------------------------------ */

/* Whatever it is asked for, it says nothing, and takes more. */
void lnet_on_revoke(struct exo_frame *f)
{
	(void)f;
	(void)want(1);
}

static void revoke_ignored(void)
{
	static uint8_t stack[4096];

	lnet_upcalls(page, stack, sizeof(stack));
	page->entry_revoke = (uintptr_t)lnet_enter_revoke;
	(void)want(FEW);
	for (uint32_t i = 0; i < 1000; i++)
		(void)lnet_yield();
}

static void revoke_stack_in_kernel(void)
{
	page->stack_from = KERNEL_TEXT;
	page->stack_to = KERNEL_TEXT + 4096;
	page->entry_revoke = KERNEL_TEXT;
	while (want(1) != 0)
		(void)lnet_yield();
	for (;;)
		(void)lnet_yield();
}

/* In answer come all frames there are, whosever, but its own. */
static void others_frames(void)
{
	const volatile struct exo_frame_row *row =
	    (const volatile struct exo_frame_row *)EXO_FRAMES_AT;

	for (uint32_t i = 0; i < 4096; i++) {
		uint64_t name = (uint64_t)row[i].generation << 32 | i;
		uint32_t owner = row[i].owner;

		if (owner != 0 &&
		    pages_state()->env[owner - 1].env == page->env)
			continue;
		CHECK(lnet_surrender(EXO_KIND_FRAME, &name, 1) == -EXO_EPERM ||
		      row[i].owner != owner);
	}
}

static void surrender_forged(void)
{
	static const uint64_t at[] = { 0, KERNEL_TEXT, DIRECT_MAP, UINT64_MAX,
		EXO_MAP_END, EXO_LOSSES_AT + EXO_PAGE - 4 };

	if (!own_few())
		return;
	others_frames();
	for (unsigned i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		CHECK(lnet_surrender(EXO_KIND_FRAME, (const uint64_t *)at[i],
		          1) == -EXO_EINVAL);
	for (uint32_t i = 0; i < 3; i++)
		names[i] = pages_name(&few[i]);
	names[3] = names[0];
	CHECK(lnet_surrender(EXO_KIND_FRAME, names, 4) == -EXO_EINVAL);
	names[3] = names[1] + ((uint64_t)1 << 32); /* not yet */
	CHECK(lnet_surrender(EXO_KIND_FRAME, names, 4) == -EXO_ESTALE);
	names[3] = UINT64_MAX;
	for (uint32_t kind = 0; kind < 8; kind++)
		CHECK(lnet_surrender(kind, names, 4) < 0);
	CHECK(lnet_surrender(EXO_KIND_FRAME, names, 0) == -EXO_EINVAL);
	CHECK(lnet_surrender(EXO_KIND_FRAME, names, EXO_BATCH + 1) ==
	      -EXO_EINVAL);
	CHECK(lnet_surrender(EXO_KIND_FRAME, names, UINT32_MAX) == -EXO_EINVAL);
	CHECK(pages_alive(&few[0]) && pages_alive(&few[2]));
}

/* --- what was taken ------------------------------------------------------------------- */

static void losses_written(void)
{
	*(volatile uint64_t *)EXO_LOSSES_AT = 0;
}

/* The kernel does not write there for it, and nothing else is shown there. */
static void losses_as_room(void)
{
	struct exo_pte e = { .va = EXO_LOSSES_AT, .bits = 0 };
	struct exo_call_pte a = { .entries = (uintptr_t)&e, .n = 1 };
	uint64_t total = pages_losses()->total;
	int64_t err;

	err = pages_take((struct exo_key *)EXO_LOSSES_AT, 1);
	CHECK(err == -EXO_EINVAL || err == -EXO_ENOMEM || err == -EXO_EAGAIN);
	CHECK(lnet_call(EXO_CALL_PTE_NR, &a, sizeof(a)) == -EXO_EINVAL);
	CHECK(lnet_call(EXO_CALL_SLEEP_NR, (void *)EXO_LOSSES_AT, 16) ==
	      -EXO_EINVAL);
	CHECK(pages_losses()->total >= total);
}

static void seed_forged(void)
{
	struct exo_key key = page->disk;

	key.res = EXO_RES_DISK;
	for (unsigned bit = 32; bit < KEY_BITS; bit++) {
		struct exo_key bad = spoilt(&key, bit);

		CHECK(lnet_seed(&bad) == -EXO_EBADKEY);
	}
	CHECK(lnet_seed(&page->key) == -EXO_EBADKEY);
	if (own_few())
		CHECK(lnet_seed(&few[0]) == -EXO_EBADKEY);
	if (page->disk.res == 0)
		return;
	key = page->disk;
	key.region++; /* another's blocks */
	CHECK(lnet_seed(&key) == -EXO_EBADKEY);
	key = page->disk;
	key.slot++;
	CHECK(lnet_seed(&key) == -EXO_EBADKEY);
	for (uint32_t n = 1; n < 4; n++) {
		struct exo_call_lessen a = { .key = page->disk,
			.rights = page->disk.rights,
			.first = page->disk.slot - 1,
			.n = n };

		CHECK(lnet_call(EXO_CALL_LESSEN_NR, &a, sizeof(a)) ==
		      (n == 1 ? 0 : -EXO_EOUTSIDE));
	}
}

/* --- sleep ------------------------------------------------------------------------------ */

static int64_t bomb(const struct exo_insn *insns, uint32_t n)
{
	return pages_wake((const struct exo_key *)0, 0, insns, n);
}

/* The longest that is allowed, again and again, and each time slept by. */
static void predicate_longest(void)
{
	const struct exo_insn insns[] = {
		{ .code = EXO_ALU64 | EXO_MOV | EXO_K },
		{ .code = EXO_ALU64 | EXO_ADD | EXO_K, .imm = 1 },
		{ .code = EXO_JMP | EXO_JLT | EXO_K, .off = -2, .imm = 126 },
		{ .code = EXO_ALU64 | EXO_MOV | EXO_K },
		{ .code = EXO_JMP | EXO_EXIT },
	};

	for (uint32_t i = 0; i < 10; i++) {
		CHECK(bomb(insns, 5) == 0);
		CHECK(lnet_sleep(now() + 1) == 0);
	}
	CHECK(lnet_wake((const struct exo_key *)0, 0, 0, (const void *)0, 0) ==
	      0);
}

static void predicate_bombs(void)
{
	struct exo_insn v[][4] = {
		/* for ever; and too long */
		{ { .code = EXO_JMP | EXO_JA, .off = -1 } },
		{ { .code = EXO_ALU64 | EXO_MOV | EXO_K },
		    { .code = EXO_ALU64 | EXO_ADD | EXO_K, .imm = 1 },
		    { .code = EXO_JMP | EXO_JLT | EXO_K,
		        .off = -2,
		        .imm = 1000 },
		    { .code = EXO_JMP | EXO_EXIT } },
		{ { .code = EXO_ALU64 | EXO_MOV | EXO_K },
		    { .code = EXO_ALU64 | EXO_ADD | EXO_K, .imm = 1 },
		    { .code = EXO_JMP | EXO_JLT | EXO_K,
		        .off = -2,
		        .imm = INT32_MAX },
		    { .code = EXO_JMP | EXO_EXIT } },
		/* a helper; itself; a packet; a map; behind its memory */
		{ { .code = EXO_JMP | EXO_CALL, .imm = 5 },
		    { .code = EXO_JMP | EXO_EXIT } },
		{ { .code = EXO_JMP | EXO_CALL, .regs = 0x10, .imm = -1 },
		    { .code = EXO_JMP | EXO_EXIT } },
		{ { .code = EXO_LD | EXO_ABS | EXO_B, .imm = 0 },
		    { .code = EXO_JMP | EXO_EXIT } },
		{ { .code = EXO_LD | EXO_IMM | EXO_DW, .regs = 0x10 },
		    { .code = 0 }, { .code = EXO_ALU64 | EXO_MOV | EXO_K },
		    { .code = EXO_JMP | EXO_EXIT } },
		{ { .code = EXO_LDX | EXO_MEM | EXO_DW,
		      .regs = 0x10,
		      .off = 24 },
		    { .code = EXO_JMP | EXO_EXIT } },
		/* the address of it */
		{ { .code = EXO_ALU64 | EXO_MOV | EXO_X, .regs = 0x10 },
		    { .code = EXO_JMP | EXO_EXIT } },
	};

	for (unsigned i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		for (uint32_t n = 1; n <= 4; n++) {
			int64_t err = bomb(v[i], n);

			CHECK(err == -EXO_EREFUSED || err == -EXO_E2BIG ||
			      err == -EXO_EBUDGET);
		}
	CHECK(lnet_sleep(0) == -EXO_EINVAL); /* it has none of them */
}

static void wake_forged(void)
{
	static const uint32_t range[][2] = { { 0, 4 }, { 4, 8 }, { 0, 264 },
		{ 4096, 8 }, { 4088, 16 }, { UINT32_MAX - 7, 8 },
		{ 8, UINT32_MAX - 7 } };
	struct exo_key less;

	if (!own_few())
		return;
	for (unsigned bit = 0; bit < KEY_BITS; bit++) {
		struct exo_key bad = spoilt(&few[0], bit);

		CHECK(pages_wake_word(&bad, 16) == -EXO_EBADKEY);
	}
	less = lesser(&few[0], EXO_FRAME_WRITE | EXO_FRAME_OWN);
	CHECK(pages_wake_word(&less, 16) == -EXO_EPERM);
	CHECK(pages_wake_word(&page->key, 16) == -EXO_EBADKEY);
	for (unsigned i = 0; i < sizeof(range) / sizeof(range[0]); i++)
		CHECK(lnet_wake(&few[0], range[i][0], range[i][1], page, 64) ==
		      -EXO_EINVAL);
	for (uint32_t n = 1; n < 128; n++)
		CHECK(
		    lnet_wake(&few[0], 0, 8, (const void *)KERNEL_TEXT, n) < 0);
	CHECK(lnet_sleep(0) == -EXO_EINVAL);
}

/* The frame goes; no sleep is longer than that, whatever is in it afterwards: nothing, but
 * in its first words. */
static void wake_gone(void)
{
	struct exo_key key;
	uint64_t end;

	if (want(1) != 0)
		return;
	key = keys[0];
	if (pages_wake_word(&key, 80) == 0 && pages_give(&key, 1) == 0) {
		end = now() + LONG_NS;
		CHECK(lnet_sleep(end) == 0 && now() < end - LONG_NS / 2);
	}
	CHECK(pages_wake_word(&key, 80) == -EXO_ESTALE);
	CHECK(lnet_wake(&key, 0, 0, (const void *)0, 0) == 0);
}

static void sleep_times(void)
{
	struct exo_call_sleep a = { .until = 1, .zero = 1 };

	CHECK(lnet_call(EXO_CALL_SLEEP_NR, &a, sizeof(a)) == -EXO_EINVAL);
	CHECK(lnet_sleep(0) == -EXO_EINVAL);
	for (unsigned bit = 0; bit < 20; bit++)
		CHECK(lnet_sleep((uint64_t)1 << bit) == 0);
	for (unsigned i = 0; i < 100; i++)
		CHECK(lnet_sleep(now()) == 0);
}

/* --- the disk ----------------------------------------------------------------------------- */

static void disk_forged(void)
{
	struct exo_key disk = page->disk, less;
	int there = disk.res != 0;
	uint32_t n = disk.slot;

	if (!own_few())
		return;
	for (unsigned bit = 0; bit < KEY_BITS; bit++) {
		struct exo_key bad = spoilt(&disk, bit);

		CHECK(lnet_disk(&bad, &few[0], 0, bit % 2) == -EXO_EBADKEY);
		bad = spoilt(&few[0], bit);
		CHECK(lnet_disk(&disk, &bad, 0, bit % 2) == -EXO_EBADKEY);
	}
	CHECK(lnet_disk(&disk, &few[0], 0, 2) == -EXO_EINVAL);
	CHECK(lnet_disk(&few[0], &few[0], 0, 0) == -EXO_EBADKEY);
	CHECK(lnet_disk(&disk, &disk, 0, 0) == -EXO_EBADKEY);
	less = lesser(&few[0], EXO_FRAME_READ | EXO_FRAME_OWN);
	CHECK(lnet_disk(&disk, &less, 0, 0) == -EXO_EPERM);
	less = lesser(&few[0], EXO_FRAME_WRITE | EXO_FRAME_OWN);
	CHECK(lnet_disk(&disk, &less, 0, 1) == -EXO_EPERM);
	if (!there)
		return;
	CHECK(lnet_disk(&disk, &few[0], n, 0) == -EXO_EOUTSIDE);
	CHECK(lnet_disk(&disk, &few[0], UINT32_MAX, 1) == -EXO_EOUTSIDE);
	CHECK(lnet_disk(&disk, &few[0], 0u - disk.region, 1) == -EXO_EOUTSIDE);
	CHECK(lnet_disk(&disk, &few[0], n - 1, 0) == 0);
}

/* As fast as it can. */
static void disk_flood(void)
{
	if (!own_few())
		return;
	for (uint32_t i = 0; i < FLOOD; i++) {
		int64_t err =
		    lnet_disk(&page->disk, &few[0], i % 4, i % 3 == 0);

		CHECK(err == 0 || err == -EXO_EBADKEY || err == -EXO_ESTALE);
	}
}

/* --- frames --------------------------------------------------------------------------------- */

/* All that it can get, and it keeps them. */
static void frames_hoard(void)
{
	for (uint32_t i = 0; i < HOARDS && want(EXO_BATCH) == 0; i++)
		continue;
	(void)want(1);
}

/* It asks for others' all the time, takes few of them, and gives back what it gets. */
static void frames_storm(void)
{
	for (uint32_t i = 0; i < 300; i++)
		if (want(1 + i % EXO_BATCH) == 0)
			(void)pages_give(keys, 1 + i % EXO_BATCH);
}

static const struct stage_attack attacks[] = {
	ATTACK(revoke_ignored),
	ATTACK(revoke_stack_in_kernel),
	ATTACK(surrender_forged),
	ATTACK(losses_written),
	ATTACK(losses_as_room),
	ATTACK(seed_forged),
	ATTACK(predicate_longest),
	ATTACK(predicate_bombs),
	ATTACK(wake_forged),
	ATTACK(wake_gone),
	ATTACK(sleep_times),
	ATTACK(disk_forged),
	ATTACK(disk_flood),
	ATTACK(frames_hoard),
	ATTACK(frames_storm),
};

int lnet_main(struct exo_pe *pe)
{
	page = pe;
	return stage_main(pe, attacks, sizeof(attacks) / sizeof(attacks[0]));
}
