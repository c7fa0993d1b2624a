/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packet ring: memory that the kernel writes and one libOS reads.
 *
 * Single producer, single consumer. Both indices count bytes since the ring
 * was born and never wrap in practice (64 bits); a record lies at `index %
 * size`. Records are 8-byte aligned and never wrap round the end: a record
 * of kind EXO_REC_PAD fills the gap. The kernel keeps its own copy of `head`
 * and believes `tail` only after a range check, so a libOS that scribbles on
 * its ring harms itself alone.
 */
#ifndef EXO_ABI_RING_H
#define EXO_ABI_RING_H

#include <stdint.h>

#define EXO_RING_MIN 4096u
#define EXO_RING_MAX (1u << 30)

struct exo_ring {
	_Alignas(64) uint64_t head; /* kernel writes, release: bytes produced */
	uint64_t dropped; /* kernel writes: records that found no room */
	_Alignas(64) uint64_t tail; /* libOS writes, release: bytes consumed */
	_Alignas(64) uint32_t size; /* bytes of data[], a power of two */
	uint32_t zero;
	_Alignas(64) uint8_t data[];
};

enum exo_rec_kind {
	EXO_REC_PAD = 0,    /* skip `size` bytes */
	EXO_REC_PACKET = 1, /* a packet, or its first bytes, follows */
};

struct exo_rec {
	uint32_t size;    /* whole record, padded to 8 bytes */
	uint32_t kind;    /* enum exo_rec_kind */
	uint64_t binding; /* name of the binding that matched */
	uint64_t tag;     /* what the libOS gave to BIND */
	uint64_t packet;  /* number of the packet since the core was born */
	uint64_t time_ns; /* of arrival, since 1970 */
	uint32_t wirelen; /* bytes on the wire */
	uint32_t caplen;  /* bytes captured */
	uint32_t len;     /* bytes delivered here, <= caplen */
	uint32_t ifindex; /* where it came in */
};
_Static_assert(sizeof(struct exo_rec) == 56, "wire format");

#endif
