/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verifier: the only maker of verified programs.
 *
 * Overview: vf_verify() is a pure function of a program and a budget. It
 * accepts a program only when it has proven that no run of it, on any packet
 * and any context, leaves its memory, reads what was never written, or takes
 * more than a number of steps that it states. `struct vf_prog` is opaque: the
 * interpreter's production path and the compiler take nothing else, and what
 * was proven travels inside it.
 *
 * What is accepted: jumps in both directions when every loop is proven to
 * end; calls of local functions, 8 frames deep; helpers (exo/isa/helpers.inc)
 * and maps (exo/abi/map.inc); numbers, stack, context fields; direct packet
 * access after a compare with data_end, by constant and by bounded variable
 * offsets; ld_abs and ld_ind. In a mem program r1 points to as many bytes as
 * r2 says: compare r2, while it or a copy holds that number, with a constant,
 * or a pointer with r1 + r2. Instructions that no way reaches are accepted
 * when they are well formed.
 *
 * Trust: none in the program. Work and memory are bounded by vf_limits. The
 * caller must not let others change the instructions during the call.
 */
#ifndef VF_VERIFIER_H
#define VF_VERIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exo/abi/ctx.h"
#include "exo/abi/insn.h"
#include "exo/abi/map.h"
#include "exo/abi/report.h"
#include "exo/lib/arena.h"
#include "exo/lib/pause.h"

/** The program to judge. Nothing is kept: all of it may go after the call. */
/** The value of a map that never changes: of an array of one element that
 * programs may only read. Behind the n bytes there are zeroes. */
struct vf_const {
	uint32_t map;
	uint32_t n;
	const uint8_t *bytes;
};

struct vf_input {
	const struct exo_insn *insns;
	uint32_t ninsns;
	uint32_t type;     /* enum exo_prog_type */
	bool refuse_leaks; /* pointers must not reach r0 or memory that
				others read */
	const struct exo_map_def *maps; /* what the program names by index */
	uint32_t nmaps;
	/** Of maps that nobody writes as long as the program is there, whoever
	 * runs it sees to that: what a load finds there is known, and where it
	 * is always the same, the program that is proven has that number
	 * instead. Of a map that programs may write, it says nothing. */
	const struct vf_const *consts;
	uint32_t nconsts;
	bool no_helpers;   /* whoever runs it has no helpers */
	bool no_pkt_write; /* whoever runs it shares the packet */
};

/** Calls of helpers count as their rows say, and what they handle counts as steps,
 * too: one for so many bytes. */
#define VF_BYTES_A_STEP 64u

/** No program is accepted of which a run might take more steps: sums of bounds
 * do not wrap. */
#define VF_STEPS_MAX ((uint64_t)1 << 62)

/** The longest program, and the most maps it may name. */
#define VF_INSNS_MAX 1000000u
#define VF_MAPS_MAX  1024u

/** What a verification may cost; 0 means the default. */
struct vf_limits {
	uint64_t explored; /* instructions explored */
	uint64_t mem;      /* bytes taken from the caller's exo_mem, besides
			      the program itself */
	/** Asked at least each 1,000 instructions, or as much other work; NULL:
	 * nobody is. When the answer is no, the program is refused as by the
	 * budget of instructions. What is asked changes nothing of a verdict. */
	struct exo_pause *pause;
};

#define VF_EXPLORED_DEFAULT 1000000u
#define VF_MEM_DEFAULT      (64u << 20)

/** Limits by name: those of the tool, of its batches, of the library and of
 * what it replays, which are the default of vf_verify(); and those of a core
 * that is not told otherwise (exo/core/core.h), as on bare metal. */
#define VF_EXPLORED_BARE 100000u
#define VF_MEM_BARE      (1u << 20)
#define VF_LIMITS_TOOL                                    \
	{                                                 \
		VF_EXPLORED_DEFAULT, VF_MEM_DEFAULT, NULL \
	}
#define VF_LIMITS_BARE                              \
	{                                           \
		VF_EXPLORED_BARE, VF_MEM_BARE, NULL \
	}

/** What was proven. */
struct vf_facts {
	uint64_t max_steps;   /* no run takes more instructions, and as many as
				helpers count for */
	uint64_t explored;    /* instructions that the proof looked at */
	uint64_t states;      /* abstract states kept at join points */
	uint64_t peak_mem;    /* bytes that the proof held at its height */
	uint32_t stack;       /* bytes below r10 that a run may touch */
	uint32_t stack_chain; /* the same of the deepest chain of calls, each
				frame rounded up to 32 */
	uint32_t pkt_end;     /* no access by a constant offset reaches past
				this packet byte; UINT32_MAX: unknown */
	bool pure;            /* writes nothing that outlives a run, and gives
				the same result for the same packet */
	bool reads_pkt;       /* packet bytes or metadata */
	bool writes_pkt;      /* may change the packet */
	bool helpers;         /* calls some */
	bool tail_calls;      /* another program may take over */
	bool leaks;           /* leaks were not refused: it may read stack that
				it never wrote */
};

/** What was proven of one instruction: bits. Of all runs, whatever led there:
 * what was never explored never runs. */
enum vf_note {
	VF_NOTE_RUNS = 1,  /* some run may come here */
	VF_NOTE_FALLS = 2, /* conditional jumps: the condition may be false */
	VF_NOTE_TAKES = 4, /* ... and may be true */
	VF_NOTE_CTX = 8,   /* loads and stores: always of the context */
};

/** A verified program. Immutable. */
struct vf_prog;

/**
 * Judge a program.
 * On success *out is a verified program, charged to mem, that the caller
 * frees by vf_prog_free(). On refusal the report says why and *out is NULL.
 * The report is always written. Working memory is given back in any case.
 * Returns 0, -EXO_EREFUSED, -EXO_EBUDGET (report: VF budget codes) or
 * -EXO_ENOMEM (mem refused although the budget did not).
 */
int vf_verify(const struct vf_input *in, const struct vf_limits *limits,
    struct exo_mem *mem, struct vf_prog **out, struct exo_report *report);

/** Give a program back; NULL is allowed. mem is the one it came from. */
void vf_prog_free(struct vf_prog *prog, struct exo_mem *mem);

const struct exo_insn *vf_prog_insns(const struct vf_prog *p, uint32_t *n);
uint32_t vf_prog_type(const struct vf_prog *p);
const struct vf_facts *vf_prog_facts(const struct vf_prog *p);

/** For each instruction, bits of enum vf_note. */
const uint8_t *vf_prog_notes(const struct vf_prog *p);

/** By how many bytes the pointer is moved from the context's start through
 * which instruction pc, of VF_NOTE_CTX, accesses it. */
int32_t vf_prog_moved(const struct vf_prog *p, uint32_t pc);

/** Codes of refusals: rows of verifier/diag.inc. Numbers are stable. */
enum vf_code {
	VF_OK = 0,
#define VF_DIAG(number, name, title, hint) VF_##name = (number),
#include "verifier/diag.inc"
#undef VF_DIAG
};

#endif
