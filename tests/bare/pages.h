/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What programs share that take frames, show them, and look at what the kernel shows.
 */
#ifndef TESTS_BARE_PAGES_H
#define TESTS_BARE_PAGES_H

#include "tests/bare/stage.h"

#define PAGES_AT 0x100000000u /* where pages are shown, one behind the other */
#define PAGES_RW (EXO_PTE_PRESENT | EXO_PTE_WRITE | EXO_PTE_NX)

static inline int64_t pages_take(struct exo_key *keys, uint32_t n)
{
	struct exo_call_frames a = {
		.keys = (uintptr_t)keys, .n = n, .want = EXO_ANY
	};

	return lnet_call(EXO_CALL_FRAMES_NR, &a, sizeof(a));
}

static inline int64_t pages_give(const struct exo_key *keys, uint32_t n)
{
	struct exo_call_release a = { .keys = (uintptr_t)keys, .n = n };

	return lnet_call(EXO_CALL_RELEASE_NR, &a, sizeof(a));
}

static inline uint8_t *pages_at(uint32_t i)
{
	return (uint8_t *)(PAGES_AT + (uint64_t)i * EXO_PAGE);
}

static inline uint64_t *pages_word(uint32_t i)
{
	return (uint64_t *)(void *)pages_at(i);
}

/** Show a frame as the i-th page. */
static inline int64_t pages_show(uint32_t i, const struct exo_key *key)
{
	struct exo_pte e = {
		.va = (uintptr_t)pages_at(i), .bits = PAGES_RW, .key = *key
	};
	struct exo_call_pte a = { .entries = (uintptr_t)&e, .n = 1 };

	return lnet_call(EXO_CALL_PTE_NR, &a, sizeof(a));
}

/** Own n frames, shown from the first page on. */
static inline void pages_own(struct exo_key *keys, uint32_t n)
{
	CHECK(pages_take(keys, n) == 0);
	for (uint32_t i = 0; i < n; i++)
		CHECK(pages_show(i, &keys[i]) == 0);
}

/** What SURRENDER and the repossession vector call a frame, and a key of packets. */
static inline uint64_t pages_name(const struct exo_key *key)
{
	return key->epoch << 32 | key->region;
}

static inline uint64_t pages_key_name(const struct exo_key *key)
{
	return key->epoch << 32 | key->slot;
}

/** Whether a frame is still this one's. */
static inline int pages_alive(const struct exo_key *key)
{
	const volatile struct exo_frame_row *row =
	    (const volatile struct exo_frame_row *)EXO_FRAMES_AT + key->region;

	return row->generation == key->epoch && row->owner != 0;
}

static inline const volatile struct exo_losses *pages_losses(void)
{
	return (const volatile struct exo_losses *)EXO_LOSSES_AT;
}

static inline const volatile struct exo_state *pages_state(void)
{
	return (const volatile struct exo_state *)EXO_STATE_AT;
}

/** The row of who has this label; NULL. */
static inline const volatile struct exo_env_row *pages_row(const char *label)
{
	for (unsigned i = 0; i < EXO_STATE_ENVS; i++) {
		const volatile struct exo_env_row *r = &pages_state()->env[i];
		unsigned k = 0;

		while (label[k] != '\0' && r->label[k] == label[k])
			k++;
		if (r->env != 0 && r->label[k] == label[k])
			return r;
	}
	return (const volatile struct exo_env_row *)0;
}

/** Yield until so many things were lost, for a while: whether they were. */
static inline int pages_lost(uint64_t n)
{
	for (uint32_t i = 0; i < 1000000; i++) {
		if (pages_losses()->total >= n)
			return pages_losses()->total == n;
		(void)lnet_yield();
	}
	return 0;
}

/** Give the kernel a predicate. */
static inline int64_t pages_wake(const struct exo_key *key, uint32_t size,
    const struct exo_insn *insns, uint32_t n)
{
	struct stage_image image;

	stage_make(&image, insns, n);
	image.hdr.type = EXO_PROG_MEM;
	return lnet_wake(key, 0, size, &image, image.hdr.size);
}

/** Until the 64 bits at this place of the memory (behind struct exo_wake: 16) are not
 * 0. */
static inline int64_t pages_wake_word(const struct exo_key *key, int16_t at)
{
	const struct exo_insn insns[] = {
		{ .code = EXO_ALU64 | EXO_MOV | EXO_K, .imm = 1 },
		{ .code = EXO_JMP | EXO_JLT | EXO_K,
		    .regs = 2,
		    .off = 1,
		    .imm = at + 8 },
		{ .code = EXO_LDX | EXO_MEM | EXO_DW, .regs = 0x10, .off = at },
		{ .code = EXO_JMP | EXO_EXIT },
	};

	return pages_wake(key, at >= 16 ? 8 * (uint32_t)(at / 8 - 1) : 0, insns,
	    sizeof(insns) / sizeof(insns[0]));
}

#endif
