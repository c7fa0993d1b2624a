/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzer: programs that call helpers, in a world with maps of every kind.
 *
 * Byte 0: program type; the rest, four bytes each, are steps of a program
 * written here: a helper with arguments that its row allows (some of them
 * spoiled), loads and stores through what helpers gave, calls, jumps. A
 * program need not make sense; many trap. Each runs twice in a new world, and
 * both runs must end alike, byte for byte; the packet's room and the records
 * of the ring buffer must be whole afterwards, and all memory given back.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exo/core/world.h"
#include "exo/isa/helpers.h"
#include "tests/support/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUEL  20000u
#define INSNS 512u
#define LEN   60u

static const struct exo_map_def defs[] = {
	{ EXO_MAP_ARRAY, 4, 12, 3, 0 },
	{ EXO_MAP_HASH, 4, 12, 3, 0 },
	{ EXO_MAP_RINGBUF, 0, 0, 4096, 0 },
	{ EXO_MAP_PROG_ARRAY, 4, 4, 3, 0 },
	{ EXO_MAP_PERF_EVENT_ARRAY, 4, 4, 2, 0 },
	{ EXO_MAP_ARRAY, 4, 12, 1, EXO_MAP_RDONLY_PROG },
	{ EXO_MAP_HASH, 4, 12, 1, EXO_MAP_WRONLY_PROG },
	{ EXO_MAP_QUEUE, 0, 12, 3, 0 },
	{ EXO_MAP_STACK, 0, 12, 3, 0 },
	{ EXO_MAP_LRU_HASH, 4, 12, 2, 0 },
	{ EXO_MAP_LPM_TRIE, 8, 12, 3, EXO_MAP_NO_PREALLOC },
};
#define NDEFS (sizeof(defs) / sizeof(defs[0]))

static struct exo_insn insns[INSNS];
static uint32_t n;
static uint64_t sum; /* of all that a run left to see */

static void note(const void *p, size_t size)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ b[i]) * 0x100000001b3u;
}

static int event(void *arg, uint32_t map, const uint8_t *data, uint32_t size,
    const uint8_t *pkt, uint32_t npkt)
{
	(void)arg;
	note(&map, sizeof(map));
	note(data, size);
	note(pkt, npkt);
	return -(int)(size % 3);
}

static void emit(unsigned code, unsigned dst, unsigned src, int off, int imm)
{
	insns[n++] = (struct exo_insn){ (uint8_t)code,
		(uint8_t)(dst | src << 4), (int16_t)off, imm };
}

static void lddw(unsigned dst, unsigned src, int imm)
{
	emit(EXO_LD | EXO_IMM | EXO_DW, dst, src, 0, imm);
	emit(0, 0, 0, 0, 0);
}

static int map_for(enum isa_arg kind, uint8_t pick)
{
	switch (kind) {
	case ISA_ARG_MAP_RING:
		return 2;
	case ISA_ARG_MAP_TAIL:
		return 3;
	case ISA_ARG_MAP_PERF:
		return 4;
	case ISA_ARG_MAP_QUEUE:
		return 7 + pick % 2;
	default:
		return (int[]){ 0, 1, 5, 6, 9, 10 }[pick % 6];
	}
}

/* Registers r6 to r9 hold the context and the last three results. */
static void argument(unsigned reg, enum isa_arg kind, uint8_t pick)
{
	switch (kind) {
	case ISA_ARG_NONE:
		return;
	case ISA_ARG_SCALAR:
	case ISA_ARG_PRINTED:
		emit(EXO_ALU64 | EXO_MOV | EXO_K, reg, 0, 0, (int8_t)pick / 8);
		return;
	case ISA_ARG_CTX:
		emit(EXO_ALU64 | EXO_MOV | EXO_X, reg, 6, 0, 0);
		return;
	case ISA_ARG_KEY:
	case ISA_ARG_VALUE:
	case ISA_ARG_OUT_VALUE:
	case ISA_ARG_MEM:
	case ISA_ARG_MEM_OR_NULL:
	case ISA_ARG_OUT:
	case ISA_ARG_STACK_OR_NULL:
		emit(EXO_ALU64 | EXO_MOV | EXO_X, reg,
		    pick % 8 == 0 ? 7 + pick / 8 % 3 : 10, 0, 0);
		emit(EXO_ALU64 | EXO_ADD | EXO_K, reg, 0, 0,
		    pick % 8 == 0 ? 0 : -16 - 4 * (pick % 3));
		return;
	case ISA_ARG_SIZE:
	case ISA_ARG_SIZE0:
	case ISA_ARG_CONST_SIZE:
		emit(EXO_ALU64 | EXO_MOV | EXO_K, reg, 0, 0,
		    pick >= 250 ? pick * 20 : pick % 17);
		return;
	case ISA_ARG_RING:
		emit(EXO_ALU64 | EXO_MOV | EXO_X, reg, 7 + pick % 3, 0, 0);
		return;
	case ISA_ARG_FUNC:
		lddw(reg, EXO_LDDW_FUNC, pick % 12);
		return;
	default:
		lddw(reg, EXO_LDDW_MAP, map_for(kind, pick));
		return;
	}
}

static void call(const uint8_t *p)
{
	const struct isa_helper *row = &isa_helpers[p[1] % isa_nhelpers];
	unsigned keep = 7 + p[3] % 3;

	for (unsigned reg = 1; reg <= ISA_ARGS; reg++)
		argument(reg, (enum isa_arg)row->arg[reg - 1],
		    (uint8_t)(p[2] * reg + p[3]));
	emit(EXO_JMP | EXO_CALL, 0, 0, 0, (int)row->nr);
	emit(EXO_ALU64 | EXO_MOV | EXO_X, keep, 0, 0, 0);
}

static void step(const uint8_t *p)
{
	static const unsigned sizes[] = { EXO_B, EXO_H, EXO_W, EXO_DW };
	unsigned a = 6 + p[1] % 5, b = 7 + p[2] % 3, size = sizes[p[1] / 5 % 4];
	int off = (int8_t)p[3] / 4;

	switch (p[0] % 12) {
	default:
		call(p);
		return;
	case 6: /* what a helper gave may be null */
		emit(EXO_JMP | EXO_JEQ | EXO_K, b, 0, 1, 0);
		emit(EXO_STX | EXO_MEM | size, b, b, off, 0);
		return;
	case 7:
		emit(EXO_JMP | EXO_JEQ | EXO_K, b, 0, 1, 0);
		emit(EXO_LDX | EXO_MEM | size, b, a, off, 0);
		return;
	case 8: /* the packet's begin */
		emit(
		    EXO_LDX | EXO_MEM | EXO_W, b, 6, p[3] % 2 == 0 ? 0 : 76, 0);
		return;
	case 9:
		emit(EXO_ALU64 | EXO_ADD | EXO_K, b, 0, 0, off);
		return;
	case 10:
		emit(EXO_JMP | EXO_JSET | EXO_K, b, 0, off, p[3]);
		return;
	case 11:
		emit(EXO_JMP | EXO_CALL, 0, EXO_CALL_LOCAL, 0, off);
		emit(EXO_ALU64 | EXO_MOV | EXO_K, 0, 0, 0, p[3] & 1);
		emit(EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
		return;
	}
}

static void generate(const uint8_t *data, size_t size)
{
	n = 0;
	emit(EXO_ALU64 | EXO_MOV | EXO_X, 6, 1, 0, 0);
	for (; size >= 4 && n < INSNS - 32; data += 4, size -= 4)
		step(data);
	emit(EXO_ALU64 | EXO_MOV | EXO_K, 0, 0, 0, 0);
	emit(EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
}

static void note_maps(struct exo_world *w)
{
	uint8_t key[8] = { 0 }, value[12];
	uint32_t len, pos;
	const uint8_t *rec;

	for (uint32_t map = 0; map < NDEFS; map++) {
		pos = 0;
		while (exo_world_next(w, map, &pos, key, value) == 0) {
			note(key, sizeof(key));
			note(value, sizeof(value));
		}
		while ((rec = exo_world_record(w, map, &len)) != NULL)
			note(rec, len);
	}
}

/* One world, from birth to end; sums up all that is seen of it. */
static void life(uint32_t type)
{
	static const uint8_t bytes[LEN] = { [12] = 8, 0, 0x45 };
	struct isa_pkt pkt = { bytes, LEN, LEN, 1, 0x0800 };
	struct exo_mem mem = mem_heap(NULL);
	struct exo_world_config cfg = {
		.mem = &mem, .maps = defs, .nmaps = NDEFS, .event = event
	};
	struct exo_world_prog prog = { insns, n, type, NULL };
	struct exo_world *w;
	enum isa_end end;
	uint64_t r0;

	if (exo_world_new(&cfg, &w) != 0 || exo_world_pkt(w, &pkt) != 0)
		abort();
	if (exo_world_slot(w, 3, 0, &prog) != 0)
		abort();
	isa_point(exo_world_vm(w), type, insns, n);
	for (int i = 0; i < 2; i++) {
		end = exo_world_run(w, FUEL, &r0);
		if (end != ISA_END_EXIT && r0 != 0)
			abort();
		note(&end, sizeof(end));
		note(&r0, sizeof(r0));
		note(&exo_world_vm(w)->fuel, sizeof(uint64_t));
		note(exo_world_vm(w)->pkt.data, exo_world_vm(w)->pkt.caplen);
		note_maps(w);
	}
	exo_world_free(w);
	if (mem.used != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t first;
	uint32_t type;

	if (size < 1)
		return 0;
	type = data[0] % 8 == 0 ? EXO_PROG_MEM : 2u + data[0] % 3;
	generate(data + 1, size - 1);
	sum = 0;
	life(type);
	first = sum;
	sum = 0;
	life(type);
	if (sum != first)
		abort(); /* the same world does not run the same */
	return 0;
}
