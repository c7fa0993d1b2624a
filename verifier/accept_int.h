/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of accept conditions share.
 *
 * Overview: accept_sym.c computes with symbolic values, accept_place.c knows
 * which bytes are which fields, accept_test.c turns a compare into cubes,
 * accept_way.c keeps what a way demands, accept_step.c runs an instruction,
 * accept_walk.c follows the ways, accept_cubes.c makes the region of them.
 *
 * Words: a way is a run of the program on packets about which some things are
 * known; it forks where a compare may go either way. A demand is a
 * conjunction of atoms.
 */
#ifndef VF_ACCEPT_INT_H
#define VF_ACCEPT_INT_H

#include "exo/lib/arena.h"
#include "verifier/accept.h"

/* --- symbolic values ------------------------------------------------------- */

enum vf_sym_kind {
	VF_SYM_NUM,
	VF_SYM_CTX,   /* the context's address + add */
	VF_SYM_PKT,   /* the packet's first byte + bits + add */
	VF_SYM_END,   /* one behind its last + add */
	VF_SYM_STACK, /* r10 + add */
	VF_SYM_SET, /* the bit of add whose number the bits are, in its place */
};

/* A bit of a value: known, unknown for a reason, or of a source. */
enum vf_bit {
	VF_BIT_0,
	VF_BIT_1,
	VF_BIT_SUMS, /* unknown: the result of arithmetic */
	VF_BIT_PLACE,
	VF_BIT_OTHER,
	VF_BIT_SOURCE = 8, /* + base << 14 + its number, the most significant
	                      bit of the first byte being 0 */
};

/* Where a source's bytes count from. */
enum vf_base {
	VF_BASE_PKT, /* the packet's first byte */
	VF_BASE_L4,  /* the transport header, as sp_view.l4 */
	VF_BASE_LEN, /* 4 bytes: the length on the wire */
	VF_BASE_CAPLEN,
};
#define VF_SOURCE_BYTES 2000u /* so far behind its base at most */

/** A number (bits + add) modulo 2^wrap; wrap is less than 64 only where that is
 * another number than modulo 2^64. Immutable; equal descriptions are one
 * object. */
struct vf_sym {
	struct vf_sym *next; /* of the same hash */
	uint64_t known;      /* which bits are 0 or 1 ... */
	uint64_t ones; /* ... and which are 1: as bit[] says, of an object */
	uint64_t add;
	uint8_t kind; /* enum vf_sym_kind */
	uint8_t wrap;
	uint32_t hash; /* of an object */
	uint16_t bit[64];
};

/* --- demands --------------------------------------------------------------- */

#define VF_TEST_ATOMS_MAX 8u  /* fields that one test looks at */
#define VF_TEST_CUBES_MAX 16u /* alternatives of one test */

struct vf_demand {
	uint32_t n;
	struct sp_atom a[VF_TEST_ATOMS_MAX];
};

enum vf_test_kind {
	VF_TEST_FALSE,
	VF_TEST_TRUE,
	VF_TEST_CUBES,   /* true of the packets of some alternative */
	VF_TEST_UNKNOWN, /* anything; if true, what alternatives there are hold:
	                    one at most */
};

/** What a test demands; the alternatives exclude each other. */
struct vf_test {
	uint8_t kind; /* enum vf_test_kind */
	uint8_t why;  /* enum vf_accept_why, of an unknown one */
	bool flip;    /* CUBES, UNKNOWN: what is said is of its opposite */
	bool again;   /* CUBES: not what was asked, but what has to be known
	                 before; ask again either way */
	uint32_t n;
	struct vf_demand alt[VF_TEST_CUBES_MAX];
};

/** What a way excludes; the list is shared by ways. */
struct vf_except {
	struct vf_except *next;
	uint32_t depth; /* of the list from here on */
	bool soft;      /* the packets that it excludes are accepted */
	struct vf_demand d;
};

/* --- ways ------------------------------------------------------------------ */

struct vf_way {
	struct vf_way *next;
	uint32_t pc;
	uint32_t n;     /* atoms */
	uint8_t why;    /* why it is not exact, or 0 */
	bool again;     /* see vf_test */
	uint32_t fresh; /* exceptions that are not yet looked at */
	struct vf_except *except;
	uint64_t mark; /* `refused` when it began to wait */
	uint64_t said; /* ways of the same number have the same atoms */
	const struct vf_sym *r[EXO_REGS];
	struct sp_atom a[VF_ACCEPT_ATOMS_MAX]; /* in order of fields */
	const struct vf_sym *slot[]; /* 4 bytes each, of the stack that is used,
	                                from r10 down */
};

/* --- layouts --------------------------------------------------------------- */

#define VF_HEADERS (SP_H_TCP + 1u)

/** What a way knows of where headers begin. */
struct vf_layout {
	uint32_t link;
	uint32_t type; /* of the network header, if it is known; or 0 */
	uint32_t net;  /* where it begins then */
	uint32_t at[VF_HEADERS]; /* where literal headers begin if that is the
	                            same for all packets; SP_NOWHERE: not */
	uint32_t caplen;         /* bytes that are captured at least */
	uint32_t left;           /* bytes that are behind l4 at least */
};

/* --- the whole ------------------------------------------------------------- */

#define VF_SYM_CONSTANTS 32u

/** One condition at work; everything is in its arena. */
struct vf_acc {
	struct exo_arena arena;
	struct sp_work work; /* on that arena, with the caller's budget */
	const struct vf_prog *prog;
	const struct exo_insn *insns;
	uint32_t n, type, link;
	uint32_t nslots;
	bool over;    /* memory or budget: nothing of this can be used */
	bool give_up; /* an instruction that is not followed */
	bool merging; /* ways wait for each other where they meet */
	uint8_t why;  /* the first reason */
	bool kept;    /* some way keeps so many bytes of the packet ... */
	uint32_t bytes;
	bool varies; /* ... and another one others */
	uint64_t steps, refused;
	uint32_t ways;
	uint32_t now;         /* merging: the instruction at work */
	uint32_t waiting;     /* ways on the stack */
	struct vf_way *stack; /* those that wait */
	struct vf_way **at;   /* merging: those that wait at an instruction */
	uint16_t *count;      /* merging: how many */
	uint32_t keep;        /* merging: how many there may be */
	struct vf_way *room;  /* to be used again */
	struct vf_way *took;  /* ways that ended by accepting */
	uint32_t ntook;
	const struct vf_sym *zero, *other;
	uint64_t said; /* numbers given to the atoms of ways */
	uint64_t last; /* of which layout is; 0: of none */
	struct vf_layout layout;
	struct vf_test test; /* the one that is being asked */
	const struct vf_sym *constant[VF_SYM_CONSTANTS]; /* some of them */
	struct vf_sym **head; /* values by hash: nheads lists, a power of two */
	uint32_t nheads, nsyms;
};

/** Memory until the end; NULL: a->over is set. */
void *vf_acc_get(struct vf_acc *a, size_t size);

/** Take steps of the budget; false: a->over is set. */
bool vf_acc_spend(struct vf_acc *a, uint64_t steps);

/* --- accept_sym.c ---------------------------------------------------------- */

/** The one object of this value; v->known and v->ones are not looked at. */
const struct vf_sym *vf_sym_of(struct vf_acc *a, const struct vf_sym *v);

/** A constant; one that is only looked at need be no object. */
const struct vf_sym *vf_sym_const(struct vf_acc *a, uint64_t c);
void vf_sym_set(struct vf_sym *v, uint64_t c);

const struct vf_sym *vf_sym_pointer(
    struct vf_acc *a, enum vf_sym_kind kind, uint64_t add);

/** Is it a known number? Of an object, or a copy whose bits are the same. */
static inline bool vf_sym_known(const struct vf_sym *v, uint64_t *c)
{
	if (v->kind != VF_SYM_NUM || v->known != UINT64_MAX)
		return false;
	*c = (v->ones + v->add) & (UINT64_MAX >> (64 - v->wrap));
	return true;
}

/** A number of which nothing is known, because of `bit`; of so many bits. */
const struct vf_sym *vf_sym_any(struct vf_acc *a, enum vf_bit bit, uint32_t n);

/** So many bytes of a source, in the order of the network or in the other. */
const struct vf_sym *vf_sym_bytes(struct vf_acc *a, enum vf_base base,
    uint64_t at, uint32_t size, bool swapped);

/** x op y of width 32 or 64, op as in an instruction's code; sign: its off. */
const struct vf_sym *vf_sym_alu(struct vf_acc *a, unsigned op, unsigned width,
    const struct vf_sym *x, const struct vf_sym *y);

/** Its lower bits with zeros, or with the last one's copies, above them. */
const struct vf_sym *vf_sym_low(
    struct vf_acc *a, const struct vf_sym *x, unsigned bits, bool sign);

/** Its bytes in the other order. */
const struct vf_sym *vf_sym_swap(
    struct vf_acc *a, const struct vf_sym *x, unsigned bits);

/** The largest number that it may be. */
uint64_t vf_sym_max(const struct vf_sym *v);

/* --- accept_place.c -------------------------------------------------------- */

/** Of a way. */
void vf_layout(struct vf_acc *a, const struct vf_way *w, struct vf_layout *l);

/** Which bit of which field a source bit is; false: of none. */
bool vf_place(
    const struct vf_layout *l, unsigned source, uint8_t *field, uint8_t *bit);

/** Is this an offset behind the IPv4 header, whatever its length: so many
 * bytes behind? */
bool vf_is_l4(const struct vf_layout *l, const struct vf_sym *v, uint64_t *k);

/** Before which byte a field ends: of the packet (SP_CAPLEN), or behind l4
 * (SP_L4_LEFT). That so much is there is what its presence means, other atoms
 * given. False: it is no field of bytes that lies anywhere. */
bool vf_field_end(const struct vf_layout *l, uint8_t field,
    enum sp_field *counts, uint32_t *end);

/* --- accept_test.c --------------------------------------------------------- */

/** What `x op y` demands; op is of JMP or JMP32, as an instruction's code. */
void vf_test_compare(struct vf_acc *a, const struct vf_way *w, unsigned code,
    const struct vf_sym *x, const struct vf_sym *y, struct vf_test *out);

/** What it takes for size bytes from offset v to be there. */
void vf_test_load(struct vf_acc *a, const struct vf_way *w,
    const struct vf_sym *v, uint32_t size, struct vf_test *out);

/** One alternative of one atom: at least so many of a field. */
void vf_test_least(struct vf_test *out, enum sp_field f, uint64_t least);

/** Nothing is known, for a reason. */
void vf_test_unknown(struct vf_test *t, enum vf_accept_why why);

/** The opposite. */
void vf_test_flip(struct vf_test *t);

/* --- accept_way.c ---------------------------------------------------------- */

/** A way of the program's start, or as another one; NULL: a->over is set. */
struct vf_way *vf_way_first(struct vf_acc *a);
struct vf_way *vf_way_copy(struct vf_acc *a, const struct vf_way *w);
void vf_way_drop(struct vf_acc *a, struct vf_way *w);

/** Its atoms are others now. */
void vf_way_says(struct vf_acc *a, struct vf_way *w);

/** The atom of a field, or NULL. */
const struct sp_atom *vf_way_atom(const struct vf_way *w, uint8_t field);

/** Demand something; false: no packet is left. */
bool vf_way_demand(
    struct vf_acc *a, struct vf_way *w, const struct vf_demand *d);

/** Exclude something, as far as that gives one atom for another; false: no
 * packet is left. */
bool vf_way_without(
    struct vf_acc *a, struct vf_way *w, const struct vf_demand *d);

/** What of an exception is not said by the way's atoms: 1, 0 if nothing is
 * (the way is empty), -1 if it excludes nothing of the way. */
int vf_way_rest(
    const struct vf_way *w, const struct vf_demand *d, struct vf_demand *rest);

/** Mark a way as not exact. */
void vf_way_doubt(struct vf_acc *a, struct vf_way *w, uint8_t why);

/** Let w be all that either way may be: demands that both have. */
void vf_way_join(struct vf_acc *a, struct vf_way *w, const struct vf_way *by);

/** How unlike two ways are; 0: the same. */
uint32_t vf_way_unlike(const struct vf_way *w, const struct vf_way *by);

/** Intersect tidy atoms; false: nothing is in both. */
bool vf_atom_and(struct sp_atom *a, const struct sp_atom *b);

/** Whether all of a is in b by the look of it. */
bool vf_atom_inside(const struct sp_atom *a, const struct sp_atom *b);

/** Let a be an atom that has all of both; false: that demands nothing. */
bool vf_atom_join(struct sp_atom *a, const struct sp_atom *b);

/* --- accept_walk.c --------------------------------------------------------- */

/** Places that are no instructions: a way ends there. */
#define VF_PC_ACCEPT UINT32_MAX
#define VF_PC_REFUSE (UINT32_MAX - 1)

/** Go on where a test is true at `yes`, and where it is not at `no`. The way is
 * used up. */
void vf_walk_fork(struct vf_acc *a, struct vf_way *w, const struct vf_test *t,
    uint32_t yes, uint32_t no);

/** Let a way go on at its pc later. */
void vf_walk_wait(struct vf_acc *a, struct vf_way *w);

/** Follow all ways. */
void vf_walk(struct vf_acc *a);

/* --- accept_step.c --------------------------------------------------------- */

/** Run the instruction at w->pc. Returns the way if it goes on, its pc moved;
 * NULL: it is used up. */
struct vf_way *vf_acc_step(struct vf_acc *a, struct vf_way *w);

/* --- accept_cubes.c -------------------------------------------------------- */

/** Make the region of the ways that accepted, in the arena of `to`: out->where,
 * sure and why. False: a->over is set, or the arena has no more. */
bool vf_acc_cubes(
    struct vf_acc *a, const struct sp_work *to, struct vf_accept *out);

#endif
