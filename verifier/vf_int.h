/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One verification at work: what the verifier's files share.
 *
 * Overview: check.c looks at the structure and finds functions and leaders,
 * order.c in which order to take them, live.c what is read later; explore.c
 * walks all paths, with alu.c, mem.c, stack.c, branch.c, call.c and helper.c
 * for the instructions and graph.c for loops; prog.c starts it and packs up.
 *
 * Words: a leader is an instruction to which jumps, calls or returns lead;
 * its run goes on until a jump that is always taken, a call, an exit, or the
 * next instruction to which more than one way leads. An instance is one
 * function in one chain of calls.
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

#include "exo/isa/helpers.h"
#include "exo/lib/arena.h"
#include "verifier/trace.h"

/** What an instruction is in the control flow: bits of vf_env.flag[]. */
enum vf_flag {
	VF_FLAG_SECOND = 1, /* second slot of a 64-bit immediate */
	VF_FLAG_REACHED = 2,
	VF_FLAG_TARGET = 4,   /* a leader */
	VF_FLAG_JOIN = 8,     /* more than one way leads here */
	VF_FLAG_ENTRY = 16,   /* a function begins */
	VF_FLAG_CTX = 32,     /* accesses the context: in this pass */
	VF_FLAG_MEM = 64,     /* accesses other memory: in this pass */
	VF_FLAG_CALLED = 128, /* a local call that is among the calls */
};

#define VF_NONE UINT32_MAX

struct vf_leader {
	struct vf_live live;
	uint32_t pc;
	uint32_t func;
	uint32_t pos;  /* place in the order of its function */
	uint32_t comp; /* innermost loop of that place, or VF_NONE */
};

/** A function: instructions [entry, end), leaders [first, first + count). */
struct vf_func {
	uint32_t entry, end;
	uint32_t first, count;
	uint32_t stack; /* bytes that it was seen to use */
	uint32_t chain; /* the same with its callees: chain.c */
	struct vf_calls *calls;
	bool cyclic; /* jumps backwards: its order is order[first ...] */
};

/** A function calls another, or has it called by a helper. */
struct vf_calls {
	struct vf_calls *next;
	struct vf_func *callee;
};

/** A loop: places [start, last] of a function's order, its head first. */
struct vf_comp {
	uint32_t start, last;
	uint32_t parent; /* the next larger one, or VF_NONE */
	bool flat;       /* nested too deep: loops in it are not told apart */
};

/** States at one leader that were explored, inside loops. */
struct vf_seen {
	struct vf_node *first;
	uint32_t n;
};

struct vf_inst {
	struct vf_inst *parent; /* of the caller; NULL: the program itself */
	struct vf_inst *child;  /* the newest of its callees */
	struct vf_inst *sibling;
	struct vf_inst *called; /* the callee that got states since it ran */
	struct vf_func *func;
	/* for each leader of func; none that waits covers another */
	struct vf_node **wait;
	struct vf_seen *seen;    /* NULL: the program has no loops */
	struct vf_inst **callee; /* that returns there; NULL: it has no calls */
	const struct vf_live *live[EXO_MAX_FRAMES]; /* of the callers */
	struct vf_live kept; /* live[] of the caller itself */
	uint32_t call;       /* pc of the call */
	uint32_t depth;      /* frame */
	uint32_t waiting;    /* states in wait lists */
	bool callback;       /* a helper called it: returns go to call.c */
};

/** graph.c: a node inside a loop, or one to which an edge leads from there. */
struct vf_stub {
	struct vf_stub *all; /* the next one of the graph */
	struct vf_stub *up;  /* while the graph is walked; before: the one
	                        that it was found from */
	struct vf_stub *far; /* one that is further up, or NULL */
	struct vf_stub *is;  /* another one took its place */
	struct vf_edge *out, *at;
	struct vf_node *node; /* waits outside the loop */
	uint64_t arrive;      /* most steps to it */
	uint64_t exit;        /* most steps from it to an exit; 0: none */
	uint32_t pc;
	uint32_t depth; /* how many were found on the way to it */
	uint8_t colour;
};

struct vf_edge {
	struct vf_edge *next;
	struct vf_stub *to;
	uint64_t steps;
};

/** The loop, outermost one, that is being explored; its graph. */
struct vf_scope {
	struct vf_inst *inst; /* NULL: none is */
	uint32_t start, last; /* its places */
	struct vf_stub *stubs;
};

/** The budget's account: passes requests on to the caller's memory. */
struct vf_account {
	struct exo_mem *to;
	bool failed; /* the caller's memory refused the last request */
};

/** Freed pieces of memory by size, in units of 32 bytes. */
#define VF_GRAIN 32u
#define VF_ROOMS 256u

/** A callback that is being explored: what its returns have in common. */
struct vf_callback;

/** Bits of note[] beside enum vf_note: what a 32-bit compare was about. */
enum vf_asked {
	VF_ASKED_NULL =
	    64, /* is where the packet begins or ends a null pointer? */
	VF_ASKED_ELSE = 128,
};

/** What an instruction loaded from maps that never change. */
enum vf_found {
	VF_FOUND_NONE,
	VF_FOUND_SAME,   /* always this value */
	VF_FOUND_OTHERS, /* something else, too */
};
struct vf_konst {
	uint64_t v;
	uint8_t found; /* enum vf_found */
};

struct vf_env {
	const struct vf_input *in;
	const struct exo_insn *insns;
	uint32_t n;
	uint32_t type;
	bool refuse_leaks;
	uint64_t budget;              /* explored instructions, of all passes */
	uint64_t until;               /* the same, for this pass */
	struct exo_pause *pause;      /* or NULL */
	uint64_t told;                /* work that it knows of */
	const struct vf_trace *trace; /* may be NULL */
	struct exo_report *report;
	struct vf_facts facts;
	struct exo_arena arena;
	struct vf_account *account;

	uint8_t *flag; /* n: enum vf_flag */
	uint8_t *note; /* n: enum vf_note, of this pass */
	struct vf_konst
	    *konst;          /* n, of this pass; NULL: no map is said never to
	                              change, or nothing was loaded yet */
	int32_t *moved;      /* n: the context's pointer, where an access
	                              goes through it; NULL: never moved */
	uint32_t *leader_of; /* n: index into leaders, of leaders */
	struct vf_leader *leaders; /* in order of pc; the first is at 0 */
	uint32_t nleaders;
	struct vf_func *funcs; /* in order of entry */
	uint32_t nfuncs;
	uint32_t *order; /* leaders by place; NULL: as they lie */
	struct vf_comp *comps;
	uint32_t ncomps;
	bool backward;      /* some jump leads backwards */
	bool calls;         /* there is some local call */
	bool names;         /* there is a local call, or a function's address */
	bool stack_escapes; /* other registers than r10 may point to stack */

	bool coarse;    /* this pass forgets: see explore.c */
	bool forgot;    /* it did */
	uint8_t strict; /* this pass prunes less inside loops, or (2) least */
	uint32_t pc;    /* instruction at work */
	struct vf_inst *inst;
	struct vf_scope scope;
	struct vf_callback *callback; /* or NULL */
	uint64_t longest; /* steps of the longest way to an exit, so far */

	/* The node that is being explored. */
	uint32_t node;        /* its number */
	uint64_t steps;       /* its, outside loops */
	struct vf_stub *stub; /* its, inside */
	uint64_t walked;      /* steps since then */

	uint32_t nodes; /* numbers given so far */
	struct vf_state st;
	struct vf_state taken; /* where a conditional jump splits */
	struct vf_idmap map;
	struct vf_node *scratch; /* the state that asks to wait */
	size_t scratch_size;
	void *room[VF_ROOMS]; /* freed pieces by size */
	void *large[64];      /* larger ones by powers of two */
};

/* --- prog.c --- */

/** Zeroed memory of the budget, until the end. On failure returns NULL:
 * vf_no_memory() gives the error. */
void *vf_get(struct vf_env *env, size_t size);

/** -EXO_ENOMEM, or -EXO_EBUDGET with a report. */
int vf_no_memory(struct vf_env *env);

/** Some units of work that the budget does not count were done: 0, or -EXO_EBUDGET,
 * with a report, when nobody lets it go on. */
int vf_pause(struct vf_env *env, uint64_t units);

/** Fill the report for instruction env->pc. Returns -EXO_EREFUSED. */
int vf_refuse(struct vf_env *env, enum vf_code code);

/** The same, with register reg to blame. */
int vf_refuse_reg(struct vf_env *env, enum vf_code code, unsigned reg);

/** The same for an access of size bytes at register + off that has proven
 * only limit bytes. */
int vf_refuse_access(struct vf_env *env, enum vf_code code, unsigned reg,
    int64_t off, uint32_t size, uint64_t limit);

/** Zeroed memory that vf_put() takes back; size is the same. */
void *vf_piece(struct vf_env *env, size_t size);
void vf_put(struct vf_env *env, void *p, size_t size);

/* --- check.c, order.c, live.c, explore.c: the phases --- */

int vf_check(struct vf_env *env);
int vf_order(struct vf_env *env);
int vf_live(struct vf_env *env);
int vf_explore(struct vf_env *env);

/** The next leader or jump that pc's run comes to: walks a run. *at starts
 * at the leader. Returns false at the end of the run; true: *to is an
 * instruction to which the run leads, and *at where to go on from. */
bool vf_successor(const struct vf_env *env, uint32_t *at, uint32_t *to);

/** True for a call of a function of the program. */
bool vf_is_local_call(const struct exo_insn *in);

/** The same, or a 64-bit immediate that is the address of one. */
bool vf_names_func(const struct exo_insn *in);

/** The function that a local call, or a 64-bit immediate, names; its entry
 * is a function's. */
uint32_t vf_callee(const struct vf_env *env, uint32_t pc);

/** The function that pc is part of. */
uint32_t vf_func_of(const struct vf_env *env, uint32_t pc);

/** Sums of steps do not wrap. */
static inline uint64_t vf_sum(uint64_t a, uint64_t b)
{
	return a <= UINT64_MAX - b ? a + b : UINT64_MAX;
}

/* --- explore.c --- */

/** Exploration goes on from this node. */
void vf_begin(struct vf_env *env, uint32_t node);

/** Make sure that env->scratch and env->map are large enough for st. */
int vf_scratch(struct vf_env *env, const struct vf_state *st);

/** Let env->st, or another state, wait at a leader of an instance. */
int vf_wait(struct vf_env *env, struct vf_inst *inst, const struct vf_state *st,
    uint32_t pc);

/** Explore an instance until nothing waits in it. */
int vf_run(struct vf_env *env, struct vf_inst *inst);

/** An exit at the bottom: the way that was walked ends. */
void vf_ends(struct vf_env *env);

/** Make an instance of a function, called at `call` of its parent; drop one,
 * and all below it. On failure NULL: vf_no_memory(). */
struct vf_inst *vf_inst_new(struct vf_env *env, struct vf_inst *parent,
    struct vf_func *func, uint32_t call, bool callback);
void vf_inst_drop(struct vf_env *env, struct vf_inst *inst);

/** What is live of the frames of a state in an instance, at a leader. */
void vf_lives(const struct vf_inst *inst, const struct vf_leader *l,
    const struct vf_live *live[EXO_MAX_FRAMES]);

/** Instructions explored and other work, against the budget of this pass: 0,
 * or -EXO_EBUDGET. */
int vf_budget(struct vf_env *env);

/** Note that one function calls another at pc; the deepest chain of calls. */
int vf_note_call(
    struct vf_env *env, struct vf_func *from, struct vf_func *to, uint32_t pc);
uint32_t vf_stack_chain(struct vf_env *env);

/* --- graph.c: loops end, and after how many steps --- */

/** A stub for a node that has none. */
struct vf_stub *vf_stub_new(
    struct vf_env *env, struct vf_node *n, uint32_t pc, bool outside);

/** True when the way that is walked came through this node. */
bool vf_came_through(struct vf_env *env, const struct vf_node *n);

/** The way that is walked leads to this node. */
int vf_edge_to(struct vf_env *env, struct vf_node *n);

/** Node `by` takes the place of `n`, which is dropped. */
void vf_stub_replace(struct vf_node *n, struct vf_node *by);

/** All nodes of the loop are explored: check that it ends, count steps. */
int vf_graph_close(struct vf_env *env);

/* --- room in states --- */

/** Make sure that env->st can save one more register, and be copied to
 * env->taken. */
int vf_room(struct vf_env *env);

/** Make sure that a state has frame k. */
int vf_frame_room(struct vf_env *env, struct vf_state *st, uint32_t k);

/** Make sure that a state can hold a copy of another. */
int vf_copy_room(
    struct vf_env *env, struct vf_state *to, const struct vf_state *from);

#endif
