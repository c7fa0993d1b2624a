/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the makers of witnesses share.
 */
#ifndef EXO_SPACE_WITNESS_INT_H
#define EXO_SPACE_WITNESS_INT_H

#include "exo/space/form.h"

/* A checksum in a packet. */
struct sp_sum {
	uint32_t at, bytes; /* 2 or 4 */
	uint32_t right;     /* what should stand there, first byte highest */
	bool optional;      /* 0 will do, too */
};

/** The checksums of a packet that was captured as far as they cover. */
uint32_t sp_sums(
    const struct sp_packet *p, const struct sp_view *v, struct sp_sum out[2]);

/** Where the IP packet says that it ends, from the first byte; UINT64_MAX
 * where none says so. */
uint64_t sp_end(const struct sp_view *v);

/** Bytes that a transport header has at least. */
uint32_t sp_least_header(uint64_t proto);

/** Write what a packet of the layout usually holds into cap zeroed bytes. */
void sp_fill(const struct sp_layout *f, uint8_t *buf, uint32_t cap);

#endif
