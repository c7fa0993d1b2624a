/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Program vectors, run: those that we accept return what Linux's do.
 *
 * Reads $EXOPF_VECTORS/linux-6.1-verifier.jsonl.xz, verifies each program and
 * runs the accepted ones in a world of maps and helpers, as often and on the
 * packets that the vector says, within the steps that were proven. Maps hold
 * what Linux's test_verifier.c puts there: the int 28 at the start of each
 * array's element, 0xabcdef12 at byte 28; program arrays as documented there.
 * Socket programs get the packet behind its 14 bytes of Ethernet header, as
 * Linux's BPF_PROG_TEST_RUN gives it to them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/core/world.h"
#include "exo/hosted/batch_in.h"
#include "exo/hosted/batch_int.h"
#include "exo/hosted/hex.h"
#include "tests/support/mem.h"
#include "verifier/verifier.h"

#define ANY_RESULT 13303370
#define FUEL_TAIL  10000 /* what another program may take after a tail call */
#define ETHER      14

/* Where our result differs, and may. */
static const struct {
	int64_t id;
	const char *why;
} licensed[] = {
	{ 461, "wire_len is the length on the wire; Linux's test run has 0" },
	{ 1175, "a pointer is the index of a tail call: addresses differ" },
};

static uint64_t programs, runs, wrong, excused;

/* return 42; return 24; tail-call slot 1 of this program array, or 41 */
static struct exo_insn ret42[] = { { EXO_ALU64 | EXO_MOV, 0, 0, 42 },
	{ EXO_JMP | EXO_EXIT, 0, 0, 0 } };
static struct exo_insn ret24[] = { { EXO_ALU64 | EXO_MOV, 0, 0, 24 },
	{ EXO_JMP | EXO_EXIT, 0, 0, 0 } };
static struct exo_insn again[] = { { EXO_ALU64 | EXO_MOV, 3, 0, 1 },
	{ EXO_LD | EXO_IMM | EXO_DW, 2 | EXO_LDDW_MAP << 4, 0, 0 },
	{ 0, 0, 0, 0 }, { EXO_JMP | EXO_CALL, 0, 0, 12 },
	{ EXO_ALU64 | EXO_MOV, 0, 0, 41 }, { EXO_JMP | EXO_EXIT, 0, 0, 0 } };
static struct exo_world_prog slots[3];

static void fill_slots(struct exo_world *w, uint32_t map, uint32_t type,
    uint32_t first, uint32_t last)
{
	again[1].imm = (int32_t)map;
	slots[0] = (struct exo_world_prog){ ret42, 2, type, NULL };
	slots[1] = (struct exo_world_prog){ again, 6, type, NULL };
	slots[2] = (struct exo_world_prog){ ret24, 2, type, NULL };
	if (exo_world_slot(w, map, first, &slots[0]) != 0 ||
	    exo_world_slot(w, map, 1, &slots[1]) != 0 ||
	    exo_world_slot(w, map, last, &slots[2]) != 0)
		abort();
}

static void fill_value(struct exo_world *w, uint32_t map, uint32_t size)
{
	static const uint8_t magic[] = { 0x12, 0xef, 0xcd, 0xab };
	uint8_t value[48] = { 28 };
	uint32_t key = 0;

	memcpy(value + 28, magic, sizeof(magic));
	if (size > sizeof(value) || exo_world_update(w, map, &key, value) != 0)
		abort();
}

/* What the vector's names of maps stand for. */
static void fill_maps(struct exo_world *w, const struct cmd_batch_line *l)
{
	const json_t *maps = cmd_batch_member(l->root, "maps");
	size_t i;

	for (i = 0; i < json_array_size(maps); i++) {
		const json_t *m = json_array_get(maps, i);
		const char *name = json_string_value(json_object_get(m, "map"));
		json_int_t at = json_integer_value(json_object_get(m, "insn"));
		uint32_t map = (uint32_t)l->insns[at].imm;

		if (strcmp(name, "prog1") == 0)
			fill_slots(w, map, l->type, 0, 2);
		else if (strcmp(name, "prog2") == 0)
			fill_slots(w, map, l->type, 7, 2);
		else if (l->maps[map].kind == EXO_MAP_ARRAY)
			fill_value(w, map, l->maps[map].value_size);
	}
}

static int event(void *arg, uint32_t map, const uint8_t *data, uint32_t size,
    const uint8_t *pkt, uint32_t npkt)
{
	(void)arg;
	(void)map;
	(void)data;
	(void)size;
	(void)pkt;
	(void)npkt;
	return 0;
}

static bool is_licensed(int64_t id)
{
	size_t i;

	for (i = 0; i < sizeof(licensed) / sizeof(licensed[0]); i++) {
		if (licensed[i].id == id)
			return true;
	}
	return false;
}

static void judge(const struct cmd_batch_line *l, const json_t *run,
    const char *engine, enum isa_end end, uint64_t r0)
{
	json_int_t want = json_integer_value(json_object_get(run, "retval"));
	bool any =
	    json_is_true(json_object_get(run, "any")) || want == ANY_RESULT;

	runs++;
	if ((end == ISA_END_EXIT || end == ISA_END_REJECT) &&
	    (any || (uint32_t)r0 == (uint32_t)want))
		return;
	if (is_licensed(l->id)) {
		excused++;
		return;
	}
	wrong++;
	printf("wrong: %" PRId64 " %.*s: %s: end %d, result %" PRIu32
	       ", expected %" PRIu32 "\n",
	    l->id, (int)l->name_len, l->name, engine, (int)end, (uint32_t)r0,
	    (uint32_t)want);
}

/* What tail calls lead to, compiled, too; maps by the vector's. */
static void compile_slots(struct exo_world *w, const struct cmd_batch_line *l,
    struct exo_mem *mem, struct exo_world_code *codes[3])
{
	const struct vf_limits limits = { .explored = 0 };
	struct exo_report report;
	struct vf_prog *prog;
	unsigned i;

	for (i = 0; i < 3; i++) {
		const struct vf_input in = {
			.insns = slots[i].insns,
			.ninsns = slots[i].ninsns,
			.type = l->type,
			.maps = l->maps,
			.nmaps = l->nmaps,
		};

		if (vf_verify(&in, &limits, mem, &prog, &report) != 0 ||
		    exo_world_compile(w, prog, 0, &codes[i]) != 0)
			abort();
		vf_prog_free(prog, mem);
		slots[i].code = codes[i];
	}
}

static void run_compiled(struct exo_world *w, const struct cmd_batch_line *l,
    const json_t *run, const struct vf_prog *prog, struct exo_mem *mem)
{
	struct exo_world_code *code, *codes[3] = { NULL, NULL, NULL };
	unsigned i;

	if (vf_prog_facts(prog)->tail_calls)
		compile_slots(w, l, mem, codes);
	if (exo_world_compile(w, prog, 0, &code) != 0)
		abort();
	judge(l, run, "compiled", ISA_END_EXIT, exo_world_exec(w, code));
	exo_world_code_free(w, code);
	for (i = 0; i < 3; i++)
		exo_world_code_free(w, codes[i]);
}

/* On one engine, in a world of its own. */
static void run_one(const struct cmd_batch_line *l, const json_t *run,
    const struct vf_prog *prog, struct exo_mem *mem, bool compiled)
{
	const struct vf_facts *facts = vf_prog_facts(prog);
	struct exo_world_config cfg = { .mem = mem,
		.maps = l->maps,
		.nmaps = l->nmaps,
		.seed = 1,
		.event = event };
	const char *hex = json_string_value(json_object_get(run, "data"));
	uint32_t skip = l->type == EXO_PROG_SOCKET ? ETHER : 0, bad;
	uint8_t data[64] = { 0 };
	struct isa_pkt pkt = { .data = data + skip,
		.caplen = sizeof(data) - skip,
		.wirelen = sizeof(data) - skip,
		.ifindex = 1 };
	struct exo_world *w;
	uint64_t r0 = 0, fuel;
	enum isa_end end;
	unsigned i, byte;

	for (i = 0; hex != NULL && i < sizeof(data); i++) {
		if (sscanf(hex + (size_t)2 * i, "%2x", &byte) != 1)
			abort();
		data[i] = (uint8_t)byte;
	}
	if (exo_world_new(&cfg, &w) != 0)
		abort();
	fill_maps(w, l);
	if (isa_load(exo_world_vm(w), l->type, l->insns, l->ninsns, &bad) !=
	        0 ||
	    exo_world_pkt(w, &pkt) != 0)
		abort();
	fuel = facts->max_steps + (facts->tail_calls ? FUEL_TAIL : 0);
	if (compiled) {
		run_compiled(w, l, run, prog, mem);
	} else {
		end = exo_world_run(w, fuel, &r0);
		judge(l, run, "interpreted", end, r0);
	}
	exo_world_free(w);
}

static void check(const struct cmd_batch_line *l)
{
	const struct vf_input in = {
		.insns = l->insns,
		.ninsns = l->ninsns,
		.type = l->type,
		.maps = l->maps,
		.nmaps = l->nmaps,
	};
	const struct vf_limits limits = { .explored = 0 };
	struct exo_mem mem = mem_heap(NULL);
	const json_t *list = cmd_batch_member(l->root, "runs");
	struct exo_report report;
	struct vf_prog *prog;
	size_t i;

	if (vf_verify(&in, &limits, &mem, &prog, &report) != 0)
		return;
	programs++;
	for (i = 0; i < json_array_size(list); i++) {
		run_one(l, json_array_get(list, i), prog, &mem, false);
		run_one(l, json_array_get(list, i), prog, &mem, true);
	}
	vf_prog_free(prog, &mem);
}

int main(void)
{
	const char *dir = getenv("EXOPF_VECTORS");
	static struct cmd_batch_line l;
	struct cmd_lines *in;
	const char *text;
	char path[4096];
	size_t len;

	if (dir == NULL) {
		puts("skip - vectors_run: EXOPF_VECTORS is not set");
		return 0;
	}
	snprintf(path, sizeof(path), "%s/linux-6.1-verifier.jsonl.xz", dir);
	in = cmd_lines_open(path, NULL);
	if (in == NULL)
		return 2;
	while (cmd_lines_next(in, &text, &len) == CMD_LINE_WHOLE) {
		if (cmd_batch_line_read(&l, text, len))
			check(&l);
		cmd_batch_line_free(&l);
	}
	cmd_lines_close(in);
	printf("vectors_run: %" PRIu64 " programs accepted, %" PRIu64
	       " runs, %" PRIu64 " wrong (%" PRIu64 " licensed)\n",
	    programs, runs, wrong, excused);
	return wrong == 0 && runs != 0 ? 0 : 1;
}
