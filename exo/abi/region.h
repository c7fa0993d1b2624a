/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Regions of header space as a libOS hands them over, and witnesses as it gets
 * them back.
 *
 * A region is a header and atoms. Atoms of the same number `cube` must hold
 * together; a packet is in the region if it is in one of the cubes 0 to
 * ncubes - 1. A cube without atoms has every packet. Atoms are in the order of
 * their cubes; several of a field are allowed. Fields are the rows of
 * exo/space/fields.inc, counted from 0; rows are only ever added at the end of
 * a version.
 */
#ifndef EXO_ABI_REGION_H
#define EXO_ABI_REGION_H

#include <stdint.h>

#define EXO_REGION_VERSION 1u

#define EXO_REGION_CUBES 4096u  /* at most */
#define EXO_REGION_ATOMS 16384u /* at most, of all cubes */

struct exo_region_hdr {
	_Alignas(8) uint32_t version; /* EXO_REGION_VERSION */
	uint32_t ncubes;
	uint32_t natoms;
	uint32_t zero;
};

/** The field is there, and its number x has x & mask == value and
 * lo <= x <= hi; or, if absent is 1 and the numbers are 0, it is not there. */
struct exo_atom {
	uint32_t cube;
	uint16_t field;
	uint16_t absent;
	uint64_t mask, value;
	uint64_t lo, hi;
};
_Static_assert(sizeof(struct exo_atom) == 40, "no padding");

/** A packet that shows why something was refused. */
struct exo_witness {
	uint32_t linktype; /* LINKTYPE_* */
	uint32_t
	    caplen; /* bytes of it; of what the buffer has no room for, none
	                      are written. 0 with room: none could be made */
	uint32_t wirelen;
	uint32_t flaws; /* what is wrong with it: enum sp_flaw */
	uint64_t other; /* the binding in the way; 0: the key may not know */
	uint64_t tag;   /* its tag, likewise */
	uint8_t data[];
};

/** Bytes of a buffer that most witnesses fit in. */
#define EXO_WITNESS_BYTES (sizeof(struct exo_witness) + 2048)

/** Memory of the caller: an address, 0 for none, and how many bytes. */
struct exo_span {
	uint64_t at;
	uint32_t size;
	uint32_t zero;
};

#endif
