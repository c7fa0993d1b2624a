/* SPDX-License-Identifier: BSD-2-Clause */
/* The frames of bench_maps: whole Ethernet frames of the bundled captures. */
#include <pcap/dlt.h>
#include <stdlib.h>
#include <string.h>

#include "exo/lib/bytes.h"
#include "tests/bench/maps_parts.h"
#include "tests/support/captures.h"

#define FRAME_MIN 14u
#define FRAME_MAX 1514u

static struct mb_frames all;
static uint32_t room;

static void take(const uint8_t *data, uint32_t n)
{
	uint8_t *copy = mb_get(n);

	if (all.n == room) {
		room = room == 0 ? 1024 : 2 * room;
		all.at = realloc(all.at, room * sizeof(*all.at));
		if (all.at == NULL)
			mb_die("no memory");
	}
	memcpy(copy, data, n);
	all.at[all.n++] = (struct mb_frame){ copy, n, exo_be16(data + 12) };
}

static void each(const char *path, pcap_t *p)
{
	struct pcap_pkthdr *h;
	const u_char *data;

	(void)path;
	while (
	    pcap_datalink(p) == DLT_EN10MB && pcap_next_ex(p, &h, &data) == 1) {
		if (h->caplen == h->len && h->len >= FRAME_MIN &&
		    h->len <= FRAME_MAX)
			take(data, h->len);
	}
}

const struct mb_frames *mb_frames(void)
{
	if (all.n == 0 && captures_each(EXOPF_SRCDIR "/pcaps", each) != 0)
		mb_die("the captures cannot be read");
	if (all.n == 0)
		mb_die("there is no frame in the captures");
	return &all;
}

struct mb_frames mb_thin(const struct mb_frames *of, uint32_t k)
{
	struct mb_frames some = { mb_get(of->n * sizeof(*some.at)), 0 };

	for (uint32_t i = 0; i < of->n; i += k)
		some.at[some.n++] = of->at[i];
	return some;
}
