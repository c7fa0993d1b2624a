/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What attackers share. The argument is an attack's name; "NAME@", beside a victim, says
 * to begin when the first packet of the attacker's own region comes, and to go on until
 * one whose first byte behind UDP's header is 's'. (All bindings have copies: attackers
 * share the region.)
 */
#ifndef TESTS_BARE_STAGE_H
#define TESTS_BARE_STAGE_H

#include "exo/abi/ctx.h"
#include "exo/abi/err.h"
#include "exo/abi/image.h"
#include "exo/abi/insn.h"
#include "exo/abi/map.h"
#include "tests/bare/check.h"

#define INSNS_MOST 8u

/* Addresses of the kernel's. */
#define KERNEL_TEXT 0xffffffff80200000u
#define DIRECT_MAP  0xffff800000200000u

struct stage_image {
	struct exo_image_hdr hdr;
	struct exo_image_section row;
	struct exo_insn insns[INSNS_MOST];
};

static inline void stage_make(
    struct stage_image *image, const struct exo_insn *insns, uint32_t n)
{
	uint32_t bytes = n * sizeof(*insns);
	uint32_t head = sizeof(image->hdr) + sizeof(image->row);

	image->hdr = (struct exo_image_hdr){ EXO_IMAGE_MAGIC, EXO_IMAGE_VERSION,
		EXO_PROG_SOCKET, head + bytes, 1, 0 };
	image->row =
	    (struct exo_image_section){ EXO_SEC_INSNS, head, bytes, 0 };
	for (uint32_t i = 0; i < n; i++)
		image->insns[i] = insns[i];
}

/** A program that accepts every packet, whole. */
static inline void stage_each(struct stage_image *image)
{
	static const struct exo_insn each[] = {
		{ .code = EXO_ALU64 | EXO_MOV | EXO_K, .imm = -1 },
		{ .code = EXO_JMP | EXO_EXIT },
	};

	stage_make(image, each, 2);
}

/** A program that accepts nothing, with a map: of its elements the caller says how many. */
struct stage_map_image {
	struct exo_image_hdr hdr;
	struct exo_image_section row[2];
	struct exo_insn insns[2];
	struct exo_map_def map;
	uint32_t pad;
};

static inline void stage_make_map(struct stage_map_image *m)
{
	const uint32_t insns = sizeof(m->hdr) + sizeof(m->row);

	*m = (struct stage_map_image){
		.hdr = { EXO_IMAGE_MAGIC, EXO_IMAGE_VERSION, EXO_PROG_SOCKET,
		    sizeof(*m) - 4, 2, 0 },
		.row = { { EXO_SEC_INSNS, insns, sizeof(m->insns), 0 },
		    { EXO_SEC_MAPS, insns + sizeof(m->insns), sizeof(m->map),
		        0 } },
		.insns = { { .code = EXO_ALU64 | EXO_MOV | EXO_K },
		    { .code = EXO_JMP | EXO_EXIT } },
		.map = { 2, 4, 4096, 0, 0 },
	};
}

static inline int64_t stage_bind(const struct exo_key *key, const void *image,
    uint32_t size, uint32_t mode, uint64_t *name)
{
	struct exo_call_bind a = { .key = *key,
		.image = (uintptr_t)image,
		.image_size = size,
		.linktype = 1,
		.mode = mode,
		.snap = 128 };
	int64_t err = lnet_call(EXO_CALL_BIND_NR, &a, sizeof(a));

	*name = a.out_binding;
	return err;
}

/** A copy of each packet; of those that end it all. */
static inline int64_t stage_bind_each(
    const struct exo_key *key, uint32_t mode, uint64_t *name)
{
	struct stage_image image;

	stage_each(&image);
	return stage_bind(key, &image, image.hdr.size, mode, name);
}

static inline int64_t stage_bind_end(const struct exo_key *key, uint64_t *name)
{
	static const struct exo_insn end[] = {
		{ .code = EXO_ALU64 | EXO_MOV | EXO_X, .regs = 0x16 },
		{ .code = EXO_LD | EXO_ABS | EXO_B, .imm = 42 },
		{ .code = EXO_JMP | EXO_JNE | EXO_K, .off = 2, .imm = 's' },
		{ .code = EXO_ALU64 | EXO_MOV | EXO_K, .imm = -1 },
		{ .code = EXO_JMP | EXO_EXIT },
		{ .code = EXO_ALU64 | EXO_MOV | EXO_K },
		{ .code = EXO_JMP | EXO_EXIT },
	};
	struct stage_image image;

	stage_make(&image, end, 7);
	return stage_bind(key, &image, image.hdr.size, EXO_BIND_TAP, name);
}

static inline uint64_t stage_count(uint64_t binding)
{
	struct exo_call_stat a = { .binding = binding };

	CHECK(lnet_call(EXO_CALL_STAT_NR, &a, sizeof(a)) == 0);
	return a.out_stat.matched;
}

/* Run one attack, again and again if that is said. */
static inline void stage_run(struct exo_pe *pe, void (*attack)(void), int again)
{
	uint64_t each, end;

	if (!again) {
		attack();
		return;
	}
	CHECK(stage_bind_each(&pe->key, EXO_BIND_TAP, &each) == 0);
	CHECK(stage_bind_end(&pe->key, &end) == 0);
	while (stage_count(each) == 0)
		(void)lnet_wait();
	do {
		attack();
		(void)lnet_yield();
	} while (stage_count(end) == 0);
}

/* Whether the argument ends with '@', which is taken away. */
static inline int stage_again(struct exo_pe *pe)
{
	uint64_t n = pe->arg_size;

	if (n == 0 || n >= sizeof(pe->arg) || pe->arg[n - 1] != '@')
		return 0;
	pe->arg[n - 1] = '\0';
	return 1;
}

struct stage_attack {
	const char *name;
	void (*attack)(void);
};

#define ATTACK(fn)                        \
	{                                 \
		.name = #fn, .attack = fn \
	}

/** Run the one of these that the argument names. Returns a program's status: 1, none
 * has this name. */
static inline int stage_main(
    struct exo_pe *pe, const struct stage_attack *v, unsigned n)
{
	int again = stage_again(pe);

	for (unsigned i = 0; i < n; i++) {
		if (!same_text(pe->arg, v[i].name))
			continue;
		stage_run(pe, v[i].attack, again);
		return 0;
	}
	return 1;
}

#endif
