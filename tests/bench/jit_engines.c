/* SPDX-License-Identifier: BSD-2-Clause */
/* The engines that need no other than this process: C, libpcap, ours. */
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "exo/core/world.h"
#include "exo/maps/map.h"
#include "tests/bench/jit_engine.h"
#include "tests/bench/jit_yard.h"
#include "tests/support/mem.h"

_Static_assert(sizeof(struct flt_cbpf) == sizeof(struct bpf_insn),
    "one array serves both sides");

#define HELPER_LOOKUP 1u

uint64_t jb_sum;
struct exo_mem jb_mem = { .get = mem_get, .put = mem_put };

double jb_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static const struct jb_pkt *at(
    const struct jb_set *set, uint32_t start, uint32_t i)
{
	return &set->pkts[set->order[(start + i) & (JB_ORDER - 1)]];
}

/*
 * C and our compiled code: one loop for both
 */

struct callee {
	jit_fn *volatile fn;
};

static uint64_t callee_one(void *state, const struct jb_pkt *p)
{
	struct callee *c = state;

	return c->fn(p->ctx, p->data, p->caplen);
}

/* Aligned, so that it is as fast whatever else is in this file. */
__attribute__((aligned(64))) static double callee_time(
    void *state, const struct jb_set *set, uint32_t start, uint32_t n)
{
	struct callee *c = state;
	double begin = jb_now_ns();
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < n; i++) {
		const struct jb_pkt *p = at(set, start, i);

		sum += c->fn(p->ctx, p->data, p->caplen);
	}
	jb_sum += sum;
	return jb_now_ns() - begin;
}

/* Each call opens the row's next C function. */
static void *c_open(struct jb_row *row, char why[JB_WHY])
{
	static const struct jb_row *last;
	static uint32_t next;
	struct callee *c;

	if (row != last)
		next = 0;
	last = row;
	if (next == JB_YARDS || row->yards[next].name == NULL) {
		snprintf(why, JB_WHY, "no more");
		return NULL;
	}
	c = jb_get(sizeof(*c));
	c->fn = row->yards[next++].fn;
	return c;
}

const struct jb_engine jb_c = {
	.name = "C",
	.open = c_open,
	.one = callee_one,
	.time = callee_time,
};

struct vf_prog *jb_verify(const struct jb_row *row)
{
	const struct vf_limits limits = VF_LIMITS_TOOL;
	struct vf_input in = {
		.insns = row->insns,
		.ninsns = row->ninsns,
		.type = row->type,
		.refuse_leaks = true,
		.maps = row->maps,
		.nmaps = row->nmaps,
	};
	struct exo_report report;
	struct vf_prog *prog;

	if (vf_verify(&in, &limits, &jb_mem, &prog, &report) != 0)
		jb_die("%s: refused: VF%03u at instruction %u", row->name,
		    report.code, report.insn);
	return prog;
}

static uint64_t lookup_helper(uint64_t r1, uint64_t r2, uint64_t r3,
    uint64_t r4, uint64_t r5, struct jit_ctx *ctx)
{
	(void)r3;
	(void)r4;
	(void)r5;
	(void)ctx;
	return (uintptr_t)map_lookup(
	    (const struct map *)(uintptr_t)r1, (const void *)(uintptr_t)r2);
}

static jit_helper *env_helper(const struct jit_env *env, uint32_t nr)
{
	(void)env;
	return nr == HELPER_LOOKUP ? lookup_helper : NULL;
}

static uint64_t env_name(const struct jit_env *env, uint32_t src, uint64_t imm)
{
	(void)env;
	return src == EXO_LDDW_MAP && imm == 0 ? (uintptr_t)yard_map : 0;
}

static void put_in_map(void *arg, const void *key, const void *value)
{
	if (map_update(arg, key, value, MAP_ANY) != 0)
		jb_die("the map is full");
}

const struct jit_env *jb_env(const struct jb_row *row)
{
	static const struct jit_env env = { env_helper, env_name, NULL };
	static const struct exo_sipkey key = { 1, 2 };

	if (row->nmaps == 0)
		return NULL;
	if (yard_map == NULL) {
		if (map_new(row->maps, &jb_mem, &key, &yard_map) != 0)
			jb_die("no map");
		jb_map_fill(put_in_map, yard_map);
	}
	return &env;
}

static void *compile(struct jb_row *row, uint32_t harden, char why[JB_WHY])
{
	const struct jit_options opt = { .passes = JIT_PASSES_ALL,
		.harden = harden,
		.seed = 0x243f6a8885a308d3u,
		.cpu = jit_cpu_detect() };
	struct vf_prog *prog = jb_verify(row);
	struct callee *c = jb_get(sizeof(*c));
	struct jit_code *code;
	int ret = jit_compile(prog, jb_env(row), &opt, &jb_mem, &code);

	vf_prog_free(prog, &jb_mem);
	if (ret != 0) {
		snprintf(why, JB_WHY, "not compiled: error %d", ret);
		return NULL;
	}
	c->fn = jit_way(code)->entry;
	return c;
}

static void *jit_open(struct jb_row *row, char why[JB_WHY])
{
	return compile(row, 0, why);
}

static void *blind_open(struct jb_row *row, char why[JB_WHY])
{
	return compile(row, JIT_HARDEN_BLIND, why);
}

static void *fence_open(struct jb_row *row, char why[JB_WHY])
{
	return compile(row, JIT_HARDEN_FENCE, why);
}

const struct jb_engine jb_blind = {
	.name = "exopf JIT, blinded",
	.open = blind_open,
	.one = callee_one,
	.time = callee_time,
};

const struct jb_engine jb_fence = {
	.name = "exopf JIT, fenced",
	.open = fence_open,
	.one = callee_one,
	.time = callee_time,
};

const struct jb_engine jb_jit = {
	.name = "exopf JIT",
	.ours = true,
	.open = jit_open,
	.one = callee_one,
	.time = callee_time,
};

/*
 * libpcap's evaluator
 */

static void *pcap_open_row(struct jb_row *row, char why[JB_WHY])
{
	if (row->classic != NULL)
		return row->classic;
	snprintf(why, JB_WHY, "no classic program");
	return NULL;
}

static uint64_t pcap_one(void *state, const struct jb_pkt *p)
{
	return bpf_filter(state, p->data, p->ctx->wirelen, (u_int)p->caplen);
}

static double pcap_time(
    void *state, const struct jb_set *set, uint32_t start, uint32_t n)
{
	double begin = jb_now_ns();
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		sum += pcap_one(state, at(set, start, i));
	jb_sum += sum;
	return jb_now_ns() - begin;
}

const struct jb_engine jb_libpcap = {
	.name = "libpcap",
	.open = pcap_open_row,
	.one = pcap_one,
	.time = pcap_time,
};

/*
 * Our interpreter, held to what the verifier proved
 */

struct interp {
	struct isa_vm *vm;
	struct exo_world *world; /* of a program with maps; else NULL */
	uint64_t fuel;
};

static void put_in_world(void *arg, const void *key, const void *value)
{
	if (exo_world_update(arg, 0, key, value) != 0)
		jb_die("the map of the interpreter is full");
}

static void *interp_open(struct jb_row *row, char why[JB_WHY])
{
	struct exo_world_config cfg = {
		.mem = &jb_mem,
		.maps = row->maps,
		.nmaps = row->nmaps,
		.hash = { 1, 2 },
	};
	struct interp *in = jb_get(sizeof(*in));
	struct vf_prog *prog = jb_verify(row);
	const struct exo_insn *insns;
	uint32_t n, bad;

	if (row->nmaps != 0) {
		if (exo_world_new(&cfg, &in->world) != 0)
			jb_die("%s: no world", row->name);
		jb_map_fill(put_in_world, in->world);
		in->vm = exo_world_vm(in->world);
	} else {
		in->vm = jb_get(sizeof(*in->vm));
	}
	insns = vf_prog_insns(prog, &n); /* prog stays */
	if (isa_load(in->vm, row->type, insns, n, &bad) != 0) {
		snprintf(why, JB_WHY, "instruction %u is none", bad);
		return NULL;
	}
	in->vm->stack = vf_prog_facts(prog)->stack;
	in->fuel = vf_prog_facts(prog)->max_steps;
	return in;
}

static inline uint64_t interp_run(struct interp *in, const struct jb_pkt *p)
{
	struct isa_pkt pkt = {
		.data = p->data,
		.caplen = (uint32_t)p->caplen,
		.wirelen = p->ctx->wirelen,
	};
	enum isa_end end;
	uint64_t r0;

	isa_set_pkt(in->vm, &pkt);
	if (in->world != NULL) {
		end = exo_world_run(in->world, in->fuel, &r0);
	} else {
		in->vm->fuel = in->fuel;
		end = isa_run(in->vm, &r0);
	}
	if (end != ISA_END_EXIT && end != ISA_END_REJECT)
		jb_die("the interpreter stopped: %d", (int)end);
	return r0;
}

static uint64_t interp_one(void *state, const struct jb_pkt *p)
{
	return interp_run(state, p);
}

static double interp_time(
    void *state, const struct jb_set *set, uint32_t start, uint32_t n)
{
	double begin = jb_now_ns();
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		sum += interp_run(state, at(set, start, i));
	jb_sum += sum;
	return jb_now_ns() - begin;
}

uint64_t jb_interp_steps(void *state, const struct jb_pkt *p)
{
	struct interp *in = state;

	(void)interp_run(in, p);
	return in->fuel - in->vm->fuel;
}

const struct jb_engine jb_interp = {
	.name = "exopf interpreter",
	.ours = true,
	.open = interp_open,
	.one = interp_one,
	.time = interp_time,
};
