/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Filters about header fields, and packets for them, from bytes.
 *
 * Programs load where fields of a link type lie, compute a little with what
 * they find, and compare it with numbers that fields have; jumps are forward.
 * Packets have headers of all kinds, some of them wrong, and end anywhere. An
 * input that is used up goes on as a row of numbers that its sum begins.
 */
#ifndef TESTS_SUPPORT_ACCGEN_H
#define TESTS_SUPPORT_ACCGEN_H

#include <stddef.h>
#include <stdint.h>

#include "exo/abi/insn.h"
#include "filters/filters.h"

#define ACCGEN_CLASSIC 96u
#define ACCGEN_INSNS   256u
#define ACCGEN_PACKET  192u

struct accgen {
	const uint8_t *p;
	size_t n;
	uint64_t row;
	uint32_t type; /* that a program has asked for, or 0 */
};

void accgen_init(struct accgen *g, const uint8_t *p, size_t n);

/** A number below a limit. */
uint32_t accgen_below(struct accgen *g, uint32_t limit);

/** A link type: one that the parser knows, mostly. */
uint32_t accgen_link(struct accgen *g);

/** A classic program for packets of a link type; returns its length. */
uint32_t accgen_classic(
    struct accgen *g, uint32_t link, struct flt_cbpf insns[ACCGEN_CLASSIC]);

/** An xdp or tc program; returns its length. */
uint32_t accgen_direct(struct accgen *g, uint32_t link, uint32_t type,
    struct exo_insn insns[ACCGEN_INSNS]);

/** A packet; returns how much of it is captured. */
uint32_t accgen_packet(
    struct accgen *g, uint32_t link, uint8_t to[ACCGEN_PACKET]);

/** Put numbers that a program compares with where it may look for them. */
void accgen_aim(struct accgen *g, const struct exo_insn *insns, uint32_t n,
    uint8_t *packet, uint32_t caplen);

#endif
