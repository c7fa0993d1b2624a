/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What generated programs find in the slots of their program array: programs
 * that leave behind what a caller may not rely on.
 *
 * All are verified, with leaks refused.
 */
#ifndef TESTS_SUPPORT_TAILS_H
#define TESTS_SUPPORT_TAILS_H

#include <stdint.h>

#include "verifier/verifier.h"

/** Slots of PROGEN_PROGS. */
enum tail {
	TAIL_SELF,   /* the generated program, where a judge puts it there */
	TAIL_DEEP,   /* eight frames, all 512 bytes of stack */
	TAIL_CHANGE, /* the packet's ends and bytes; what may be written of a
			context */
	TAIL_ON,     /* tail calls itself, until it may no more */
	TAIL_ROAM,   /* tail calls any slot, in a function or not */
	TAIL_PAST,  /* packet loads that end it on short packets, the first deep
			in functions that are called back; not in xdp */
	TAIL_ENDS,  /* how long is the packet? */
	TAIL_MAPS,  /* maps and a record */
	TAIL_OTHER, /* a program of another type: not found */
	TAIL_NONE,  /* nothing */
	TAILS,
};

/** The program in a slot of a world for programs of this type; NULL: there is
 * none, or it is TAIL_SELF. It stays. */
const struct vf_prog *tail_prog(uint32_t type, enum tail which);

/** Steps that no program in a slot takes more than. */
uint64_t tail_steps(uint32_t type);

#endif
