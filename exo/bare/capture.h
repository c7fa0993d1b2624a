/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets of a capture in memory: pcap, micro- or nanoseconds, either byte order
 * [draft-ietf-opsawg-pcap]. Any bytes.
 */
#ifndef EXO_BARE_CAPTURE_H
#define EXO_BARE_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "exo/core/core.h"

struct capture {
	const uint8_t *p; /* what is left */
	uint64_t n;
	uint32_t linktype;
	uint32_t unit; /* nanoseconds of a record's fraction */
	bool swapped;
};

/** Begin. False: it is no such file. */
bool capture_begin(struct capture *c, const uint8_t *file, uint64_t size);

/** The next packet. False: that was all, or what comes is cut short. */
bool capture_next(struct capture *c, struct exo_pkt *out);

#endif
