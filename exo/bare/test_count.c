/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many instructions it takes the core to bring one packet to a ring, by the time
 * stamp counter (tests/bare/count.sh says how). Each number is the least of several.
 *
 * Bindings are for one destination address each; the packet is for the last. What the
 * exact ones say is all in the index; the others ask something besides that is in no
 * index, so that the program runs.
 */
#include "exo/abi/ctx.h"
#include "exo/abi/image.h"
#include "exo/abi/insn.h"
#include "exo/bare/heap.h"
#include "exo/bare/panic.h"
#include "exo/bare/serial.h"
#include "exo/bare/test.h"
#include "exo/bare/x86.h"
#include "exo/core/core.h"
#include "exo/lib/bug.h"
#include "exo/lib/mem.h"

#define RING  16384u
#define TIMES 32u
#define SIZE  60u /* bytes of the packet */
#define FEW   8u  /* bindings are asked in order: exo_core_config.linear */

#define LOAD(size, at)                                         \
	{                                                      \
		.code = EXO_LD | EXO_ABS | (size), .imm = (at) \
	}
#define JUMP_NE(v, to)                                                       \
	{                                                                    \
		.code = EXO_JMP32 | EXO_JNE | EXO_K, .off = (to), .imm = (v) \
	}
#define SET(v)                                                  \
	{                                                       \
		.code = EXO_ALU64 | EXO_MOV | EXO_K, .imm = (v) \
	}

/* For IPv4 and an address; and, if it is not exact, a sum of two numbers is even. */
#define ADDRESS 4u
static const struct exo_insn program[] = {
	{ .code = EXO_ALU64 | EXO_MOV | EXO_X, .regs = 0x16 },
	LOAD(EXO_H, 12),
	JUMP_NE(0x800, 9),
	LOAD(EXO_W, 30),
	JUMP_NE(0, 7),
	LOAD(EXO_H, 16),
	{ .code = EXO_ALU64 | EXO_MOV | EXO_X, .regs = 0x07 },
	LOAD(EXO_H, 18),
	{ .code = EXO_ALU64 | EXO_ADD | EXO_X, .regs = 0x70 },
	{ .code = EXO_JMP | EXO_JSET | EXO_K, .off = 2, .imm = 1 },
	SET(262144),
	{ .code = EXO_JMP | EXO_EXIT },
	SET(0),
	{ .code = EXO_JMP | EXO_EXIT },
};
static const struct exo_insn exact[] = {
	{ .code = EXO_ALU64 | EXO_MOV | EXO_X, .regs = 0x16 },
	LOAD(EXO_H, 12),
	JUMP_NE(0x800, 4),
	LOAD(EXO_W, 30),
	JUMP_NE(0, 2),
	SET(262144),
	{ .code = EXO_JMP | EXO_EXIT },
	SET(0),
	{ .code = EXO_JMP | EXO_EXIT },
};

static struct {
	struct exo_image_hdr hdr;
	struct exo_image_section row;
	struct exo_insn insns[14];
} image;

struct world {
	struct exo_core *core;
	struct exo_ring *ring;
	uint64_t env;
	struct exo_key key;
	uint64_t last; /* binding */
};

static void make_image(const struct exo_insn *insns, uint32_t size, uint32_t i)
{
	uint32_t whole =
	    (uint32_t)(sizeof(image.hdr) + sizeof(image.row)) + size;

	image.hdr = (struct exo_image_hdr){ EXO_IMAGE_MAGIC, EXO_IMAGE_VERSION,
		EXO_PROG_SOCKET, whole, 1, 0 };
	image.row = (struct exo_image_section){ EXO_SEC_INSNS,
		sizeof(image.hdr) + sizeof(image.row), size, 0 };
	memcpy(image.insns, insns, size);
	image.insns[ADDRESS].imm = 0x0a000000 + (int32_t)i;
}

static void bind(struct world *w, bool is_exact, uint32_t i)
{
	struct exo_call_bind a = { .key = w->key,
		.image = (uintptr_t)&image,
		.linktype = 1,
		.mode = EXO_BIND_TAP,
		.snap = SIZE };

	if (is_exact)
		make_image(exact, sizeof(exact), i);
	else
		make_image(program, sizeof(program), i);
	a.image_size = image.hdr.size;
	exo_assert(
	    exo_call(w->core, w->env, EXO_CALL_BIND_NR, &a, sizeof(a)) == 0);
	w->last = a.out_binding;
}

static void begin_world(struct world *w, const struct exo_core_config *cfg)
{
	struct exo_env_args args = { .ring_size = RING };

	w->ring = heap_get(sizeof(*w->ring) + RING);
	exo_assert(w->ring != NULL && exo_core_new(cfg, &w->core) == 0);
	args.ring = w->ring;
	exo_assert(
	    exo_env_new(w->core, &args, &w->env) == 0 &&
	    exo_grant(w->core, w->env, EXO_RIGHT_ALL, NULL, &w->key) == 0);
}

static void end_world(struct world *w)
{
	exo_core_free(w->core);
	heap_put(w->ring, sizeof(*w->ring) + RING);
}

static void begin(struct world *w, bool judge, bool is_exact, uint32_t n)
{
	const struct exo_core_config cfg = { .judge = judge };
	uint32_t size;

	begin_world(w, &cfg);
	for (uint32_t i = 1; i <= n; i++)
		bind(w, is_exact, i);
	/* the index answers for exact ones, which are not compiled */
	exo_assert((exo_binding_code(w->core, w->last, &size) == NULL) ==
	           (is_exact && n > FEW));
}

static uint32_t once(struct world *w, struct exo_pkt *p)
{
	uint64_t from, to;

	from = x86_rdtsc();
	if (p != NULL)
		exo_ingest(w->core, p, 1);
	to = x86_rdtsc();
	__atomic_store_n(&w->ring->tail, w->ring->head, __ATOMIC_RELEASE);
	return (uint32_t)(to - from);
}

static uint32_t least(struct world *w, struct exo_pkt *p)
{
	uint32_t min = UINT32_MAX;

	for (uint32_t i = 0; i < TIMES; i++) {
		uint32_t n = once(w, p);

		min = n < min ? n : min;
	}
	return min;
}

static void say(const char *name, uint32_t number)
{
	serial_str(name);
	serial_str(" ");
	serial_u64(number);
	serial_str("\n");
}

/* n bindings; the packet is for the last, or for nobody. */
static void count(
    const char *name, bool judge, bool is_exact, uint32_t n, bool hit)
{
	uint8_t bytes[SIZE] = { [12] = 8,
		[14] = 0x45,
		[17] = 46,
		[22] = 64,
		[23] = 17,
		[30] = 10 };
	struct exo_pkt p = {
		.data = bytes, .caplen = SIZE, .wirelen = SIZE, .linktype = 1
	};
	struct world w;
	uint32_t all;

	bytes[33] = (uint8_t)(hit ? n : n + 1);
	begin(&w, judge, is_exact, n);
	all = least(&w, &p) - least(&w, NULL);
	exo_assert(p.matched == (hit ? 1 : 0));
	say(name, all);
	end_world(&w);
}

static int sent(
    void *arg, struct plat_env *env, const uint8_t *packet, uint32_t n)
{
	(void)env;
	(void)packet;
	(void)n;
	++*(uint32_t *)arg;
	return 0;
}

/* A handler that returns the packet: all that the core does about an answer, up to the
 * card's driver. */
static void count_answer(void)
{
	static const struct exo_insn answer[] = { SET(3), /* XDP_TX */
		{ .code = EXO_JMP | EXO_EXIT } };
	uint8_t bytes[SIZE] = { [12] = 8 };
	struct exo_pkt p = {
		.data = bytes, .caplen = SIZE, .wirelen = SIZE, .linktype = 1
	};
	uint32_t answers = 0, all;
	const struct exo_core_config cfg = { .send = sent,
		.send_arg = &answers };
	struct exo_call_bind a = { .image = (uintptr_t)&image,
		.linktype = 1,
		.mode = EXO_BIND_EXCLUSIVE,
		.flags = EXO_BIND_ASH,
		.snap = SIZE };
	struct world w;

	begin_world(&w, &cfg);
	make_image(answer, sizeof(answer), 0);
	image.hdr.type = EXO_PROG_XDP;
	a.key = a.send = w.key;
	a.image_size = image.hdr.size;
	exo_assert(
	    exo_call(w.core, w.env, EXO_CALL_BIND_NR, &a, sizeof(a)) == 0);
	all = least(&w, &p) - least(&w, NULL);
	exo_assert(answers == TIMES);
	say("ash_answer", all);
	end_world(&w);
}

_Noreturn void test_count(void)
{
	/* in order */
	count("demux_exact_1", false, true, 1, true);
	count("demux_program_1", false, false, 1, true);
	/* by index */
	count("demux_exact_9", false, true, 9, true);
	count("demux_exact_100", false, true, 100, true);
	count("demux_program_9", false, false, 9, true);
	count("demux_program_100", false, false, 100, true);
	count("demux_nobody_100", false, false, 100, false);
	/* by both engines: the interpreter is the judge, and nothing else */
	count("demux_judged_1", true, false, 1, true);
	count("demux_judged_100", true, false, 100, true);
	count_answer();
	panic_exit(0);
}
