/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One verification at work: what the verifier's files share.
 *
 * Overview: check.c looks at the structure, live.c at what is read later,
 * explore.c walks all paths, with alu.c, mem.c, stack.c and branch.c for the
 * instructions; prog.c starts it and packs up.
 *
 * All memory is in one arena on a charged allocator with the budget as its
 * limit. Functions return 0 or a negative EXO_E*; after a refusal the report
 * is filled.
 */
#ifndef VF_VF_INT_H
#define VF_VF_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exo/lib/arena.h"
#include "verifier/state_int.h"
#include "verifier/verifier.h"

/** What an instruction is in the control flow: bits of vf_env.flag[]. */
enum vf_flag {
	VF_FLAG_SECOND = 1, /* second slot of a 64-bit immediate */
	VF_FLAG_REACHED = 2,
	VF_FLAG_TARGET = 4, /* a jump leads here: it has a vf_leader */
	VF_FLAG_JOIN = 8,   /* more than one way leads here */
};

/** What is kept for each instruction that a jump leads to. */
struct vf_leader {
	struct vf_node *nodes; /* states that wait here; none covers another */
	struct vf_live live;
	uint32_t pc;
	uint32_t steps; /* on the longest way from here to an exit */
};

/** The budget's account: passes requests on to the caller's memory. */
struct vf_account {
	struct exo_mem *to;
	bool failed; /* the caller's memory refused the last request */
};

/** Is shown each state before the instruction pc is explored from it, and
 * NULL when a pass begins, which makes those of the last one void: for tests
 * of containment, and for tools that show how a verdict came about. */
struct vf_trace {
	void (*fn)(void *ctx, uint32_t pc, const struct vf_state *st);
	void *ctx;
};

#define VF_NODE_GRAIN 64u
#define VF_NODE_ROOMS (VF_NODE_MAX / VF_NODE_GRAIN + 1)

struct vf_env {
	const struct exo_insn *insns;
	uint32_t n;
	uint32_t type;
	bool refuse_leaks;
	uint64_t budget;              /* explored instructions, of all passes */
	uint64_t until;               /* the same, for this pass */
	const struct vf_trace *trace; /* may be NULL */
	struct exo_report *report;
	struct vf_facts facts;
	struct exo_arena arena;
	struct vf_account *account;

	uint8_t *flag;             /* n: enum vf_flag */
	uint32_t *leader_of;       /* n: index into leaders, of targets */
	struct vf_leader *leaders; /* in order of pc; the first is at 0 */
	uint32_t nleaders;

	bool coarse; /* this pass forgets: see explore.c */
	bool forgot; /* it did */
	uint32_t pc; /* instruction at work */
	struct vf_state st;
	struct vf_state taken; /* where a conditional jump splits */
	struct vf_idmap map;
	struct vf_node *room[VF_NODE_ROOMS]; /* freed nodes by size */
	struct vf_node *scratch; /* VF_NODE_MAX bytes: the state that
	                                        asks to wait */
};

/* --- prog.c --- */

/** vf_verify() that shows its states; trace may be NULL. */
int vf_verify_traced(const struct vf_input *in, const struct vf_limits *limits,
    struct exo_mem *mem, const struct vf_trace *trace, struct vf_prog **out,
    struct exo_report *report);

/** Zeroed memory of the budget, until the end. On failure returns NULL:
 * vf_no_memory() gives the error. */
void *vf_get(struct vf_env *env, size_t size);

/** -EXO_ENOMEM, or -EXO_EBUDGET with a report. */
int vf_no_memory(struct vf_env *env);

/** Fill the report for instruction env->pc. Returns -EXO_EREFUSED. */
int vf_refuse(struct vf_env *env, enum vf_code code);

/** The same, with register reg to blame. */
int vf_refuse_reg(struct vf_env *env, enum vf_code code, unsigned reg);

/** The same for an access of size bytes at register + off that has proven
 * only limit bytes. */
int vf_refuse_access(struct vf_env *env, enum vf_code code, unsigned reg,
    int64_t off, uint32_t size, uint64_t limit);

/* --- check.c, live.c, explore.c: the phases --- */

int vf_check(struct vf_env *env);
void vf_live(struct vf_env *env);
int vf_explore(struct vf_env *env);

/* --- registers --- */

/** Refuse a register that was not set. */
int vf_need(struct vf_env *env, unsigned reg);

/** Make a register a number that this instruction gave. */
void vf_set_scalar(struct vf_env *env, unsigned reg, const struct vf_scalar *s);

/** Some number of `size` bytes, zero- or sign-extended. */
struct vf_scalar vf_loaded(uint32_t size, bool sign);

/** A new id in a state. */
uint32_t vf_new_id(struct vf_state *st);

/** The id by which a scalar and its copy are linked; 0 for a constant. */
uint32_t vf_link(struct vf_state *st, struct vf_reg *r);

/** True when pointers of these kinds point into the same object. */
bool vf_same_object(unsigned a, unsigned b);

/* --- instructions: env->st is the state before and then the one after --- */

int vf_alu(struct vf_env *env, const struct exo_insn *in);
int vf_load(struct vf_env *env, const struct exo_insn *in);
int vf_store(struct vf_env *env, const struct exo_insn *in);
int vf_atomic(struct vf_env *env, const struct exo_insn *in);
int vf_load_packet(struct vf_env *env, const struct exo_insn *in);
int vf_exit(struct vf_env *env);

/** Stack access through register reg by lo..hi + size, checked to be inside;
 * bytes are numbered as in state_int.h. */
struct vf_window {
	uint32_t lo, hi, size;
};

int vf_stack_load(struct vf_env *env, const struct vf_window *w, unsigned dst,
    unsigned base, bool sign);
/** src: what is stored. */
int vf_stack_store(
    struct vf_env *env, const struct vf_window *w, const struct vf_reg *src);
int vf_stack_atomic(
    struct vf_env *env, const struct vf_window *w, unsigned base);

/**
 * Split at a conditional jump. *fall: env->st goes on at the next
 * instruction; *taken: env->taken goes to the target.
 */
int vf_branch(
    struct vf_env *env, const struct exo_insn *in, bool *fall, bool *taken);

#endif
