/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames of captures, read by libpcap. */
#include "tests/objects/objects.h"

#include <pcap/dlt.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/captures.h"

static struct ob_frames all;

static void take(const char *file, uint32_t number, const uint8_t *data,
    const struct pcap_pkthdr *h)
{
	uint8_t *copy = malloc(h->caplen);

	if (all.n == all.room) {
		all.room = all.room == 0 ? 1024 : 2 * all.room;
		all.at = realloc(all.at, all.room * sizeof(*all.at));
	}
	if (copy == NULL || all.at == NULL)
		ob_die("out of memory");
	memcpy(copy, data, h->caplen);
	all.at[all.n++] = (struct ob_frame){ copy, h->caplen, file, number };
}

static void each(const char *path, pcap_t *p)
{
	const char *slash = strrchr(path, '/');
	char *file = strdup(slash == NULL ? path : slash + 1);
	struct pcap_pkthdr *h;
	const u_char *data;
	uint32_t number = 0, had = all.n;

	if (pcap_datalink(p) != DLT_EN10MB || file == NULL) {
		free(file);
		return;
	}
	/* all frames name their file, which lives as long */
	while (pcap_next_ex(p, &h, &data) == 1) {
		number++;
		if (h->caplen == h->len && h->caplen >= OB_FRAME_MIN &&
		    h->caplen <= OB_FRAME_MAX)
			take(file, number, data, h);
	}
	if (all.n == had)
		free(file);
}

void ob_frames_read(const char *folder, uint32_t most, struct ob_frames *out)
{
	uint32_t n = 0;

	if (captures_each(folder, each) != 0)
		ob_die("%s cannot be read", folder);
	for (uint32_t i = 0; i < all.n; i++) {
		/* the i-th of all.n, thinned out evenly */
		if ((uint64_t)i * most / all.n !=
		        (uint64_t)(i + 1) * most / all.n ||
		    most >= all.n)
			all.at[n++] = all.at[i];
	}
	all.n = n;
	*out = all;
}
