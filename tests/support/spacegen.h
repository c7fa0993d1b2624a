/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random packets of every form, and cubes that they are in.
 */
#ifndef TESTS_SUPPORT_SPACEGEN_H
#define TESTS_SUPPORT_SPACEGEN_H

#include "exo/space/region.h"

/* Where choices come from: bytes of an input, then a generator. */
struct spacegen {
	const uint8_t *p;
	size_t n;
	uint64_t seed;
};

/** A number below n; n > 0. */
uint32_t sg_below(struct spacegen *g, uint32_t n);

/** 64 bits. */
uint64_t sg_word(struct spacegen *g);

#define SG_PACKET_MAX 320u

/** A packet in buf of SG_PACKET_MAX bytes. */
struct sp_packet sg_packet(struct spacegen *g, uint8_t *buf);

/** An atom that a field satisfies as the view has it. */
struct sp_atom sg_atom(
    struct spacegen *g, const struct sp_view *v, enum sp_field f);

/** Atoms of different fields that the view satisfies; returns how many, up to
 * max. */
uint32_t sg_atoms(struct spacegen *g, const struct sp_view *v,
    struct sp_atom *out, uint32_t max);

#endif
