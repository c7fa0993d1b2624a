/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A classic program on its way through the product: converted, verified, run.
 *
 * The run is held to what the verifier proved: its fuel is max_steps, and the
 * stack that is cleared is the stack that a run may touch. Header only, so
 * that every test program can have it.
 */
#ifndef TESTS_SUPPORT_CBPF_RUN_H
#define TESTS_SUPPORT_CBPF_RUN_H

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/isa/interp.h"
#include "filters/filters.h"
#include "verifier/verifier.h"

_Static_assert(sizeof(struct flt_cbpf) == sizeof(struct bpf_insn),
    "one array serves both sides");

struct cbpf_run {
	struct exo_mem mem;
	struct vf_prog *prog;
	const struct vf_facts *facts;
	const struct exo_insn *insns;
	uint32_t ninsns;
	struct isa_vm vm;
	int converted, verified; /* results of the two steps */
	char why[320];           /* which failed, and why */
};

static void *cbpf_run_get(void *ctx, size_t size)
{
	(void)ctx;
	return malloc(size);
}

static void cbpf_run_put(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	free(p);
}

/* Verify insns and make the interpreter ready. */
static inline bool cbpf_run_verify(
    struct cbpf_run *r, const struct exo_insn *insns, uint32_t n)
{
	struct vf_input in = {
		.insns = insns,
		.ninsns = n,
		.type = EXO_PROG_SOCKET,
		.refuse_leaks = true,
	};
	struct vf_limits limits = {
		.explored = VF_EXPLORED_DEFAULT,
		.mem = VF_MEM_DEFAULT,
	};
	struct exo_report report;
	uint32_t bad;
	int ret = vf_verify(&in, &limits, &r->mem, &r->prog, &report);

	r->verified = ret;
	if (ret < 0) {
		snprintf(r->why, sizeof(r->why),
		    "refused: error %d, VF%u at instruction %u of %u", ret,
		    report.code, report.insn, n);
		return false;
	}
	r->facts = vf_prog_facts(r->prog);
	r->insns = vf_prog_insns(r->prog, &r->ninsns);
	if (isa_load(&r->vm, EXO_PROG_SOCKET, r->insns, r->ninsns, &bad) < 0) {
		snprintf(r->why, sizeof(r->why),
		    "verified, but instruction %u is none", bad);
		return false;
	}
	r->vm.stack = r->facts->stack;
	return true;
}

/* Convert, verify, load. On false r->why says what happened. */
static inline bool cbpf_run_make(
    struct cbpf_run *r, const struct flt_cbpf *insns, uint32_t n)
{
	struct flt_code code = { NULL, 0, 0 };
	struct flt_error err;
	bool ok;

	memset(r, 0, sizeof(*r));
	r->mem.get = cbpf_run_get;
	r->mem.put = cbpf_run_put;
	r->converted = flt_cbpf_convert(insns, n, &code, &err);
	if (r->converted < 0) {
		snprintf(r->why, sizeof(r->why), "not converted: %s", err.text);
		flt_code_free(&code);
		return false;
	}
	ok = cbpf_run_verify(r, code.insns, code.n);
	flt_code_free(&code);
	return ok;
}

static inline void cbpf_run_free(struct cbpf_run *r)
{
	vf_prog_free(r->prog, &r->mem);
	r->prog = NULL;
}

/* Run on a packet. False: the run trapped, or took more steps than proven. */
static inline bool cbpf_run_on(struct cbpf_run *r, const uint8_t *data,
    uint32_t caplen, uint32_t wirelen, uint64_t *result)
{
	struct isa_pkt pkt = {
		.data = data,
		.caplen = caplen,
		.wirelen = wirelen,
	};
	enum isa_end end;

	isa_set_pkt(&r->vm, &pkt);
	r->vm.fuel = r->facts->max_steps;
	end = isa_run(&r->vm, result);
	return end == ISA_END_EXIT || end == ISA_END_REJECT;
}

/* What libpcap's own evaluator makes of it. */
static inline uint32_t cbpf_run_libpcap(const struct flt_cbpf *insns,
    const uint8_t *data, uint32_t caplen, uint32_t wirelen)
{
	return bpf_filter(
	    (const struct bpf_insn *)insns, data, wirelen, caplen);
}

/* A small generator of random numbers (xorshift64*). */
static inline uint32_t cbpf_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)((*state * 0x2545f4914f6cdd1du) >> 32);
}

#endif
