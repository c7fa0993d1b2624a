/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs in slots: see tails.h. */
#include "tests/support/tails.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/isa/text.h"
#include "tests/support/mem.h"
#include "tests/support/progen.h"

#define INSNS 128u

_Static_assert(TAILS == PROGEN_TAILS, "a slot for each");

/* It has frames of its own, and other values in registers that are kept. */
#define FRAME(own, next)                \
	"f" own ": r6 = 2" own "\n"     \
	"*(u64 *)(r10 -64) = " own "\n" \
	"call f" next "\n"              \
	"r1 = *(u64 *)(r10 -64)\n"      \
	"r0 += r1\nr0 += r6\nexit\n"
static const char deep[] =
    "r6 = 11\nr7 = 12\nr8 = 13\nr9 = 14\n"
    "*(u64 *)(r10 -64) = 15\n"
    "call f1\n"
    "r0 += r6\nr0 += r9\nexit\n" FRAME("1", "2") FRAME("2", "3") FRAME("3", "4")
        FRAME("4", "5") FRAME("5", "6")
            FRAME("6", "7") "f7: r0 = 7\n*(u64 *)(r10 -64) = r0\n"
                            "r9 = 9\nexit\n";

/* The packet becomes shorter, mostly. */
static const char change_xdp[] =
    "r6 = r1\ncall get_prandom_u32\nr7 = r0\n"
    "r2 = r7\nr2 &= 31\nr2 -= 8\nr1 = r6\ncall xdp_adjust_head\n"
    "r2 = r7\nr2 >>= 5\nr2 &= 63\nr2 = -r2\nr2 += 8\nr1 = r6\n"
    "call xdp_adjust_tail\n"
    "r1 = r6\nr2 = -8\ncall xdp_adjust_meta\n"
    "r2 = *(u32 *)(r6 +0)\nr3 = *(u32 *)(r6 +4)\n"
    "r4 = r2\nr4 += 14\nif r4 > r3 goto out\n"
    "*(u32 *)(r2 +3) = r7\n*(u16 *)(r2 +12) = 9\n"
    "out: r0 += 3\nexit\n";

static const char change_tc[] =
    "r6 = r1\ncall get_prandom_u32\nr7 = r0\nif r7 & 6 goto pop\n"
    "r1 = r6\nr2 = 0x81\nr3 = 7\ncall skb_vlan_push\n"
    "pop: *(u64 *)(r10 -8) = r7\n"
    "r1 = r6\nr2 = 2\nr3 = r10\nr3 += -8\nr4 = 5\nr5 = 0\n"
    "call skb_store_bytes\n"
    "r2 = *(u32 *)(r6 +76)\nr3 = *(u32 *)(r6 +80)\n"
    "r4 = r2\nr4 += 20\nif r4 > r3 goto out\n"
    "*(u8 *)(r2 +12) = 0x81\n*(u8 *)(r2 +13) = 0\n*(u8 *)(r2 +19) = 9\n"
    "out: r2 = 3\n*(u32 *)(r6 +8) = r2\n*(u32 *)(r6 +52) = r2\n"
    "r1 = r6\ncall skb_vlan_pop\n"
    "r0 += 4\nexit\n";

static const char change_socket[] =
    "r6 = r1\nr2 = 77\n*(u32 *)(r6 +48) = r2\n*(u32 *)(r6 +64) = r2\n"
    "r2 = 3\nr3 = r10\nr3 += -16\nr4 = 16\ncall skb_load_bytes\n"
    "r1 = *(u64 *)(r10 -16)\nr0 += r1\nexit\n";

static const char on[] = "r2 = map[id:7][0]+8\nr3 = *(u64 *)(r2 +0)\nr3 += 1\n"
                         "*(u64 *)(r2 +0) = r3\n"
                         "r2 = map[id:3]\nr3 = 3\ncall tail_call\n"
                         "exit\n";

static const char roam[] = "r6 = r1\ncall get_prandom_u32\n"
                           "r7 = r0\nr7 >>= 4\nr7 %= 12\n"
                           "r1 = r6\nr2 = r7\nif r0 & 1 goto in\n"
                           "r2 = map[id:3]\nr3 = r7\ncall tail_call\n"
                           "r0 = 6\nexit\n"
                           "in: call f\nr0 += r7\nexit\n"
                           "f: r3 = r2\nr2 = map[id:3]\ncall tail_call\n"
                           "r0 = 8\nexit\n";

/* The first load is in the seventh function that a function called back has
 * called back. */
#define LOOP(own, next)                                        \
	"f" own ": r3 = r2\nr1 = 1\nr2 = subprog[f" next "]\n" \
	"r4 = 0\ncall loop\nr0 = 0\nexit\n"
static const char past[] =
    "r6 = r1\n*(u64 *)(r10 -8) = r6\n"
    "r1 = 2\nr2 = subprog[f1]\nr3 = r10\nr3 += -8\nr4 = 0\ncall loop\n"
    "r8 = r0\n"
    "r0 = *(u32 *)skb[12]\nr7 = r0\nr7 &= 63\n"
    "r0 = *(u16 *)skb[r7 + 14]\nr8 += r0\nr7 = r0\nr7 &= 255\n"
    "r0 = *(u8 *)skb[r7 + 2]\nr0 += r8\nexit\n" LOOP("1", "2") LOOP("2", "3")
        LOOP("3", "4") LOOP("4", "5") LOOP("5", "6")
            LOOP("6", "7") "f7: r6 = *(u64 *)(r2 +0)\nr7 = r1\nr7 <<= 4\n"
                           "r0 = *(u8 *)skb[r7 + 3]\nr0 &= 3\n"
                           "if r0 == 3 goto stop\n"
                           "r0 = 0\nexit\nstop: r0 = 1\nexit\n";

#define ENDS(data, end)                                             \
	"r2 = *(u32 *)(r1 +" data ")\nr3 = *(u32 *)(r1 +" end ")\n" \
	"r0 = r3\nr0 -= r2\nr0 += 1000\nexit\n"

static const char with_maps[] =
    "*(u64 *)(r10 -8) = 1\n"
    "r1 = map[id:8]\nr2 = r10\nr2 += -8\ncall map_lookup_elem\n"
    "if r0 == 0 goto none\n"
    "r1 = *(u64 *)(r0 +0)\nr1 += 1\n*(u64 *)(r0 +0) = r1\n"
    "none: r1 = map[id:1]\nr2 = r10\nr2 += -8\ncall map_delete_elem\n"
    "*(u32 *)(r10 -16) = 16\nr1 = 0x201000a\n*(u32 *)(r10 -12) = r1\n"
    "*(u64 *)(r10 -32) = 5\n*(u64 *)(r10 -24) = 6\n"
    "r1 = map[id:9]\nr2 = r10\nr2 += -16\nr3 = r10\nr3 += -32\nr4 = 0\n"
    "call map_update_elem\nr7 = r0\n"
    "r1 = map[id:10]\nr2 = r10\nr2 += -32\ncall map_pop_elem\n"
    "r1 = map[id:11]\nr2 = r10\nr2 += -32\nr3 = 2\ncall map_push_elem\n"
    "r1 = map[id:2]\nr2 = 16\nr3 = 0\ncall ringbuf_reserve\n"
    "if r0 == 0 goto out\n"
    "*(u64 *)(r0 +0) = r7\n*(u64 *)(r0 +8) = 3\n"
    "r1 = r0\nr2 = 0\ncall ringbuf_submit\n"
    "out: r0 = r7\nexit\n";

static const char other[] = "r0 = 99\nexit\n";

static const char *text_of(uint32_t type, enum tail which)
{
	bool xdp = type == EXO_PROG_XDP;

	switch (which) {
	case TAIL_DEEP:
		return deep;
	case TAIL_CHANGE:
		return xdp                   ? change_xdp
		       : type == EXO_PROG_TC ? change_tc
		                             : change_socket;
	case TAIL_ON:
		return on;
	case TAIL_ROAM:
		return roam;
	case TAIL_PAST:
		return xdp ? NULL : past;
	case TAIL_ENDS:
		return xdp ? ENDS("0", "4") : ENDS("76", "80");
	case TAIL_MAPS:
		return with_maps;
	case TAIL_OTHER:
		return other;
	case TAIL_SELF:
	case TAIL_NONE:
	case TAILS:
		break;
	}
	return NULL;
}

static struct vf_prog *make(const char *text, uint32_t type)
{
	static struct exo_mem mem;
	struct exo_insn insns[INSNS];
	struct vf_input in = { .insns = insns,
		.type = type,
		.refuse_leaks = true,
		.maps = progen_maps,
		.nmaps = PROGEN_MAPS };
	struct vf_limits limits = { 0 };
	struct isa_asm_error where;
	struct exo_report report;
	struct vf_prog *prog;

	if (mem.get == NULL)
		mem = mem_heap(NULL);
	if (isa_asm(text, strlen(text), insns, INSNS, &in.ninsns, &where) !=
	    0) {
		fprintf(stderr, "tail: line %u: %s\n%s", where.line, where.what,
		    text);
		abort();
	}
	if (vf_verify(&in, &limits, &mem, &prog, &report) != 0) {
		fprintf(stderr, "tail: VF%u at %u\n%s", report.code,
		    report.insn, text);
		abort();
	}
	return prog;
}

const struct vf_prog *tail_prog(uint32_t type, enum tail which)
{
	static struct vf_prog *made[EXO_PROG_TYPE_MAX + 1][TAILS];
	struct vf_prog **p = &made[type][which];
	const char *text = text_of(type, which);

	if (text == NULL || type == EXO_PROG_MEM)
		return NULL;
	if (which == TAIL_OTHER)
		type = type == EXO_PROG_XDP ? EXO_PROG_TC : EXO_PROG_XDP;
	if (*p == NULL)
		*p = make(text, type);
	return *p;
}

uint64_t tail_steps(uint32_t type)
{
	uint64_t most = 0;
	unsigned i;

	for (i = 0; i < TAILS; i++) {
		const struct vf_prog *p = tail_prog(type, (enum tail)i);

		if (p != NULL && vf_prog_facts(p)->max_steps > most)
			most = vf_prog_facts(p)->max_steps;
	}
	return most;
}
