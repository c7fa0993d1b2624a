/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accept conditions: which packets a verified program may accept.
 *
 * Overview: vf_accept() walks the ways through a program with symbolic values
 * and writes what their branches demand as cubes over the literal fields of
 * exo/space. The program is the truth, its condition a hint: the condition
 * may hold more packets than the program accepts, never fewer; `exact` says
 * that it holds no more.
 *
 * Accepting is what exo/core does with a result: socket programs accept by
 * any that is not 0 in its lower 32 bits, xdp programs by XDP_PASS, tc programs
 * by TC_ACT_OK and TC_ACT_UNSPEC. A mem program sees no packet and accepts
 * none. The context is what the core shows a program: len is the length on
 * the wire, protocol the type at byte 12 of an Ethernet packet.
 *
 * The argument is in verifier/accept.c and the files that it names.
 */
#ifndef VF_ACCEPT_H
#define VF_ACCEPT_H

#include "exo/space/region.h"
#include "verifier/verifier.h"

/** The most cubes of a condition, and atoms of a way. */
#define VF_ACCEPT_CUBES_MAX 256u
#define VF_ACCEPT_ATOMS_MAX 32u

enum vf_accept_why {
#define VF_ACCEPT_WHY(name, words) VF_ACCEPT_##name,
#include "verifier/accept_why.inc"
#undef VF_ACCEPT_WHY
	VF_ACCEPT_WHYS
};

struct vf_accept {
	struct sp_region where; /* every packet that it accepts is in here */
	uint32_t sure; /* every packet in the first so many cubes is accepted */
	bool exact;  /* that is all of them. Of a program that is not pure this
	                says nothing of another run */
	bool opaque; /* nothing was found: where is every packet of the link
	                type, and is not sure */
	bool pure;   /* a run leaves nothing behind, and its verdict is the same
	                for the same packet (and interface) */
	uint32_t keep; /* what is kept of each packet that it accepts: bytes, as
	                  socket programs return it; 0: that is not one number */
	uint8_t why;   /* enum vf_accept_why: why it is not exact */
	uint32_t ways; /* that were followed to their end */
	uint64_t steps; /* instructions on them */
};

/**
 * Find the accept condition of a program for packets of one link type; each
 * cube says which.
 * where lives in the arena of the work, which is charged for what is needed on
 * the way, too, and given that back. When the budget of steps ends, or memory
 * other than for the least answer, the condition is opaque; that is no error.
 * Returns 0; -EXO_ENOMEM; -EXO_EBUDGET: the work was not let go on (w->pause).
 * *out is written in the first case only.
 */
int vf_accept(const struct vf_prog *p, uint32_t link, struct sp_work *w,
    struct vf_accept *out);

#endif
