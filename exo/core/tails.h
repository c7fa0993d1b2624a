/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs in the slots of a world's program arrays.
 *
 * Overview: a program that is to be tail-called has the type and the maps of the
 * world's own program, is proven like it, and belongs to the world from then on,
 * until no slot names it. exo_world_fill() puts those of an image where it says,
 * exo_world_put() one of them by itself.
 *
 * Cost: a run makes EXO_TAILS_RUN tail calls at most, so it takes no more steps
 * than its first program and so many times the largest of the others.
 */
#ifndef EXO_CORE_TAILS_H
#define EXO_CORE_TAILS_H

#include "exo/core/image.h"
#include "exo/core/world.h"

#define EXO_TAILS_RUN 33u /* tail calls that a run can make, as in Linux */

struct jit_code;

/** How programs are proven and compiled. */
struct exo_tails_how {
	/** What is asked of them, and their type; instructions, maps and what
	 * is constant in these are the world's and set by the call. */
	struct vf_input in;
	struct vf_limits limits; /* explored: of all of a call together */
	uint64_t most_steps;     /* of one of them; UINT64_MAX: any number */
	struct exo_mem *mem;     /* charged for them; outlives the world */
	bool interpret; /* compile none: compiled programs do not find them */
	/** Compile one; NULL: as exo_world_compile() does. *mem is what the code
	 * is to be given back to. 0 or an error, which the call returns. */
	int (*compile)(void *arg, struct exo_world *w,
	    const struct vf_prog *prog, struct jit_code **out,
	    struct exo_mem **mem);
	void *arg;
	uint64_t explored; /* counted up */
	bool overlong;     /* set: one may take more than most_steps */
};

/**
 * Put the programs of a parsed image into their slots; the world was made of its
 * maps, and begun. On failure some of them are there.
 * Returns 0; what vf_verify() or compiling does; -EXO_EBUDGET with how->overlong;
 * -EXO_ENOMEM. *report is of the one that was refused, its
 * instructions counted from the image's first.
 */
int exo_world_fill(struct exo_world *w, const struct exo_image *img,
    struct exo_tails_how *how, struct exo_report *report);

/**
 * Put one program into a slot, or empty it: n is 0. What was there is no more.
 * Returns as above, then nothing has changed; -EXO_EINVAL: there is no such slot.
 */
int exo_world_put(struct exo_world *w, struct exo_tails_how *how, uint32_t map,
    uint32_t slot, const struct exo_insn *insns, uint32_t n,
    struct exo_report *report);

/** The same in two steps: make a program for a slot that is there (*out is NULL if n is
 * 0); then let the slot name it, which cannot fail, or free it. Between the two the
 * world may change. */
struct world_tail;
int exo_world_make(struct exo_world *w, struct exo_tails_how *how, uint32_t map,
    uint32_t slot, const struct exo_insn *insns, uint32_t n,
    struct world_tail **out, struct exo_report *report);
void exo_world_set(
    struct exo_world *w, uint32_t map, uint32_t slot, struct world_tail *t);
void exo_tail_free(struct world_tail *t);

/** The steps that tail calls may add to a run, if no program in a slot takes more than
 * so many: a number to which those of any verified program can be added. */
static inline uint64_t exo_tails_steps(uint64_t most)
{
	const uint64_t top = UINT64_MAX - VF_STEPS_MAX;

	return most > top / EXO_TAILS_RUN ? top : EXO_TAILS_RUN * most;
}

/** What is true of all programs in a world's slots together. */
struct exo_tails_facts {
	uint32_t n;      /* programs */
	uint64_t steps;  /* that tail calls may add to a run */
	uint64_t code;   /* bytes of machine code, ... */
	uint64_t grains; /* ... and each rounded up to so many: */
	uint32_t stack;  /* the largest frame */
	bool reads_pkt, writes_pkt, helpers;
};
void exo_world_tails(
    const struct exo_world *w, uint32_t grain, struct exo_tails_facts *out);

/** Let the same slot of another world with the same maps name the same program,
 * as long as it does in this one. */
void exo_world_mirror(const struct exo_world *w, struct exo_world *other,
    uint32_t map, uint32_t slot);

#endif
