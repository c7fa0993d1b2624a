/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets for the demultiplexer's oracle: those of captures, as they are, cut
 * and damaged, and made ones.
 */
#ifndef TESTS_SUPPORT_DEMUX_PKT_H
#define TESTS_SUPPORT_DEMUX_PKT_H

#include "tests/support/spacegen.h"

#define DX_BYTES 2048u /* of a packet at most */

struct dx_packet {
	uint8_t data[DX_BYTES];
	uint32_t caplen, wirelen, link, ifindex;
	uint64_t time_ns;
	uint16_t protocol; /* as programs see it */
	struct sp_view view;
};

/** Read the captures below a folder; returns 0, or -1 with errno. */
int dx_packets_read(const char *folder);
void dx_packets_free(void);
uint32_t dx_packets_kept(void);

/** A packet of a link type; ask for its view. */
void dx_packet_any(struct spacegen *g, uint32_t link, struct dx_packet *out);

/** Finish a packet whose bytes, lengths and link type are set. */
void dx_packet_see(struct dx_packet *p);

void dx_packet_print(const struct dx_packet *p);

#endif
